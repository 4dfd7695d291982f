package story

import (
	"strings"

	"curfew/workflows/contract"
)

// Standings are where a request stands, in a sentence: what depends on facts, and else the headline of its state or
// outcome. The first that fits is said.
var Standings = append(standingsWithFacts, plain(
	func(row contract.StateRow) string { return row.Headline },
	func(row contract.OutcomeRow) string { return row.Headline },
)...)

// plain is what is said of states and outcomes when no fact changes that.
func plain(ofState func(contract.StateRow) string, ofOutcome func(contract.OutcomeRow) string) (sentences []Sentence) {
	for _, row := range contract.StateTable() {
		if text := ofState(row); text != "" {
			sentences = append(sentences, of(text, in(row.State)))
		}
	}
	for _, row := range contract.OutcomeTable() {
		if text := ofOutcome(row); text != "" {
			sentences = append(sentences, of(text, ended(row.Outcome)))
		}
	}
	return sentences
}

var standingsWithFacts = []Sentence{
	of("The access could not be revoked yet: {problem}. Curfew keeps retrying.", refusing),
	of("The access could not be revoked yet. Curfew keeps retrying.", stuck),
	of("{ender} has ended it. It is not on record yet; Curfew carries it out.", endedByWord, unrecorded),
	of("{ender} has ended it. Curfew carries that out, and the history follows.", endedByWord),
	of(
		"Untracked: Temporal has no workflow of this request any more. Its access ends at {until}, and nobody can extend it.",
		untracked,
		wasGranted,
	),
	of(
		"Untracked: Temporal has no workflow of this request any more, so nobody can decide it. Make a new request.",
		untracked,
	),
	of("Without approval (break-glass). The access is being granted.", in(contract.StateGranting), breakGlass),
	of("The time is over. The access is being revoked.", in(contract.StateActive), pastEnd),
	of("Denied. No access was granted.", ended(contract.OutcomeDenied), neverGranted),
	of("Withdrawn. No access was granted.", ended(contract.OutcomeWithdrawn), neverGranted),
	of("Nobody decided in time. No access was granted.", ended(contract.OutcomeLapsed), neverGranted),
	of("The access could not be granted. Nothing is left behind.", ended(contract.OutcomeFailed), nothingLeft),
	of(
		"This request could not be granted. {subject} still has {kept} through request {keeper} until {kept-until}.",
		ended(contract.OutcomeFailed),
		keptUp,
	),
	of("The access could not be granted. A part of it may be there.", ended(contract.OutcomeFailed), somethingLeft),
	of(
		"This request has ended. {subject} still has {kept} through request {keeper} until {kept-until}.",
		ended(contract.OutcomeExpired),
		keptUp,
	),
	of(
		"This request has ended. {subject} kept {kept} through request {keeper} until {kept-until}.",
		ended(contract.OutcomeExpired),
		wasKeptUp,
	),
	of("The time is over. {subject} had the access before and keeps it.", ended(contract.OutcomeExpired), wasThere),
	of("The time is over, and the access was seen to be gone.", ended(contract.OutcomeExpired), gone),
	of(
		"This request has ended. {subject} still has {kept} through request {keeper} until {kept-until}. This one was ended early.",
		ended(contract.OutcomeRevoked),
		keptUp,
	),
	of(
		"This request has ended. {subject} kept {kept} through request {keeper} until {kept-until}. This one was ended early.",
		ended(contract.OutcomeRevoked),
		wasKeptUp,
	),
	of("Ended early. {subject} had the access before and keeps it.", ended(contract.OutcomeRevoked), wasThere),
	of("Ended early, and the access was seen to be gone.", ended(contract.OutcomeRevoked), gone),
	of(
		"Curfew could not revoke the access; {answering} has taken it over.",
		ended(contract.OutcomeTakenOver),
		answeredFor,
	),
	of(
		"Curfew removed the access. It can't confirm that the access is gone.",
		ended(contract.OutcomeUnconfirmed),
		removed,
	),
}

// Unsaid is what the history of a request that has ended leaves out.
var Unsaid = []Sentence{
	of("{ender} had ended it, which the history does not say.", endedUnsaid),
}

// Standing is where a request stands, in a sentence, and what its history does not say.
func Standing(c Case) string {
	return strings.TrimSpace(say(Standings, c) + " " + say(Unsaid, c))
}

// States are where a request stands, in few words. The first that fits is said.
var States = append(statesWithFacts, plain(
	func(row contract.StateRow) string { return row.Brief },
	func(row contract.OutcomeRow) string { return row.Brief },
)...)

var statesWithFacts = []Sentence{
	of("stuck, the access could not be taken away", stuck),
	of("its end is overdue since {until}", in(contract.StateActive), pastEnd, refusing),
	of("being revoked since {until}", in(contract.StateActive), pastEnd),
	of("expired; the access is held by request {keeper}", ended(contract.OutcomeExpired), keptUp),
	of("revoked; the access is held by request {keeper}", ended(contract.OutcomeRevoked), keptUp),
}

// State is where a request stands, in few words.
func State(c Case) string {
	if state := say(States, c); state != "" {
		return state
	}
	return string(c.Status.State) // of a later release
}
