package story

import (
	"slices"

	"curfew/workflows/contract"
)

// Events are what Curfew says that has happened. The first sentence that fits is said.
var Events = []Sentence{
	of("Access requested by {actor}", happened(contract.EventRequested)),
	of("Reviewers were asked", happened(contract.EventReviewAsked)),
	of("Reviewers were reminded", happened(contract.EventReminded)),
	of("Reviewed by {actor}; not decided yet", happened(contract.EventReviewed)),
	of("Opening without approval (break-glass by {actor})", happened(contract.EventApproved), breakGlass),
	of("Access approved by {actor}", happened(contract.EventApproved)),
	of("Access denied by {actor}", happened(contract.EventDenied)),
	of("Request withdrawn by {actor}", happened(contract.EventWithdrawn)),
	of("Request lapsed", happened(contract.EventLapsed)),
	of("Access approved by {actor}; it begins later", happened(contract.EventScheduled)),
	of("Access granted", happened(contract.EventGranted)),
	of("Access could not be granted; nothing is left behind", happened(contract.EventFailed), nothingLeft),
	of(
		"This request could not be granted. {subject} still has {kept} through request {keeper} until {kept-until}",
		happened(contract.EventFailed),
		keptUp,
	),
	of("Access could not be granted, and a part of it may be there", happened(contract.EventFailed), somethingLeft),
	of("Extension asked for by {actor}; it waits for a reviewer", happened(contract.EventExtensionAsked)),
	of("Extension refused by {actor}", happened(contract.EventExtensionDenied)),
	of("Access extended by {actor}", happened(contract.EventExtended)),
	of("Access ends soon", happened(contract.EventEnding)),
	of("Access is being ended by {actor}", happened(contract.EventRevoking)),
	of("Access could not be taken away yet; Curfew goes on trying", happened(contract.EventStuck)),
	of(
		"Access could not be taken away: it may still be there, and {answering} answers for it",
		happened(contract.EventTakenOver),
		answeredFor,
	),
	of("Access could not be taken away: it may still be there", happened(contract.EventTakenOver)),
	of("Access was removed; Curfew can't confirm that it is gone", happened(contract.EventUnconfirmed), removed),
	of("This request has ended; Curfew can't confirm that the access is gone", happened(contract.EventUnconfirmed)),
	of("A certificate was handed to {actor}", happened(contract.EventCertified)),
	of("Access was taken away by somebody else", happened(contract.EventDrifted)),
	of("Access that somebody else took away was given again", happened(contract.EventRestored)),

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
	of("This request has ended at its deadline", happened(contract.EventExpired)),

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
	of("This request was ended early by {actor}", happened(contract.EventRevoked)),

	of("Opened without approval (break-glass by {actor})", happened(contract.EventBreakGlassUsed)),
	of("Break-glass access reviewed by {actor}: it was in order", happened(contract.EventBreakGlassReviewed), inOrder),
	of(
		"Break-glass access reviewed by {actor}: it was not in order",
		happened(contract.EventBreakGlassReviewed),
		notInOrder,
	),
	of("Break-glass access reviewed by {actor}", happened(contract.EventBreakGlassReviewed)),
	of("Nobody has reviewed the break-glass access yet", happened(contract.EventBreakGlassReviewOverdue)),

	of("A ticket was opened", happened(contract.EventTicketOpened)),
	of("An entry is missing on the ticket", happened(contract.EventTicketAbandoned)),
	of("An entry is missing on the incident", happened(contract.EventIncidentAbandoned)),
	of("A message is missing on a channel", happened(contract.EventChannelAbandoned)),
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
