#!/bin/sh
# Builds a command of the devserver module into bin/ and says every 15 seconds that it is still at it: the first time it
# compiles a whole Temporal server.
# Usage: scripts/build-devserver.sh temporal-dev|curfew-dev
set -eu
cd "$(dirname "$0")/../devserver"
command=$1
go=${GO:-go}

# Until it is ended; the sleep goes with it.
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
touch "../bin/$command" # go leaves a file alone that is right already, and make would ask again
