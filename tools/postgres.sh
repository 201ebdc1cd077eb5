#!/usr/bin/env bash
# Sees to the Postgres server programs that tests start servers of their own from: installs them where that is possible unasked,
# else says what to install. It looks where persistence/postgres/pgtest looks. Arguments are further programs that have to be there,
# such as pgbench.
set -euo pipefail
programs=(initdb pg_ctl postgres "$@")
complete() {
	local program
	for program in "${programs[@]}"; do
		[ -x "$1/$program" ] || return 1
	done
}
found() {
	local folder
	for folder in "$(pg_config --bindir 2>/dev/null || true)" "$(dirname "$(readlink -f "$(command -v initdb || true)")")" /usr/lib/postgresql/*/bin; do
		if complete "$folder"; then return 0; fi
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
The tests start Postgres servers of their own, and the programs ${programs[*]} are not all there. Install Postgres 15 or
later and run this again; nothing has to be configured or started:
  Debian, Ubuntu   apt-get install postgresql
  Fedora           dnf install postgresql-server postgresql-contrib
  Alpine           apk add postgresql
  macOS            brew install postgresql
TEXT
exit 1
