#!/bin/sh
# Builds a command of the devserver module into bin/ and reports every 15 seconds that it is still building: the first time it
# compiles a whole Temporal server.
# Usage: scripts/build-devserver.sh temporal-dev|curfew-dev
set -eu
cd "$(dirname "$0")/../devserver"
command=$1
go=${GO:-go}

# It runs until it is killed, and then kills its sleep too.
report() {
	trap 'kill "$nap"; exit' TERM
	seconds=0
	while :; do
		sleep 15 &
		nap=$!
		wait "$nap"
		seconds=$((seconds + 15))
		echo "building bin/$command for $seconds s; the first build takes about five minutes on two idle cores, later ones seconds" >&2
	done
}

report &
reporter=$!
trap 'kill "$reporter"; wait "$reporter" || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$go" build -o "../bin/$command" "./cmd/$command"
touch "../bin/$command" # go does not touch a file that is up to date, and make would build it again
