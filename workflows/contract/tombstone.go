package contract

import "time"

// Tombstone says that a request has ended for good, or its lease on one grant. Nothing that was decided about it opens
// anything any more.
type Tombstone struct {
	Request string    `json:"request"`
	Grant   string    `json:"grant,omitempty"` // the grant's id; empty for the whole request
	Kind    EndKind   `json:"kind"`
	By      string    `json:"by,omitempty"`     // a person's opaque id, or one of the Actor constants
	Reason  string    `json:"reason,omitempty"` // text that a person typed, or Curfew's own words
	At      time.Time `json:"at,omitzero"`      // by the ledger's clock
}

// EndKind is what has ended a request or a lease of it. A request that came to its end has its outcome for a kind.
type EndKind string

// The kinds of ends that are no outcome.
const (
	EndNow        EndKind = "end-now"     // a person said so; the targets' workers carry it out
	EndKillSwitch EndKind = "kill-switch" // an operator ended many at once; open sessions go too, whatever the template says
	EndLeft       EndKind = "left"        // the subject or their account is not in the directory any more; open sessions go too
	EndReleased   EndKind = "released"    // the request has given its leases up
	EndCanceled   EndKind = "canceled"    // the grant's workflow was
	EndTakenOver  EndKind = "taken-over"  // a person answers for access that could not be taken away
)

// RecordEndsInput is the activity "ledger.RecordEnds".
type RecordEndsInput struct {
	Grant    string   `json:"grant"`
	Requests []string `json:"requests"` // that have given their leases on the grant up
}
