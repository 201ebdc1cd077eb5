#!/usr/bin/env bash
# Runs the example storefront with a server of its own, whose data is gone at the end.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
trap 'exit 0' INT TERM
go build -o "$folder/storefront" ./examples/storefront
key=$(bin/checkout keys create storefront --scope quotes:read,inventory:read,orders:write --sqlite "$folder/db" | head -n 1)
bin/checkout run --sqlite "$folder/db" --rules examples/storefront/rules --seed examples/storefront/inventory.yaml \
	--address 127.0.0.1 --port "$PORT" --log-level warn &
CHECKOUT_KEY=$key "$folder/storefront" -server "http://127.0.0.1:$PORT" -listen "127.0.0.1:$SHOP_PORT" &
wait -n
