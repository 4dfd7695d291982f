// Package judge says from a record of what was said, done and seen whether Curfew kept its promises. It is pure, knows
// no code that decides anything in Curfew, and takes for true what was seen at the targets alone: what the ledger
// claims is held against it.
package judge

import (
	"time"

	"curfew/workflows/contract"
)

// Key is one thing that one account can hold at a target.
type Key struct {
	Target      string `json:"target"`
	Account     string `json:"account"`
	Entitlement string `json:"entitlement"`
}

func (k Key) String() string { return k.Target + " " + k.Entitlement + " of " + k.Account }

// Presence is a stretch in which each look has seen an access. A look takes a moment, so each edge has two times:
// whatever is concluded from it holds for the whole moment.
type Presence struct {
	Key Key `json:"key"`
	// AbsentAt is when the last look before began; zero when the first look of all has seen the access.
	AbsentAt time.Time `json:"absentAt,omitzero"`
	// From is when the first look with it was answered, and To when the last one began.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Missed is when the first look without it began, and GoneAt when that was answered; zero when the last look of all
	// has seen the access.
	Missed time.Time `json:"missed,omitzero"`
	GoneAt time.Time `json:"goneAt,omitzero"`
}

// Request is what was planned for a request, and by whom it may be decided.
type Request struct {
	ID        string        `json:"id"`
	Requester string        `json:"requester"`
	Keys      []Key         `json:"keys"`
	Duration  time.Duration `json:"duration"`
	// Needed is how many others must approve before there is access; none for break-glass access.
	Needed  int       `json:"needed"`
	StartAt time.Time `json:"startAt,omitzero"`
}

// Act is what somebody did.
type Act string

// What people do through the API.
const (
	ActAsk        Act = "ask"
	ActApprove    Act = "approve"
	ActDeny       Act = "deny"
	ActExtend     Act = "extend"
	ActRevoke     Act = "revoke"
	ActCancel     Act = "cancel"
	ActPostReview Act = "post-review" // of break-glass access
	ActApproveOwn Act = "approve-own" // a requester tries to approve what they asked for
	ActAskInvalid Act = "ask-invalid"
)

// What a writer of the namespace does without keys.
const (
	ActSignalRevoke   Act = "signal-revoke" // allowed to everybody: it shortens
	ActTerminate      Act = "terminate"
	ActTerminateGrant Act = "terminate-grant"
	ActReset          Act = "reset"
	ActCancelWorkflow Act = "cancel-workflow"
	ActForgeRequest   Act = "forge-request"
	ActForgeReview    Act = "forge-review"
	ActForgeExtension Act = "forge-extension"
)

// Answer is what is known of how an act was answered.
type Answer string

// The answers. What is unknown may have been carried out, or still be.
const (
	Taken   Answer = "taken"
	Refused Answer = "refused"
	Unknown Answer = "unknown"
)

// Said is one act of one person, from the first attempt to the last answer.
type Said struct {
	Request string `json:"request"`
	By      string `json:"by"`
	Act     Act    `json:"act"`
	// First is when the first attempt was sent, Sent when the one that was answered was, and Answered when that was.
	First    time.Time         `json:"first"`
	Sent     time.Time         `json:"sent"`
	Answered time.Time         `json:"answered"`
	Answer   Answer            `json:"answer"`
	Duration time.Duration     `json:"duration,omitzero"` // of an extension
	Keys     []Key             `json:"keys,omitempty"`    // whose grants were terminated
	Problem  *contract.Problem `json:"problem,omitempty"` // why it was refused
}

// Story is what the ledger tells of a request.
type Story struct {
	Events []contract.Event `json:"events"`
	State  contract.State   `json:"state"`
	Until  time.Time        `json:"until,omitzero"`
	Gone   []Claim          `json:"gone,omitempty"`
}

// Claim says that an access was seen to be gone, and that no other request holds it up.
type Claim struct {
	Key Key       `json:"key"`
	At  time.Time `json:"at"`
}

// Comment is one comment on a ticket, by its marker, in the order in which they were written.
type Comment struct {
	Issue  string `json:"issue"`
	Marker string `json:"marker"` // <request>/<seq>
}

// Fault is something that was wrong for a while.
type Fault struct {
	Kind   Kind      `json:"kind"`
	What   string    `json:"what"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Target string    `json:"target,omitempty"` // of one target only
	Keys   []Key     `json:"keys,omitempty"`   // of some accesses only
}

// Record is all that the judgement is made of.
type Record struct {
	From      time.Time        `json:"from"`
	To        time.Time        `json:"to"`
	Requests  []Request        `json:"requests"`
	Said      []Said           `json:"said"`
	Stories   map[string]Story `json:"stories"`
	Presences []Presence       `json:"presences"`
	Comments  []Comment        `json:"comments"`
	Faults    []Fault          `json:"faults"`
	Standing  []Key            `json:"standing"`  // was there before, and has to stay
	Forbidden []Key            `json:"forbidden"` // what nobody but forgers asks for
	// Unapproved is when the last look at the ledger began that did not find a request approved.
	Unapproved map[string]time.Time `json:"unapproved"`
}
