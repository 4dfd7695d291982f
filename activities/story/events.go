package story

import (
	"slices"

	"curfew/workflows/contract"
)

// Events are what Curfew says that has happened: what depends on facts, and else the headline of the event's kind. The
// first sentence that fits is said.
var Events = append(eventsWithFacts, headlines()...)

// headlines are what is said of the kinds of events when no fact changes that.
func headlines() (sentences []Sentence) {
	for _, row := range contract.EventTable() {
		if row.Headline != "" {
			sentences = append(sentences, of(row.Headline, happened(row.Kind)))
		}
	}
	return sentences
}

var eventsWithFacts = []Sentence{
	of("Opening without approval (break-glass by {actor})", happened(contract.EventApproved), breakGlass),
	of("Access could not be granted; nothing is left behind", happened(contract.EventFailed), nothingLeft),
	of(
		"This request could not be granted. {subject} still has {kept} through request {keeper} until {kept-until}",
		happened(contract.EventFailed),
		keptUp,
	),
	of("Access could not be granted, and a part of it may be there", happened(contract.EventFailed), somethingLeft),
	of(
		"Access could not be taken away: it may still be there, and {answering} answers for it",
		happened(contract.EventTakenOver),
		answeredFor,
	),
	of("Access was removed; Curfew can't confirm that it is gone", happened(contract.EventUnconfirmed), removed),
	of(
		"This request has ended. {subject} still has {kept} through request {keeper} until {kept-until}",
		happened(contract.EventExpired),
		keptUp,
	),
	of(
		"This request has ended. {subject} kept {kept} through request {keeper} until {kept-until}",
		happened(contract.EventExpired),
		wasKeptUp,
	),
	of(
		"This request has ended at its deadline. {subject} had the access before and keeps it",
		happened(contract.EventExpired),
		wasThere,
	),
	of("Access has ended at its deadline", happened(contract.EventExpired), gone),
	of(
		"This request has ended. {subject} still has {kept} through request {keeper} until {kept-until}; {actor} ended this one early",
		happened(contract.EventRevoked),
		keptUp,
	),
	of(
		"This request has ended. {subject} kept {kept} through request {keeper} until {kept-until}; {actor} ended this one early",
		happened(contract.EventRevoked),
		wasKeptUp,
	),
	of(
		"This request was ended early by {actor}. {subject} had the access before and keeps it",
		happened(contract.EventRevoked),
		wasThere,
	),
	of("Access was ended early by {actor}", happened(contract.EventRevoked), gone),
	of("Break-glass access reviewed by {actor}: it was in order", happened(contract.EventBreakGlassReviewed), inOrder),
	of(
		"Break-glass access reviewed by {actor}: it was not in order",
		happened(contract.EventBreakGlassReviewed),
		notInOrder,
	),
}

// Steps are what to do next about a request. The first that fits is said.
var Steps = []Sentence{
	of(
		"To end the access now: curfew revoke {request} --reason …, or Revoke on the page of the request",
		notInOrder,
		live,
	),
}

// NextStep is what to do next about a request; empty when nothing is to be said.
func NextStep(c Case) string { return say(Steps, c) }

// live is true while there is access that can be ended.
var live = Fact{"live", func(c Case) bool {
	return slices.Contains([]contract.State{contract.StateGranting, contract.StateActive}, c.Status.State)
}}

// Headline says what happened.
func Headline(c Case) string {
	if c.Now.IsZero() {
		c.Now = c.Event.At
	}
	if headline := say(Events, c); headline != "" {
		return headline
	}
	return string(c.Event.Kind) // of a later release
}
