package ledger

import (
	"context"
	"time"

	"curfew/workflows/contract"
)

// Departures remember what the directory has lost, so that access ends after a delay whichever process looks, and which
// versions of the directory somebody has confirmed.
type Departures interface {
	// Absent keeps what an observer finds absent now, and returns since when anybody has. What the observer has found
	// before and does not find any more is forgotten, so that what comes back begins anew.
	Absent(ctx context.Context, found Observation) (map[string]Absence, error)
	// ConfirmDirectory remembers, with the ledger's time, that somebody has confirmed a version of the directory. The
	// first confirmation stands.
	ConfirmDirectory(ctx context.Context, confirmation Confirmation) error
	// ConfirmedDirectory returns who has confirmed a version of the directory, or ErrNotFound.
	ConfirmedDirectory(ctx context.Context, digest string) (Confirmation, error)
}

// Observation is all that a process finds absent.
type Observation struct {
	Observer string // the process; each has its own name
	Absent   []string
	// Lapse is when something that another observer has found is forgotten, because that one has not found it since.
	Lapse time.Duration
}

// Absence is since when something has been absent, by the ledger's clock, and for how long.
type Absence struct {
	Since time.Time
	Lasts time.Duration
}

// Confirmation is somebody's word that much access may end by a version of the directory.
type Confirmation struct {
	Digest string // of the directory
	By     string // a person's opaque id
	At     time.Time
}

// CheckConfirmation says what is wrong with a confirmation.
func CheckConfirmation(c Confirmation) error {
	switch {
	case c.Digest == "" || len(c.Digest) > longestRequest:
		return contract.Invalid("it is no digest of a directory").
			At("digest").
			Advise("copy it from `curfew config diff`")
	case c.By == "" || len(c.By) > longestRequest:
		return contract.Invalid("nobody confirms it").At("by").Advise("say who")
	}
	return nil
}
