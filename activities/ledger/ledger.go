// Package ledger is Curfew's own record: the append-only events of every request, what the lists and pages show of
// them after Temporal has forgotten, the holdings that fence grants, and the alarms that belong to no request.
package ledger

import (
	"context"
	"errors"
	"time"

	"curfew/workflows/contract"
)

// ErrNotFound means that the ledger has no such request or holding.
var ErrNotFound = errors.New("not in the ledger")

// Store is a whole ledger.
type Store interface {
	Events
	Holdings
	Tombstones
	Freezes
	Departures
	Alarms
	Decisions
	Sightings
	Counter
}

// Events is the audit trail of all requests.
type Events interface {
	// Append adds events and keeps the newest status of their request. An event that is there already is left as it is,
	// and an older status (lower Seq) does not replace a newer one, so that repeating and overtaking do no harm.
	Append(ctx context.Context, events []contract.Event, status contract.Status) error
	// Request returns the newest status of a request and its events in order, or ErrNotFound.
	Request(ctx context.Context, id string) (contract.Status, []contract.Event, error)
	// Requests returns statuses, newest first.
	Requests(ctx context.Context, filter Filter) ([]contract.Status, error)
}

// Filter narrows a list. Empty fields don't.
type Filter struct {
	State    contract.State
	Template string
	Person   string // requester or subject
	Reviewer string // may review it
	Viewer   string // requester, subject or reviewer
	Ticket   string
	Incident string
	Stuck    bool
	Waits    bool // for a review
	// HeldSince wants requests that gave access at this instant or later, or may give it still.
	HeldSince time.Time
	// Before is the id of the last request of the page before: ids are sortable by time.
	Before string
	Limit  int // 0 means 50; at most 500
}

// Holdings says what Curfew put on targets and when it must go. Whoever changes a target locks the holding first.
type Holdings interface {
	Clock
	// Lock waits until no other process has the holding, and keeps it until Unlock. A process that dies lets go of it.
	Lock(ctx context.Context, grant string) (Locked, error)
	// Due returns open holdings whose end is over, soonest first.
	Due(ctx context.Context, filter DueFilter) ([]Holding, error)
	// Held returns what is, or was lately, on one target, in the order of the grants' ids.
	Held(ctx context.Context, filter HeldFilter) ([]Holding, error)
	// Read returns a holding as it was last saved, or ErrNotFound. It waits for no lock, so that a process that hangs
	// with the lock keeps nobody from looking.
	Read(ctx context.Context, grant string) (Holding, error)
	// Tokens returns the tokens of some holdings' newest commands, by grant, also while those holdings are locked. A
	// grant without a holding is left out.
	Tokens(ctx context.Context, grants []string) (map[string]contract.Token, error)
}

// Clock is the ledger's own. What is due goes by it, and not by the clock of the process that asks.
type Clock interface {
	// Now is the ledger's time at a moment during the call.
	Now(ctx context.Context) (time.Time, error)
	// HasClock is false of a file: it has no clock but that of the machine, which all who open it share.
	HasClock() bool
}

// DueFilter says which open holdings to look for: those whose end is before an instant.
type DueFilter struct {
	// Before is the instant; zero: Past ago, by the ledger's clock, which is read in the same query.
	Before  time.Time
	Past    time.Duration
	Targets []string // by their configured names; empty means all
	// After is the DueCursor of the last holding of the page before. Who goes on from page to page sees every holding,
	// however many of the first ones can't be ended.
	After string
	Limit int // 0 means 50; at most 500
}

// HeldFilter says which holdings of a target to look for: those that are open, and of the others those that were seen
// to be gone at GoneSince or later.
type HeldFilter struct {
	Target    string
	GoneSince time.Time // zero means open holdings only
	After     string    // the grant of the last holding of the page before
	Limit     int       // 0 means 50; at most 500
}

// Locked is a holding that nobody else can change.
type Locked interface {
	// Holding is what was last saved; the zero value when there is none yet.
	Holding() Holding
	// Save writes it durably before it returns. It fails when the lock was lost meanwhile, and from then on.
	Save(ctx context.Context, holding Holding) error
	// Stops returns what keeps the holding from being opened or prolonged for these requests: what has ended, and
	// whether everything is frozen. It is read with the lock in hand.
	Stops(ctx context.Context, requests ...string) (Stops, error)
	// Unlock lets go; calling it twice does no harm.
	Unlock()
}

// Holding is one grant at one target, as the target's workers know it.
type Holding struct {
	Grant  string // the id of the grant, contract.Access.GrantID
	Access contract.Access
	Token  contract.Token // of the newest command that was accepted
	Open   bool
	// Standing access was there before the first grant; it is never removed.
	Standing bool
	Until    time.Time
	Leases   contract.Leases
	// SettledAt is when the last attempt to grant can no longer take effect; zero when that attempt was answered.
	SettledAt time.Time
	GoneAt    time.Time // when the access was seen to be gone, or removed where Proof says that nobody can see it
	Uses      []Use     // of the requests that have held it and may still be shown a decision of
	Proof     Proof
}
