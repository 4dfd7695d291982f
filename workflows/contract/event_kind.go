package contract

// EventKind is what happened to a request.
type EventKind string

// What can happen to a request: EventTable says what each means. Those with a state's or an outcome's name are its
// transitions.
const (
	EventRequested               EventKind = "requested"
	EventReviewAsked             EventKind = "review-asked"
	EventReminded                EventKind = "reminded"
	EventReviewed                EventKind = "reviewed"
	EventApproved                EventKind = "approved"
	EventDenied                  EventKind = "denied"
	EventWithdrawn               EventKind = "withdrawn"
	EventLapsed                  EventKind = "lapsed"
	EventScheduled               EventKind = "scheduled"
	EventGranted                 EventKind = "granted"
	EventFailed                  EventKind = "failed"
	EventExtensionAsked          EventKind = "extension-asked"
	EventExtensionDenied         EventKind = "extension-denied"
	EventExtended                EventKind = "extended"
	EventEnding                  EventKind = "ending"
	EventRevoking                EventKind = "revoking"
	EventStuck                   EventKind = "stuck"
	EventExpired                 EventKind = "expired"
	EventRevoked                 EventKind = "revoked"
	EventTakenOver               EventKind = "taken-over"
	EventUnconfirmed             EventKind = "unconfirmed"
	EventCertified               EventKind = "certified"
	EventDrifted                 EventKind = "drifted"
	EventRestored                EventKind = "restored"
	EventBreakGlassUsed          EventKind = "break-glass-used"
	EventBreakGlassReviewed      EventKind = "break-glass-reviewed"
	EventBreakGlassReviewOverdue EventKind = "break-glass-review-overdue"
	EventTicketOpened            EventKind = "ticket-opened"
	EventTicketAbandoned         EventKind = "ticket-abandoned"
	EventIncidentAbandoned       EventKind = "incident-abandoned"
	EventChannelAbandoned        EventKind = "channel-abandoned"
)

// Party is a part of those whom an event can concern.
type Party string

// The parties of a request.
const (
	PartyRequester Party = "the requester"
	PartySubject   Party = "the subject"
	PartyReviewers Party = "the reviewers"
	// PartyUndecided are reviewers who have said nothing about what is asked now: the request, or an extension of it.
	PartyUndecided Party = "the reviewers who have not reviewed"
)

// Action is what a message asks for.
type Action string

// The actions.
const (
	ActionNone       Action = ""
	ActionReview     Action = "review"      // approve or deny the request, or the extension that it waits for
	ActionExtend     Action = "extend"      // ask for a later end
	ActionPostReview Action = "post-review" // review break-glass access that was used
)

// Words say to those whom a message is for what it asks of them; empty when that is nothing.
func (a Action) Words() string {
	switch a {
	case ActionReview:
		return "Please approve or deny it."
	case ActionExtend:
		return "If you need more time, ask for an extension now."
	case ActionPostReview:
		return "Please review this break-glass access."
	default:
		return ""
	}
}

// EventKindRow is what everybody has to know of one kind of event.
type EventKindRow struct {
	Kind EventKind
	// Headline is what the story says of it when no fact changes that, with values in braces. It is empty when what can
	// be said always depends on facts.
	Headline string
	Meaning  string // for the pages, in Markdown
	// Decisive events are what access rests on. Before the grant a request fails when the ledger refuses one of them;
	// afterwards the access is released. Every other event is narration: what comes after it goes on without it.
	Decisive bool
	// Notifies are those whom it concerns. Without any it changes what a channel shows, and notifies nobody.
	Notifies []Party
	Asks     Action // of them
	// Doer is true when whoever did it is notified too. Otherwise nobody is notified of what they did themselves.
	Doer bool
}

