#!/usr/bin/env bash
# Sees to the C compiler that the race detector needs: installs it where that is possible unasked, else says what to install.
set -euo pipefail
compiler=$(go env CC)
if command -v "${compiler%% *}" >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get update -qq
	exec apt-get install -y -qq --no-install-recommends gcc libc6-dev
fi
cat >&2 <<TEXT
go test -race needs a C compiler, and "$compiler" is not there. Install it and run this again:
  Debian, Ubuntu   apt-get install gcc libc6-dev
  Fedora           dnf install gcc
  Alpine           apk add gcc musl-dev
  macOS            xcode-select --install
TEXT
exit 1
