package ledger

import (
	"context"
	"time"

	"curfew/workflows/contract"
)

// Tombstones remember what has ended. They are only ever added, without any holding and its lock. Whoever gives access
// reads them under the lock of the holding, Locked.Stops, before it believes any seal: a decision outlives its request,
// and opens nothing any more.
type Tombstones interface {
	// AddTombstones adds all of them or none, with the ledger's time. One that is there for the same request and grant
	// stays as it is, so that a repetition does no harm. They are durable when the call returns.
	AddTombstones(ctx context.Context, tombstones ...contract.Tombstone) error
	// TombstoneOf returns the one of a whole request, or ErrNotFound.
	TombstoneOf(ctx context.Context, request string) (contract.Tombstone, error)
	// Ended returns open holdings that still have a lease which has ended, in the order of the grants' ids.
	Ended(ctx context.Context, filter EndedFilter) ([]Holding, error)
	// Untold returns the tombstones of whole requests that have not come to their end, as far as the ledger knows, in
	// the order of the requests' ids.
	Untold(ctx context.Context, filter UntoldFilter) ([]contract.Tombstone, error)
}

// EndedFilter says which holdings to look for.
type EndedFilter struct {
	Targets []string // by their configured names; empty means all
	// Within leaves out what ended longer ago than this, by the ledger's clock; zero: nothing. Then it costs next to
	// nothing when nothing has ended.
	Within time.Duration
	After  string // the grant of the last holding of the page before
	Limit  int    // 0 means 50; at most 500
}

// UntoldFilter narrows a list of tombstones.
type UntoldFilter struct {
	After string // the request of the last one of the page before
	Limit int    // 0 means 50; at most 500
}

// PageLength is how many holdings a page holds.
func (f EndedFilter) PageLength() (int, error) { return pageLength(f.Limit) }

// PageLength is how many tombstones a page holds.
func (f UntoldFilter) PageLength() (int, error) { return pageLength(f.Limit) }

// Stops is what keeps a grant from being given.
type Stops struct {
	// Ended are the requests, of those that were asked about, that hold this grant up no more, with what has ended
	// them.
	Ended map[string]contract.Tombstone
	// Freeze is set while nothing is granted at all.
	Freeze Freeze
}

// Alive returns the leases whose requests have not ended.
func (s Stops) Alive(leases contract.Leases) contract.Leases {
	for request := range s.Ended {
		leases = leases.Without(request)
	}
	return leases
}

// StopsOf sorts the tombstones of a grant's requests. That of a whole request comes before that of a lease.
func StopsOf(tombstones []contract.Tombstone, freeze Freeze) Stops {
	stops := Stops{Ended: map[string]contract.Tombstone{}}
	for _, t := range tombstones {
		if earlier, there := stops.Ended[t.Request]; !there || earlier.Grant != "" {
			stops.Ended[t.Request] = t
		}
	}
	if freeze.Frozen {
		stops.Freeze = freeze
	}
	return stops
}

// Over is why a request that has ended gets nothing.
func Over(t contract.Tombstone) *contract.Problem {
	by := ""
	if t.By != "" {
		by = " by " + t.By
	}
	return contract.Closed("the request has ended (%s%s): nothing that was decided about it counts any more", t.Kind, by).
		At("lease").
		Advise("make a new request")
}

// Released are the ends of leases that requests have given up on a grant. No lease is taken under an id that no request
// has.
func Released(grant string, requests []string) (tombstones []contract.Tombstone) {
	for _, request := range requests {
		t, err := CheckTombstone(
			contract.Tombstone{Request: request, Grant: grant, Kind: contract.EndReleased, By: contract.ActorCurfew},
		)
		if err == nil {
			tombstones = append(tombstones, t)
		}
	}
	return tombstones
}

// Bounds of a tombstone, in bytes.
const (
	longestRequest = 256
	longestGrant   = 2048
	longestReason  = 4096
)

// CheckTombstone says what is wrong with a tombstone, and returns it as stores keep it: with no more of its reason than
// fits. An end with too long a reason is worth more than none.
func CheckTombstone(t contract.Tombstone) (contract.Tombstone, error) {
	switch {
	case t.Request == "" || len(t.Request) > longestRequest:
		return t, contract.Invalid("a request's id has 1 to %d bytes, not %d", longestRequest, len(t.Request)).
			At("request").
			Advise("name the request")
	case len(t.Grant) > longestGrant:
		return t, contract.Invalid("a grant's id has at most %d bytes, not %d", longestGrant, len(t.Grant)).
			At("grant").
			Advise("name the grant")
	case t.Kind == "":
		return t, contract.Invalid("the tombstone of %s has no kind", t.Request).
			At("kind").
			Advise("say what has ended it")
	}
	t.By, t.Reason = contract.Shorten(t.By, longestRequest), contract.Shorten(t.Reason, longestReason)
	return t, nil
}
