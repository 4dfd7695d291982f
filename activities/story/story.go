// Package story puts a request's events into words, for tickets, incidents and notifications.
package story

import (
	"fmt"
	"strings"

	"curfew/workflows/contract"
)

// Entry is one event of a request in words: a headline and lines in Curfew's words, and maybe what a person said.
type Entry struct {
	// Marker makes the entry findable where it was written: "<request>/<number>".
	Marker   string
	Headline string
	Lines    []string
	Said     string // untrusted: whoever shows it must show it as it was typed
}

// headlines say what happened, in the words of whoever reads them. %s is the actor.
var headlines = map[contract.EventKind]string{
	contract.EventRequested:               "Access requested by %s",
	contract.EventReviewAsked:             "Reviewers were asked",
	contract.EventReminded:                "Reviewers were reminded",
	contract.EventReviewed:                "Reviewed by %s; not decided yet",
	contract.EventApproved:                "Access approved by %s",
	contract.EventDenied:                  "Access denied by %s",
	contract.EventWithdrawn:               "Request taken back by %s",
	contract.EventLapsed:                  "Request lapsed",
	contract.EventScheduled:               "Access approved by %s; it begins later",
	contract.EventGranted:                 "Access granted",
	contract.EventFailed:                  "Access could not be granted; nothing is left behind",
	contract.EventExtensionAsked:          "Extension asked for by %s; it waits for a reviewer",
	contract.EventExtensionDenied:         "Extension refused by %s",
	contract.EventExtended:                "Access extended by %s",
	contract.EventEnding:                  "Access ends soon",
	contract.EventRevoking:                "Access is being ended by %s",
	contract.EventStuck:                   "Access could not be taken away yet; Curfew goes on trying",
	contract.EventTakenOver:               "Access could not be taken away: it may still be there, and a person answers for it",
	contract.EventUnconfirmed:             "Access was removed; Curfew can't confirm that it is gone",
	contract.EventCertified:               "A certificate was handed to %s",
	contract.EventDrifted:                 "Access was taken away by somebody else",
	contract.EventRestored:                "Access that somebody else took away was given again",
	contract.EventExpired:                 "Access has ended at its deadline",
	contract.EventRevoked:                 "Access was ended early by %s",
	contract.EventBreakGlassUsed:          "Opened without approval (break-glass by %s)",
	contract.EventBreakGlassReviewed:      "Break-glass access reviewed by %s",
	contract.EventBreakGlassReviewOverdue: "Nobody has reviewed the break-glass access yet",
}

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

// Of puts one event of a request into words.
func Of(event contract.Event, status contract.Status) Entry {
	e := Entry{Marker: event.ID(), Headline: Headline(event), Said: event.Said}
	if event.Kind == contract.EventRequested {
		e.Lines = append(e.Lines, fmt.Sprintf("Template %s for %s, subject %s", status.Template, status.Duration, status.Subject))
	}
	if event.Detail != "" {
		e.Lines = append(e.Lines, strings.Split(event.Detail, "\n")...)
	}
	e.Lines = append(e.Lines, "At "+event.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	return e
}

// Headline says what happened.
func Headline(event contract.Event) string {
	headline, known := headlines[event.Kind]
	if !known {
		headline = string(event.Kind)
	}
	if strings.Contains(headline, "%s") {
		headline = fmt.Sprintf(headline, Actor(event.Actor))
	}
	return headline
}

// Actor is who did something, in words; persons keep their id.
func Actor(actor string) string {
	if words, isRole := actors[actor]; isRole {
		return words
	}
	return actor
}

// State is where a request is, in few words.
func State(status contract.Status) string {
	switch {
	case status.Stuck:
		return "stuck, the access could not be taken away"
	case status.State == contract.StateScheduled && status.StartAt != nil:
		return "scheduled for " + status.StartAt.UTC().Format("2006-01-02 15:04 UTC")
	case status.State == contract.StateActive:
		return "active until " + status.Until.UTC().Format("2006-01-02 15:04 UTC")
	case status.State == contract.StateEnded && status.Outcome == contract.OutcomeUnconfirmed:
		return "removed, can't be confirmed"
	case status.State == contract.StateEnded:
		return string(status.Outcome)
	}
	return string(status.State)
}
