#!/usr/bin/env bash
# modernc.org/sqlite is generated for one exact version of modernc.org/libc; with another it may break at run time.
set -euo pipefail
go mod download modernc.org/sqlite
want=$(grep -oE 'modernc.org/libc v[^ ]+' "$(go list -m -f '{{.GoMod}}' modernc.org/sqlite)")
have=$(go list -m -f '{{.Path}} {{.Version}}' modernc.org/libc)
if [ "$want" != "$have" ]; then
	echo "go.mod has $have, but modernc.org/sqlite needs exactly $want: go get ${want/ /@}" >&2
	exit 1
fi
