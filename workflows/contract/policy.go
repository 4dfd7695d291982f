package contract

import "time"

// Rules are what a template asks of a request before it is granted. What is not said is not asked, except for
// approvals: without any, and without automatic approval, nothing is granted.
type Rules struct {
	// Requesters may ask; everybody in the directory when nobody is named.
	Requesters People `json:"requesters,omitzero"`
	// BindSubject is true when only somebody who may ask may get the access, whoever asks for it.
	BindSubject bool `json:"bindSubject,omitempty"`
	// OnBehalf says who may ask for somebody else.
	OnBehalf OnBehalf `json:"onBehalf,omitzero"`
	// MaxContinuous is how long somebody may have the access without a break, by however many requests; zero: as long
	// as they are granted it.
	MaxContinuous Duration `json:"maxContinuous,omitzero"`
	// MinDuration is the shortest that access may be asked for.
	MinDuration Duration     `json:"minDuration,omitzero"`
	Ticket      TicketRule   `json:"ticket,omitzero"`
	Incident    IncidentRule `json:"incident,omitzero"`
	// StartWithin is how far ahead a start may be scheduled; zero: not at all.
	StartWithin Duration `json:"startWithin,omitzero"`
	// Automatic conditions stand for all approvals when every one of them holds.
	Automatic   []Constraint   `json:"automatic,omitempty"`
	Approvals   []ApprovalRule `json:"approvals,omitempty"`
	Constraints []Constraint   `json:"constraints,omitempty"`
	Extension   ExtensionRule  `json:"extension,omitzero"`
	BreakGlass  BreakGlassRule `json:"breakGlass,omitzero"`
}

// People are those named, and the members of groups.
type People struct {
	People []string `json:"people,omitempty"`
	Groups []string `json:"groups,omitempty"`
}

// IsZero is true when nobody is named.
func (p People) IsZero() bool { return len(p.People) == 0 && len(p.Groups) == 0 }

// OnBehalf says who may ask for somebody else: the requesters among the members of some groups, or all of them.
type OnBehalf struct {
	Anybody bool     `json:"anybody,omitempty"`
	Groups  []string `json:"groups,omitempty"`
}

// TicketRule says which ticket counts.
type TicketRule struct {
	Required bool     `json:"required,omitempty"`
	Projects []string `json:"projects,omitempty"` // the ticket is in one of these; any when empty
	Statuses []string `json:"statuses,omitempty"` // and has one of these; any when empty
	// RequesterIs says what the requester must be to the ticket: one of the Role constants.
	RequesterIs []string `json:"requesterIs,omitempty"`
	// Open is where one is opened for a request that is approved without; the zero value for nowhere.
	Open TicketPlace `json:"open,omitzero"`
}

// What a person can be to a ticket.
const (
	RoleAssignee = "assignee"
	RoleReporter = "reporter"
)

// IncidentRule says which incident counts. The zero rule asks for none.
type IncidentRule struct {
	Required     bool     `json:"required,omitempty"`
	Services     []string `json:"services,omitempty"` // it is of one of these; any when empty
	Open         bool     `json:"open,omitempty"`
	Acknowledged bool     `json:"acknowledged,omitempty"`
	// OnCall is the highest escalation level at which the requester may be on call for the service, counted from 1;
	// zero: the requester need not be on call.
	OnCall int `json:"onCall,omitempty"`
}

// Constraint is a condition with a name, and what to tell people when it does not hold.
type Constraint struct {
	Name      string `json:"name"`
	Message   string `json:"message,omitempty"`
	Condition string `json:"condition"` // CEL, true or false
}

// ApprovalRule is how many of whom must approve. The requester and the subject never count.
type ApprovalRule struct {
	Name string `json:"name,omitempty"`
	// Count is how many must approve, never less than one.
	Count  int      `json:"count"`
	From   []string `json:"from"`
	Groups []string `json:"groups,omitempty"` // whose members may, beside those in From
	// Deny is how many must deny for the request to be denied; zero means one.
	Deny int `json:"deny,omitempty"`
	// After is how long after the request was asked those in Then may review too; zero when there are none.
	After Duration `json:"after,omitzero"`
	Then  People   `json:"then,omitzero"`
}

// ExtensionRule bounds how access may be extended. The template's maximum bounds it too.
type ExtensionRule struct {
	// Most is how many extensions a request may have; nil: any number.
	Most *int `json:"most,omitempty"`
	// Total is how long all extensions together may last; zero: as the template's maximum allows.
	Total Duration `json:"total,omitzero"`
	// Review is true when reviewers must approve each extension anew.
	Review bool `json:"review,omitempty"`
}

// BreakGlassRule lets some open at once, without the ticket, incident and approvals that are asked for otherwise. The
// zero rule lets nobody.
type BreakGlassRule struct {
	Groups      []string `json:"groups,omitempty"`
	MaxDuration Duration `json:"maxDuration,omitzero"`
	// ReviewWithin is how long afterwards a second person has to review it.
	ReviewWithin Duration `json:"reviewWithin,omitzero"`
	// Ticket is opened when the request has none, in the place of the rule's own.
	Ticket TicketPlace `json:"ticket,omitzero"`
	// Once refuses it to whoever has used it before and waits for the review of that.
	Once bool `json:"once,omitempty"`
}

