package worker

import (
	"os"
	"runtime/debug"

	sdkworker "go.temporal.io/sdk/worker"
)

// What of its memory a worker needs: base for itself, and each for a request or a grant that is asleep and held ready.
// outside is what it has beside the memory that Go's limit counts: the program itself, above all.
const (
	base    = 96 << 20
	each    = 128 << 10
	outside = 48 << 20
)

// BoundMemory keeps the workers of this process within some MiB. It is called before the first of them runs. Requests
// and grants that sleep take most of it: those that do not fit are read from Temporal when they wake, which costs no
// lateness, because a grant wakes 15 s before its end.
func BoundMemory(mib int) {
	sdkworker.SetStickyWorkflowCacheSize(ready(mib))
	if os.Getenv("GOMEMLIMIT") == "" { // the garbage collector would let the heap grow to twice of what is used
		debug.SetMemoryLimit(int64(mib)<<20 - outside)
	}
}

// ready is how many workflows are held ready within some MiB.
func ready(mib int) int { return max(mib<<20-base, base/4) / each }
