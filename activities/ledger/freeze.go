package ledger

import (
	"context"
	"time"

	"curfew/workflows/contract"
)

// Freezes are the journal of when nothing may be granted.
type Freezes interface {
	// SetFreeze freezes or thaws, with the ledger's time, and returns what was written. What is so already is left as
	// it is.
	SetFreeze(ctx context.Context, freeze Freeze) (Freeze, error)
	// Freeze returns the newest entry: the zero value when there is none.
	Freeze(ctx context.Context) (Freeze, error)
}

// Freeze is an entry of that journal: from then on nothing is granted, or things are granted again.
type Freeze struct {
	Frozen bool
	By     string // a person's opaque id
	Reason string // text that a person typed
	At     time.Time
}

// Problem is why nothing is granted.
func (f Freeze) Problem() *contract.Problem {
	return contract.Frozen("nothing is granted since %s: %s froze Curfew: %s", f.At.UTC().Format(time.RFC3339), f.By, f.Reason).
		Advise("wait until an operator thaws it")
}

// CheckFreeze says what is wrong with an entry, and returns it as stores keep it.
func CheckFreeze(f Freeze) (Freeze, error) {
	switch {
	case f.By == "":
		return f, contract.Invalid("nobody freezes or thaws").At("by").Advise("say who")
	case f.Reason == "":
		return f, contract.Invalid("is missing").At("reason").Advise("say why")
	}
	f.By, f.Reason = contract.Shorten(f.By, longestRequest), contract.Shorten(f.Reason, longestReason)
	return f, nil
}