// TicketPlace is where a ticket is opened; the zero value for nowhere.
type TicketPlace struct {
	Project string `json:"project,omitempty"`
	Type    string `json:"type,omitempty"` // of the issue, like Task
}

// DefaultRuleName is what a rule is called that a template has in the short form, without a name.
const DefaultRuleName = "approval"

// DecideInput is the activity "policy.Decide": the request itself is to be decided, or an extension of it.
type DecideInput struct {
	Request   Sealed[Request]    `json:"request"`
	Reviews   []Sealed[Review]   `json:"reviews,omitempty"` // of the request
	Extension *ExtensionQuestion `json:"extension,omitempty"`
	// Story is put on record first: both take one round trip.
	Story *RecordInput `json:"story,omitempty"`
}

// Split returns what is to be put on record first, and the rest.
func (in DecideInput) Split() (*RecordInput, DecideInput) {
	story := in.Story
	in.Story = nil
	return story, in
}

// ExtensionQuestion asks whether live access may last longer.
type ExtensionQuestion struct {
	// Asked has no seal when it came as a signal: then only reviews of it can vouch for it.
	Asked Sealed[Extension] `json:"asked"`
	// Anew is true when the reviews of the extension count, and not those of the request.
	Anew    bool             `json:"anew,omitempty"`
	Reviews []Sealed[Review] `json:"reviews,omitempty"` // of the extension
	// Held is the decision that the access rests on, with the extensions so far and what was said of them.
	Held           Sealed[DecisionFact] `json:"held"`
	Earlier        []Sealed[Extension]  `json:"earlier,omitempty"`
	EarlierReviews []Sealed[Review]     `json:"earlierReviews,omitempty"`
}

// PostReviewInput is the activity "policy.PostReview": may this reviewer review the break-glass access?
type PostReviewInput struct {
	Request Sealed[Request] `json:"request"`
	Review  Sealed[Review]  `json:"review"`
}

// EvidenceInput is the activity "policy.CheckEvidence": do the ticket and the incident still justify the access?
type EvidenceInput struct {
	Ticket   string `json:"ticket,omitempty"`   // to look at; empty for none
	Incident string `json:"incident,omitempty"` // likewise
}

// EvidenceResult answers it.
type EvidenceResult struct {
	Over bool   `json:"over"`
	By   string `json:"by,omitempty"` // ActorTicket or ActorIncident
	Why  string `json:"why,omitempty"`
}

// Decision answers a DecideInput.
type Decision struct {
	Ruling    Ruling   `json:"ruling"`
	Why       string   `json:"why"`
	Approvals int      `json:"approvals"` // of all rules together, as far as they count
	Needed    int      `json:"needed"`    // by all rules together
	From      []string `json:"from,omitempty"`
	// Reviewers are all who may review, also those who have.
	Reviewers []string    `json:"reviewers,omitempty"`
	Rules     []RuleState `json:"rules,omitempty"`
	// Duration is how long the access may last: as long as was asked, or less when a reviewer said so.
	Duration Duration `json:"duration,omitzero"`
	// Again is when to ask again without a review: more people may review then, or the start comes that a decision to
	// grant waits for.
	Again      time.Time `json:"again,omitzero"`
	BreakGlass bool      `json:"breakGlass,omitempty"`
	// ContinuousSince is since when the subject has had the access without a break, when it goes on from earlier
	// access.
	ContinuousSince time.Time `json:"continuousSince,omitzero"`
	// Unreviewed are the requester's earlier uses of break-glass access that nobody has reviewed yet.
	Unreviewed []string `json:"unreviewed,omitempty"`
	// Refused are the places, among the reviews that the question was about, of those that nobody vouches for. They are
	// not counted.
	Refused []int `json:"refused,omitempty"`
	// Fact is what targets go by; it is set when the ruling is to grant. Before the start it grants nothing yet.
	Fact *Sealed[DecisionFact] `json:"fact,omitempty"`
	// Unrecorded is true when the ledger did not take the story that came with the question. Nothing was decided.
	Unrecorded bool `json:"unrecorded,omitempty"`
}

// RuleState is how far one approval rule is met.
type RuleState struct {
	Name      string   `json:"name"`
	Met       bool     `json:"met,omitempty"`
	Approvals []string `json:"approvals,omitempty"` // who approved and counts
	Needed    int      `json:"needed"`
	Denials   []string `json:"denials,omitempty"` // who denied and counts
	Deny      int      `json:"deny"`              // how many denials deny
	From      []string `json:"from,omitempty"`    // who may review and has not
	// Later are those who may review from Again on, if it takes so long.
	Later []string  `json:"later,omitempty"`
	Again time.Time `json:"again,omitzero"`
}

// Ruling is what the policy says.
type Ruling string

// The rulings of the policy.
const (
	RulingGrant  Ruling = "grant"
	RulingReview Ruling = "review" // more reviews are needed
	RulingDeny   Ruling = "deny"
	// RulingScheduled is sealed in the place of a grant while the start is still to come. It gives no access.
	RulingScheduled Ruling = "scheduled"
)
