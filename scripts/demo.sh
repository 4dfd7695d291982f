#!/bin/sh
# Runs the demonstration: on an embedded Temporal, or with TEMPORAL_ADDRESS on a Temporal that already runs.
set -eu
cd "$(dirname "$0")/.."

make bin/curfew
if [ -n "${TEMPORAL_ADDRESS:-}" ]; then
	"${GO:-go}" build -o bin/curfew-demo ./cmd/curfew-demo
	exec bin/curfew-demo
fi
[ -x bin/curfew-dev ] || echo "The demonstration runs its own Temporal server. Building it takes some minutes, this one time." >&2
make bin/curfew-dev
exec bin/curfew-dev demo
