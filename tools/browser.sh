#!/usr/bin/env bash
# Sees to the Chromium in which tests open reports: installs it where that is possible unasked, else says what to install.
set -euo pipefail
for name in chromium chromium-browser google-chrome google-chrome-stable; do
	if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get update -qq
	exec apt-get install -y -qq --no-install-recommends chromium
fi
cat >&2 <<TEXT
Tests open reports in Chromium, and it is not there. Install it and run this again:
  Debian           apt-get install chromium
  Ubuntu           snap install chromium
  Fedora           dnf install chromium
  Alpine           apk add chromium
  macOS            brew install --cask chromium, and have it as chromium on the PATH
TEXT
exit 1
