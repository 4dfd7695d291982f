#!/usr/bin/env bash
# Runs a command beside busy processes, and ends these with it, also on Ctrl-C.
# Usage: scripts/busy.sh 8 make test
set -uo pipefail
count=$1
shift

busy=()
finish() { kill "${busy[@]}" 2>/dev/null; }
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
for ((i = 0; i < count; i++)); do
	(
		trap - EXIT INT TERM
		while :; do :; done
	) >/dev/null 2>&1 &
	busy+=($!)
done
"$@"
