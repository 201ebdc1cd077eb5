#!/usr/bin/env bash
# Builds the example plugin in Node.js, unless it is newer than what it is made from. It installs its packages by the lock file, and says
# what to install where Node.js is missing.
set -euo pipefail
exec 9<"$0" # tests of several packages run this at once
if command -v flock >/dev/null; then flock 9; fi
cd "$(dirname "$0")/../examples/plugins/node-round-down"
built=dist/node-round-down
fresh() {
	local source
	[ -x "$built" ] || return 1
	for source in *.js package.json package-lock.json ../../../plugins/proto/released.binpb; do
		if [ "$source" -nt "$built" ]; then return 1; fi
	done
}
found() { command -v npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null; }
if fresh; then exit 0; fi
if ! command -v node >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends nodejs npm
fi
if ! found; then
	cat >&2 <<TEXT
One of the example plugins needs Node.js 20 or later with npm. Install it and run this again:
  Debian, Ubuntu   apt-get install nodejs npm   (from Debian 13, Ubuntu 25.04)
  Fedora           dnf install nodejs
  Alpine           apk add nodejs npm
  macOS            brew install node
TEXT
	exit 1
fi
npm ci --silent --no-audit --no-fund --ignore-scripts
npm run --silent build
touch "$built"
