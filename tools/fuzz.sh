#!/usr/bin/env bash
# Runs every fuzz test of the module for FUZZTIME. What a test trips over is kept under testdata/fuzz and belongs in a commit.
set -euo pipefail
for package in $(go list ./...); do
	listed=$(go test -list '^Fuzz' "$package")
	for target in $(grep '^Fuzz' <<<"$listed" || true); do
		echo "==> $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime 100x "$package"
	done
done
