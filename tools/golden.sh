#!/usr/bin/env bash
# Rewrites the golden files and compares the tree before and after, so that it also works beside uncommitted changes.
set -euo pipefail
git rev-parse --is-inside-work-tree >/dev/null # without git there is nothing to compare by
hashes() { git ls-files -z --cached --others --exclude-standard | xargs -0 sha256sum 2>/dev/null || true; }
before=$(hashes)
make --no-print-directory golden
changed=$({ diff <(echo "$before") <(hashes) || true; } | awk '/^[<>]/ {print "  " $3}' | sort -u)
if [ -n "$changed" ]; then
	echo "make golden changed files; look at the change, then commit it:" >&2
	echo "$changed" >&2
	exit 1
fi
