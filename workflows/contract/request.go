package contract

import (
	"cmp"
	"time"
)

// Sealed is a fact with the server's seal over it. Whoever acts on the fact checks the seal first.
type Sealed[T any] struct {
	Fact T `json:"fact"`
	// Seal is a compact JWS over the canonical fact; empty while the server has no sealing key.
	Seal string `json:"seal,omitempty"`
}

// RequestInput starts curfew.Request.
type RequestInput struct {
	Request Sealed[Request] `json:"request"`
}

// Request is one person's ask for a template, with the template's terms as they were when it was asked.
type Request struct {
	ID        string   `json:"id"`
	Template  string   `json:"template"`
	Requester string   `json:"requester"`
	Subject   string   `json:"subject"`
	Duration  Duration `json:"duration"`
	Purpose
	Source  string    `json:"source"` // how it came in: api, cli …
	AskedAt time.Time `json:"askedAt"`
	// StartAt is when the access is to begin; zero: as soon as it is approved.
	StartAt time.Time `json:"startAt,omitzero"`
	// BreakGlass asks to open at once, as the template allows some to.
	BreakGlass bool  `json:"breakGlass,omitempty"`
	Terms      Terms `json:"terms"`
}

// Reference is what targets may show beside the access: the incident, else the ticket, else the request.
func (r Request) Reference() string { return cmp.Or(r.Incident, r.Ticket, r.ID) }

// MaxDuration is the longest that the access may last, extensions included: break-glass access may have a maximum of
// its own.
func (r Request) MaxDuration() Duration {
	if most := r.Terms.Rules.BreakGlass.MaxDuration; r.BreakGlass && most.Duration > 0 {
		return Duration{min(most.Duration, r.Terms.MaxDuration.Duration)}
	}
	return r.Terms.MaxDuration
}

// Terms are what a template allows, pinned in each request: sleeping requests are not changed by a new configuration.
type Terms struct {
	// Digest identifies the template's text, so that a later change is noticed.
	Digest       string   `json:"digest"`
	Accesses     []Access `json:"accesses"`
	MaxDuration  Duration `json:"maxDuration"`
	PendingFor   Duration `json:"pendingFor"`
	KeepSessions bool     `json:"keepSessions,omitempty"`
	// DriftCheckInterval is how often live access is looked at; Restore gives it again when somebody else took it away.
	DriftCheckInterval Duration `json:"driftCheckInterval,omitzero"`
	Restore            bool     `json:"restore,omitempty"`
	Rules              Rules    `json:"rules,omitzero"`
	// Reminders are how long after a request was asked its reviewers are reminded of it.
	Reminders []Duration `json:"reminders,omitempty"`
	// EndWithTicket and EndWithIncident end the access when the ticket is closed or the incident resolved.
	EndWithTicket   bool `json:"endWithTicket,omitempty"`
	EndWithIncident bool `json:"endWithIncident,omitempty"`
	// Warnings are how long before the end the subject is told that it comes.
	Warnings []Duration `json:"warnings,omitempty"`
	// UpdateIncident is true when the incident is told what came of the request.
	UpdateIncident bool `json:"updateIncident,omitempty"`
	// Channels are where people are told of the request, by their configured names.
	Channels []string `json:"channels,omitempty"`
}

// Verdict is what a reviewer says.
type Verdict string

// The verdicts of a review.
const (
	VerdictApprove Verdict = "approve"
	VerdictDeny    Verdict = "deny"
)

// ReviewInput is the update "review". On an active request it is about the extension that waits for approval.
type ReviewInput struct {
	Review Sealed[Review] `json:"review"`
}

// Review is one reviewer's approve or deny.
type Review struct {
	Request  string    `json:"request"`
	Reviewer string    `json:"reviewer"`
	Verdict  Verdict   `json:"verdict"`
	Reason   string    `json:"reason,omitempty"`
	At       time.Time `json:"at"`
	// Duration is the longest that the reviewer approves; zero: as long as was asked.
	Duration Duration `json:"duration,omitzero"`
	// Rules are the approval rules that the reviewer could review for at the time, by name. A review counts for no
	// other.
	Rules []string `json:"rules,omitempty"`
}

// ExtendInput is the update "extend".
type ExtendInput struct {
	Extension Sealed[Extension] `json:"extension"`
}

// Extension asks for a later end.
type Extension struct {
	Request  string    `json:"request"`
	By       string    `json:"by"`
	Duration Duration  `json:"duration"`
	Reason   string    `json:"reason,omitempty"`
	At       time.Time `json:"at"`
}

// EndInput is the updates "revoke" and "cancel".
type EndInput struct {
	End Sealed[End] `json:"end"`
}

// End is somebody's word that a request is to end now.
type End struct {
	Request string    `json:"request"`
	By      string    `json:"by"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at"`
}

// Answer is what every update of a request is answered with.
type Answer struct {
	Status
	// Asked says what the update has asked for, so that its sender sees whether the answer is to it.
	Asked string `json:"asked"`
}

// Asks is what a review asks for, the same however often it is sent.
func (r Review) Asks() string { return "review " + r.Reviewer + " " + string(r.Verdict) }

// Same is true of an extension that reads the same.
func (e Extension) Same(other Extension) bool {
	return e.Request == other.Request && e.By == other.By && e.Duration == other.Duration && e.Reason == other.Reason &&
		e.At.Equal(other.At)
}

// Asks is what an extension asks for.
func (e Extension) Asks() string { return "extend " + e.By + " " + e.Duration.String() }

// Asks is what an end asks for.
func (e End) Asks() string { return "end " + e.By }

