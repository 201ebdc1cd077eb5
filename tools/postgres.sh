#!/usr/bin/env bash
# Sees to the Postgres server programs that tests start servers of their own from: installs them where that is possible unasked,
# else says what to install. It looks where persistence/postgres/pgtest looks.
set -euo pipefail
found() {
	local folder
	for folder in "$(pg_config --bindir 2>/dev/null || true)" "$(dirname "$(readlink -f "$(command -v initdb || true)")")" /usr/lib/postgresql/*/bin; do
		if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/postgres" ]; then return 0; fi
	done
	return 1
}
if found; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends postgresql
	if found; then exit 0; fi
fi
cat >&2 <<TEXT
The tests start Postgres servers of their own, and the programs initdb, pg_ctl and postgres are not there. Install Postgres 15 or
later and run this again; nothing has to be configured or started:
  Debian, Ubuntu   apt-get install postgresql
  Fedora           dnf install postgresql-server
  Alpine           apk add postgresql
  macOS            brew install postgresql
TEXT
exit 1
