#!/usr/bin/env bash
# Sees to the groff by which tests render manual pages: installs it where that is possible unasked, else says what to install.
set -euo pipefail
if command -v groff >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get update -qq
	exec apt-get install -y -qq --no-install-recommends groff-base
fi
cat >&2 <<TEXT
Tests render manual pages with groff, and it is not there. Install it and run this again:
  Debian, Ubuntu   apt-get install groff-base
  Fedora           dnf install groff-base
  Alpine           apk add groff
  macOS            brew install groff
TEXT
exit 1
