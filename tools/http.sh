#!/usr/bin/env bash
# Measures version 0 over loopback as the original system was measured: wrk with one thread and 16 connections, 1,000 items, server
# and client on the same machine. Its figures stand beside ours; they are from another run, so that only the order of magnitude says
# something. The database is a SQLite file.
set -euo pipefail
if ! command -v wrk >/dev/null; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends wrk
	else
		echo "wrk is not there: apt-get install wrk, dnf install wrk or brew install wrk, and run this again" >&2
		exit 1
	fi
fi
seconds=${SECONDS_EACH:-5}
port=${PORT:-8000}
folder=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
{
	echo "sku,name,price,stock"
	for i in $(seq 1 1000); do echo "S$i,Item $i,$i.99,100000000"; done
} >"$folder/items.csv"
bin/checkout run --sqlite "$folder/db" --rules examples/quickstart/rules --address 127.0.0.1 --port "$port" --log-level error &
server=$!
for _ in $(seq 100); do
	if curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; then break; fi
	sleep 0.1
done
bin/checkout items import --sqlite "$folder/db" --rules examples/quickstart/rules "$folder/items.csv" >/dev/null
sleep 2 # the server follows what others change

cat >"$folder/one.lua" <<'LUA'
local i = 0
request = function() i = i % 1000 + 1; return wrk.format("GET", "/v0/inventory/item/price/S" .. i) end
LUA
cat >"$folder/ten.lua" <<'LUA'
local i = 0
request = function()
  local skus = {}
  for n = 1, 10 do i = i % 1000 + 1; skus[n] = '"S' .. i .. '"' end
  return wrk.format("POST", "/v0/inventory/items/price", {["Content-Type"] = "application/json"}, '{"skus":[' .. table.concat(skus, ",") .. ']}')
end
LUA
cat >"$folder/hot.lua" <<'LUA'
request = function()
  return wrk.format("POST", "/v0/inventory/items/purchase", {["Content-Type"] = "application/json"}, '{"skus":["S1"]}')
end
LUA
cat >"$folder/turn.lua" <<'LUA'
local i = 0
request = function()
  i = i % 1000 + 1
  return wrk.format("POST", "/v0/inventory/items/purchase", {["Content-Type"] = "application/json"}, '{"skus":["S' .. i .. '"]}')
end
LUA
measure() { # name, script, figure of the original system
	local out rate failed
	out=$(wrk -t1 -c16 -d"${seconds}s" --latency -s "$folder/$2.lua" "http://127.0.0.1:$port")
	rate=$(awk '/^Requests\/sec/ {print int($2)}' <<<"$out")
	failed=$(awk '/Non-2xx/ {print $NF}' <<<"$out")
	if [ -n "$failed" ]; then
		echo "$1: $failed requests were refused" >&2
		exit 1
	fi
	printf '%-24s %8d %10s %12s\n' "$1" "$rate" "$3" "$(awk '/99%/ {print $2}' <<<"$out")"
}
printf '%-24s %8s %10s %12s\n' "requests a second" "now" "original" "99 % within"
measure "price of one, by SKU" one 16942
measure "price of ten" ten 5463
measure "purchase of one item" hot 342
measure "purchases in turn" turn 370
