package api

import "curfew/workflows/contract"

// meanings says for each schema what its properties are.
var meanings = map[string]map[string]string{
	"Access": {
		"target":      "The system, by its configured name",
		"entitlement": "What the subject holds there, in the words of the target's kind",
		"person":      "The subject's id in the directory",
		"account":     "The subject's name on the target",
	},
	"ApprovalRule": {
		"count": "How many must approve",
		"from":  "Who may; the requester and the subject never count",
	},
	"Event": {
		"request": "The request's id",
		"seq":     "Counts a request's events from 1, without gaps",
		"kind":    "What happened",
		"at":      "When",
		"actor":   "Who did it: a person's id, or curfew, curfew:policy, curfew:deadline, temporal:signal, temporal:cancel",
		"said":    "What that person typed: show it as text, never as markup",
		"detail":  "Curfew's own words",
	},
	"Extension": {
		"request":  "The request's id",
		"by":       "Who asks for it",
		"duration": "How much longer",
		"reason":   "Why",
		"at":       "When it was asked for",
	},
	"HoldState": {
		"access":    "What is held",
		"held":      "Whether the subject has it now",
		"heldUntil": "How long another request keeps it up",
		"standing":  "It was there before and stays",
		"goneAt":    "When it was seen to be gone",
		"sessions":  "How many open sessions were ended with it",
		"problem":   "Why it could not be given or taken away so far",
	},
	"Problem": {"kind": "What the problem means to whoever has to act on it"},
	"Review": {
		"request":  "The request's id",
		"reviewer": "Who reviewed",
		"verdict":  "What they said",
		"reason":   "Why",
		"at":       "When",
	},
	"Status": {
		"id":          "A ULID, so ids sort by time",
		"state":       "Where the request is in its life",
		"outcome":     "How it ended; set when the state is ended",
		"why":         "Why it ended, or what it waits for",
		"template":    "What was asked for",
		"requester":   "Who asked: a person's id",
		"subject":     "Who gets the access: a person's id",
		"duration":    "How long access lasts from the moment it is granted",
		"reason":      "What the requester typed: show it as text, never as markup",
		"ticket":      "The ticket that it is for",
		"incident":    "The incident that it is for",
		"askedAt":     "When it was asked for",
		"decideBy":    "When it lapses unless it is decided",
		"grantedAt":   "When access was granted",
		"until":       "When access ends",
		"endedAt":     "When access was seen to be gone",
		"approvals":   "How many have approved",
		"needed":      "How many must",
		"reviewers":   "Who may",
		"reviews":     "What the reviewers said",
		"extension":   "The extension that waits for a reviewer",
		"maxDuration": "The longest that access may last, extensions included",
		"holds":       "Each thing that the subject gets, and whether it is there",
		"stuck":       "A revoke is past its alarm time and still being tried",
		"seq":         "The number of the newest event",
	},
}

// values lists what the properties that are one of a few words can be.
var values = map[string][]any{
	"Event.kind": {
		contract.EventRequested, contract.EventReviewed, contract.EventApproved, contract.EventDenied,
		contract.EventWithdrawn, contract.EventLapsed, contract.EventGranted, contract.EventFailed,
		contract.EventExtensionAsked, contract.EventExtensionDenied, contract.EventExtended, contract.EventRevoking,
		contract.EventStuck, contract.EventExpired, contract.EventRevoked,
		contract.EventTicketAbandoned,
	},
	"Problem.kind": {
		contract.KindInvalid, contract.KindForbidden, contract.KindNotFound, contract.KindConflict, contract.KindDenied,
		contract.KindClosed, contract.KindOverdue, contract.KindCapacity, contract.KindUnavailable, contract.KindInternal,
	},
	"Review.verdict": {contract.VerdictApprove, contract.VerdictDeny},
	"Status.state": {
		contract.StatePending, contract.StateGranting, contract.StateActive, contract.StateRevoking, contract.StateEnded,
	},
	"Status.outcome": {
		contract.OutcomeDenied, contract.OutcomeWithdrawn, contract.OutcomeLapsed, contract.OutcomeFailed,
		contract.OutcomeExpired, contract.OutcomeRevoked,
	},
}
