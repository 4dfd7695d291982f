#!/usr/bin/env bash
# Runs each fuzz target for some time.
# Usage: scripts/fuzz.sh 30s
set -euo pipefail
for file in $(git ls-files '*_test.go' | xargs grep -l '^func Fuzz'); do
	for target in $(sed -nE 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/p' "$file"); do
		echo "$target for $1"
		"${GO:-go}" test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "./$(dirname "$file")"
	done
done
