package story

import (
	"slices"

	"curfew/workflows/contract"
)

// one is true of a case about one entitlement, of which a fact holds.
func one(name string, is func(contract.HoldState) bool) Fact {
	return Fact{name, func(c Case) bool { return slices.ContainsFunc(c.Status.Holds, is) }}
}

// The facts about one entitlement.
var (
	holdStands  = one("standing entitlement", func(h contract.HoldState) bool { return h.Standing })
	holdRemoved = one("removed entitlement", func(h contract.HoldState) bool { return h.RemovedAt != nil })
	holdGone    = one("entitlement gone", func(h contract.HoldState) bool { return h.GoneAt != nil && !held(h) })
	holdFails   = one("entitlement with a problem", func(h contract.HoldState) bool { return h.Problem != "" })
	holdThere   = one("entitlement held", func(h contract.HoldState) bool { return h.Held })
	holdAbsent  = one("absent before", func(h contract.HoldState) bool { return h.AlreadyAbsent })
)

// Holds are how one entitlement stands. The first that fits is said.
var Holds = []Sentence{
	of("may still be there: it could not be taken away, and {answering} answers for it", answeredFor),
	of("{problem-alone}", holdFails),
	of("was there before and stays", holdStands),
	of("{subject} still has it through request {keeper} until {kept-until}", keptUp),
	of("{subject} kept it through request {keeper} until {kept-until}", wasKeptUp),
	of("removed; Curfew can't confirm that it is gone", holdRemoved),
	of("gone; it was not there any more when Curfew came to take it away", holdGone, holdAbsent),
	of("seen to be gone", holdGone),
	of("is there", holdThere),
}

// Hold is how one entitlement of a case's request stands; empty when nothing is known of it.
func Hold(c Case, hold contract.HoldState) string {
	c.Status.Holds = []contract.HoldState{hold}
	return say(Holds, c)
}