// Status is what the query "status" answers, and what the ledger keeps after the workflow is gone.
type Status struct {
	ID        string   `json:"id"`
	State     State    `json:"state"`
	Outcome   Outcome  `json:"outcome,omitempty"`
	Why       string   `json:"why,omitempty"` // why it ended, or what it waits for
	Template  string   `json:"template"`
	Requester string   `json:"requester"`
	Subject   string   `json:"subject"`
	Duration  Duration `json:"duration"`
	Purpose
	AskedAt         time.Time   `json:"askedAt"`
	StartAt         *time.Time  `json:"startAt,omitempty"` // when the access is to begin, if not at once
	Source          string      `json:"source,omitempty"`  // how it came in: api, web, pagerduty …
	BreakGlass      bool        `json:"breakGlass,omitempty"`
	ContinuousSince *time.Time  `json:"continuousSince,omitempty"` // the subject has had the access without a break, before this request
	ReviewDue       *time.Time  `json:"reviewDue,omitempty"`       // a second person has to review the break-glass access by then
	PostReview      *Review     `json:"postReview,omitempty"`      // and has
	DecideBy        *time.Time  `json:"decideBy,omitempty"`        // while pending
	GrantedAt       *time.Time  `json:"grantedAt,omitempty"`       // the access clock starts here
	Until           *time.Time  `json:"until,omitempty"`           // the deadline
	EndedAt         *time.Time  `json:"endedAt,omitempty"`         // the access was seen to be gone
	Approvals       int         `json:"approvals"`                 // given so far
	Needed          int         `json:"needed"`                    // approvals asked for
	Reviewers       []string    `json:"reviewers"`
	Reviews         []Review    `json:"reviews,omitempty"`
	Extension       *Extension  `json:"extension,omitempty"` // waits for a reviewer
	MaxDuration     Duration    `json:"maxDuration"`
	Holds           []HoldState `json:"holds"`
	Stuck           bool        `json:"stuck,omitempty"` // a revoke is past its alarm time
	Seq             int         `json:"seq"`             // number of the newest event
	// Ending is set by the server when somebody has ended the request and its story does not say so.
	Ending *Ending `json:"ending,omitempty"`
	// Untracked is set by the server while the request has not ended and no workflow of it runs, or one that has
	// forgotten what the ledger knows. The targets' workers end its access all the same.
	Untracked bool `json:"untracked,omitempty"`
	// Lost is set by the server: events that the ledger does not have, although it has later ones.
	Lost []Gap `json:"lost,omitempty"`
	// Names are what the people of the request are called, by their ids. Whoever shows a status fills them in.
	Names map[string]string `json:"names,omitempty"`
	// Summary says in a sentence where it stands. The server sets it when it shows the status.
	Summary string `json:"summary,omitempty"`
}

// People are the ids of all persons that a status names; one may come more than once.
func (s Status) People() []string {
	people := append([]string{s.Requester, s.Subject}, s.Reviewers...)
	for _, review := range s.Reviews {
		people = append(people, review.Reviewer)
	}
	for _, hold := range s.Holds {
		if hold.TakenOver != nil {
			people = append(people, hold.TakenOver.By)
		}
	}
	if s.Extension != nil {
		people = append(people, s.Extension.By)
	}
	if s.PostReview != nil {
		people = append(people, s.PostReview.Reviewer)
	}
	if s.Ending != nil {
		people = append(people, s.Ending.By)
	}
	return people
}

// Gap is a part of a request's story that the ledger lacks, by the numbers of its first and last event.
type Gap struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Gaps are what is missing of a story, whose events are in order.
func Gaps(events []Event) (gaps []Gap) {
	next := 1
	for _, event := range events {
		if event.Seq > next {
			gaps = append(gaps, Gap{From: next, To: event.Seq - 1})
		}
		next = event.Seq + 1
	}
	return gaps
}

// Ending is somebody's word that a request has ended, which the targets' workers carry out.
type Ending struct {
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
	// Unrecorded is true when the ledger has not taken it: the request's workflow alone carries it out, and owes the
	// record.
	Unrecorded bool `json:"unrecorded,omitempty"`
}

// NeedsPostReview is true while a second person has to review break-glass access.
func (s Status) NeedsPostReview() bool {
	return s.ReviewDue != nil && s.PostReview == nil && s.GrantedAt != nil
}

// WaitsForReview is true while reviewers have something to say: about the request, an extension of it, or its
// break-glass access.
func (s Status) WaitsForReview() bool {
	return s.State == StatePending || s.State == StateActive && s.Extension != nil || s.NeedsPostReview()
}

// HoldState is what the request knows of one of its entitlements.
type HoldState struct {
	Access   Access     `json:"access"`
	Held     bool       `json:"held"`
	Standing bool       `json:"standing,omitempty"` // it was there before and stays
	GoneAt   *time.Time `json:"goneAt,omitempty"`   // seen to be gone
	// RemovedAt is set in place of GoneAt when the target shows no proof that the access is gone.
	RemovedAt *time.Time `json:"removedAt,omitempty"`
	// HeldUntil is set when another request's lease keeps the access up after this one has ended, and HeldBy is that
	// request.
	HeldUntil *time.Time `json:"heldUntil,omitempty"`
	HeldBy    string     `json:"heldBy,omitempty"`
	// AlreadyAbsent is true when the access was not there any more when Curfew came to take it away.
	AlreadyAbsent bool      `json:"alreadyAbsent,omitempty"`
	Sessions      int       `json:"sessions,omitempty"` // sessions that were ended with it
	Problem       string    `json:"problem,omitempty"`
	TakenOver     *TakeOver `json:"takenOver,omitempty"` // who answers for it, because Curfew could not take it away
}