// EventTable has a row for each kind of event, in the order in which people are shown them. All that is said, shown and
// sent of events goes by it.
func EventTable() []EventKindRow { //nolint:funlen // it is a table
	holders := []Party{PartyRequester, PartySubject}
	return []EventKindRow{
		{
			Kind:     EventRequested,
			Headline: "Access requested by {actor}",
			Meaning:  "somebody requested access; `review-asked` follows when people are needed",
			Decisive: true,
		},
		{
			Kind:     EventReviewAsked,
			Headline: "Reviewers were asked",
			Meaning:  "reviewers were asked for a review; in the ledger and on channels, not on the ticket",
			Notifies: []Party{PartyUndecided},
			Asks:     ActionReview,
		},
		{
			Kind:     EventReminded,
			Headline: "Reviewers were reminded",
			Meaning:  "reviewers were reminded of it; in the ledger and on channels, not on the ticket",
			Notifies: []Party{PartyUndecided},
			Asks:     ActionReview,
		},
		{
			Kind:     EventReviewed,
			Headline: "Reviewed by {actor}; not decided yet",
			Meaning:  "a reviewer approved or denied, and that decides nothing yet",
			Decisive: true,
		},
		{
			Kind:     EventApproved,
			Headline: "Access approved by {actor}",
			Meaning:  "it was approved, or opened as break-glass access; Curfew grants the access",
			Decisive: true,
			Notifies: holders,
		},
		{
			Kind:     EventDenied,
			Headline: "Access denied by {actor}",
			Meaning:  "the policy or the reviewers denied it",
			Notifies: holders,
			Doer:     true,
		},
		{
			Kind:     EventWithdrawn,
			Headline: "Request withdrawn by {actor}",
			Meaning:  "the requester took it back before the access was granted",
			Notifies: holders,
			Doer:     true,
		},
		{
			Kind:     EventLapsed,
			Headline: "Request lapsed",
			Meaning:  "nobody decided in time",
			Notifies: holders,
			Doer:     true,
		},
		{
			Kind:     EventScheduled,
			Headline: "Access approved by {actor}; it begins later",
			Meaning:  "it was approved, and its start is ahead",
			Decisive: true,
			Notifies: holders,
		},
		{
			Kind:     EventGranted,
			Headline: "Access granted",
			Meaning:  "the access is on every target",
			Decisive: true,
			Notifies: holders,
		},
		{
			Kind:     EventFailed,
			Meaning:  "the access could not be granted",
			Notifies: holders,
			Doer:     true,
		},
		{
			Kind:     EventExtensionAsked,
			Headline: "Extension asked for by {actor}; it waits for a reviewer",
			Meaning:  "an extension waits for a review",
			Decisive: true,
			Notifies: []Party{PartyUndecided},
			Asks:     ActionReview,
		},
		{
			Kind:     EventExtensionDenied,
			Headline: "Extension refused by {actor}",
			Meaning:  "the extension was denied",
			Notifies: holders,
		},
		{
			Kind:     EventExtended,
			Headline: "Access extended by {actor}",
			Meaning:  "the extension was applied",
			Decisive: true,
			Notifies: holders,
		},
		{
			Kind:     EventEnding,
			Headline: "Access ends soon",
			Meaning:  "the deadline is near; in the ledger and on channels, not on the ticket",
			Notifies: holders,
			Asks:     ActionExtend,
		},
		{
			Kind:     EventRevoking,
			Headline: "Access is being ended by {actor}",
			Meaning:  "somebody ended the access, and Curfew revokes it",
			Notifies: holders,
		},
		{
			Kind:     EventStuck,
			Headline: "Access could not be taken away yet; Curfew goes on trying",
			Meaning:  "a revoke has failed for about a minute, and goes on",
			Notifies: holders,
		},
		{
			Kind:     EventExpired,
			Headline: "This request has ended at its deadline",
			Meaning:  "the access lasted until its deadline",
			Notifies: holders,
			Doer:     true,
		},
		{
			Kind:     EventRevoked,
			Headline: "This request was ended early by {actor}",
			Meaning:  "the access was ended before its deadline",
			Notifies: holders,
			Doer:     true,
		},
		{
			Kind:     EventTakenOver,
			Headline: "Access could not be taken away: it may still be there",
			Meaning:  "the access could not be revoked, and an admin answers for it",
			Notifies: holders,
			Doer:     true,
		},
		{
			Kind:     EventUnconfirmed,
			Headline: "This request has ended; Curfew can't confirm that the access is gone",
			Meaning:  "the access was removed, and the target shows no proof that it is gone",
			Notifies: holders,
			Doer:     true,
		},
		{
			Kind:     EventCertified,
			Headline: "A certificate was handed to {actor}",
			Meaning:  "the subject got a certificate",
		},
		{
			Kind:     EventDrifted,
			Headline: "Access was taken away by somebody else",
			Meaning:  "somebody else removed the live access",
			Notifies: holders,
		},
		{
			Kind:     EventRestored,
			Headline: "Access that somebody else took away was given again",
			Meaning:  "Curfew granted it again, as the template says",
			Notifies: holders,
		},
		{
			Kind:     EventBreakGlassUsed,
			Headline: "Opened without approval (break-glass by {actor})",
			Meaning:  "the requester got break-glass access, without approvals",
			Decisive: true,
			Notifies: []Party{PartyReviewers, PartyRequester},
			Doer:     true,
		},
		{
			Kind:     EventBreakGlassReviewed,
			Headline: "Break-glass access reviewed by {actor}",
			Meaning:  "a second person reviewed it",
			Decisive: true,
			Notifies: holders,
		},
		{
			Kind:     EventBreakGlassReviewOverdue,
			Headline: "Nobody has reviewed the break-glass access yet",
			Meaning:  "nobody has reviewed it in time",
			Notifies: []Party{PartyReviewers},
			Asks:     ActionPostReview,
		},
		{
			Kind:     EventTicketOpened,
			Headline: "A ticket was opened",
			Meaning:  "Curfew opened a ticket for the request",
		},
		{
			Kind:     EventTicketAbandoned,
			Headline: "An entry is missing on the ticket",
			Meaning:  "the ticket took no more entries; the ledger has them",
		},
		{
			Kind:     EventIncidentAbandoned,
			Headline: "An entry is missing on the incident",
			Meaning:  "the incident took no more entries; the ledger has them",
		},
		{
			Kind:     EventChannelAbandoned,
			Headline: "A message is missing on a channel",
			Meaning:  "a channel took no more messages; the ledger has the events",
		},
	}
}

// EventKinds are all of them.
func EventKinds() (kinds []EventKind) {
	for _, row := range EventTable() {
		kinds = append(kinds, row.Kind)
	}
	return kinds
}

// Row is what the table says of a kind; false for a kind of a later release.
func (k EventKind) Row() (EventKindRow, bool) {
	for _, row := range EventTable() {
		if row.Kind == k {
			return row, true
		}
	}
	return EventKindRow{}, false
}
