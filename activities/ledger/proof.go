package ledger

import (
	"curfew/workflows/contract"
)

// Proof is what a target's workers know of an access beyond its name, so that they can tell whether it is gone.
type Proof struct {
	contract.Identity // from the grant on

	// Shown is true once the target has shown the access after it was given: its view has been seen to tell presence.
	Shown bool `json:"shown,omitempty"`
	// Hidden is true when the target said that it gave the access and did not show it: that it shows none proves
	// nothing.
	Hidden bool `json:"hidden,omitempty"`
	// Unconfirmed is true for a closed holding when nobody has seen the access go.
	Unconfirmed bool `json:"unconfirmed,omitempty"`
	// Absent is true for a closed holding when the access was not there any more when Curfew came to take it away.
	Absent bool `json:"absent,omitempty"`
	// TakenOver is set for a holding that was closed because somebody answers for the access: it may still be there.
	TakenOver *contract.Sealed[contract.TakeOver] `json:"takenOver,omitempty"`
}

func decodeProof(text string) (proof Proof, err error) {
	err = decode(text, &proof, "a proof")
	return proof, err
}
