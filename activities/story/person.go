package story

import (
	"strings"

	"curfew/workflows/contract"
)

// actors that are no person, in words.
var actors = map[string]string{
	contract.ActorPolicy:    "the policy",
	contract.ActorDeadline:  "the deadline",
	contract.ActorCurfew:    "Curfew",
	contract.ActorTicket:    "the end of its ticket",
	contract.ActorIncident:  "the end of its incident",
	contract.ActorDirectory: "a change of the directory",
	contract.ActorLedger:    "a refusal of the ledger",
	contract.ActorSignal:    "a signal from Temporal",
	contract.ActorCanceled:  "a cancellation in Temporal",
	contract.ActorSweep:     "the sweep",
}

// Person is who did something or gets something, in words: a person's name with the id beside it, or what the actor is
// that is no person.
func Person(names map[string]string, actor string) string {
	if words, isRole := actors[actor]; isRole {
		return words
	}
	if name := OneLine(names[actor], longestName); name != "" && name != actor {
		return name + " (" + actor + ")"
	}
	return actor
}

// name is what a person of the request is called.
func (c Case) name(person string) string { return c.Status.Names[person] }

// longestName is how much of a name is shown, in UTF-16 code units.
const longestName = 80

// People are several persons in words.
func People(names map[string]string, people []string) string {
	said := make([]string, len(people))
	for i, person := range people {
		said[i] = Person(names, person)
	}
	return strings.Join(said, ", ")
}
