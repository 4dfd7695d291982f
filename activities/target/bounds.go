package target

import "time"

const (
	// CallTimeout bounds one call to a target: to connect, to ask and to be answered. Connectors keep to it, each call of
	// theirs by itself: who waits longer waits for a system that hangs.
	CallTimeout = 5 * time.Second
	// HonestHold is how long an honest attempt keeps a holding locked at most: all that it asks of the target and of the
	// ledger meanwhile shares this time. Whoever has the lock for longer hangs.
	HonestHold = 10 * time.Second
)
