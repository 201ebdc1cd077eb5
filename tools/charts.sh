#!/usr/bin/env bash
# Copies Chart.js, which draws the report of `checkout rules backtest`, from npm into rules/report, by the lock file in tools/charts.
# With --check it only compares.
set -euo pipefail
cd "$(dirname "$0")/charts"
report=../../rules/report
if ! command -v npm >/dev/null; then
	echo "Chart.js comes from npm, which is not there; see make node for how to install it" >&2
	exit 1
fi
npm ci --silent --no-audit --no-fund --ignore-scripts
copy() {
	if [ "${1:-}" != --check ]; then
		cp "$2" "$report/$3"
	elif ! cmp "$2" "$report/$3"; then
		echo "rules/report/$3 is not what tools/charts asks for; run make charts" >&2
		exit 1
	fi
}
copy "${1:-}" node_modules/chart.js/dist/chart.umd.min.js chart.umd.min.js
copy "${1:-}" node_modules/chart.js/LICENSE.md chart.LICENSE.md
