// Package policy decides, on facts that others have gathered and checked, whether a request is granted, denied or needs
// more reviews. It reads nothing and waits for nothing: the same facts always get the same decision, so that a decision
// can be stored with its facts, made again and explained.
package policy

import (
	"slices"
	"time"

	"curfew/workflows/contract"
)

// Facts are everything that a decision depends on. Their seals have been checked.
type Facts struct {
	// Request carries the terms that its template had when it was asked: the pinned ones.
	Request contract.Request `json:"request"`
	// Reviews may come in any order; those of another request don't count.
	Reviews []contract.Review `json:"reviews,omitempty"`
	// Extension is what is asked now; nil when the request itself is to be decided.
	Extension *Extension `json:"extension,omitempty"`
	// Present are the terms that the template has at this moment for the subject; nil when it is not in the
	// configuration any more.
	Present *contract.Terms `json:"present,omitempty"`
	// Now is when the facts were gathered.
	Now time.Time `json:"now"`
	// People are those whom the request concerns and the directory knows at this moment, by id.
	People map[string]Person `json:"people"`
	// Groups are the members of the groups that the terms name, at this moment.
	Groups map[string][]string `json:"groups,omitempty"`
	// Open are those of the groups whose other members are not known before they sign in.
	Open     []string `json:"open,omitempty"`
	Ticket   Ticket   `json:"ticket,omitzero"`
	Incident Incident `json:"incident,omitzero"`
	// ContinuousSince is since when the subject has had one of the accesses without a break, by whatever requests; zero
	// when the access would not go on from any.
	ContinuousSince time.Time `json:"continuousSince,omitzero"`
	// Uncounted is true when the subject has had more access without a break than was looked through for that.
	Uncounted bool `json:"uncounted,omitempty"`
	// GrantedAt is when this request's access began; zero before that.
	GrantedAt time.Time `json:"grantedAt,omitzero"`
	// Unreviewed are requests by which the requester has used break-glass access that nobody has reviewed yet.
	Unreviewed []string `json:"unreviewed,omitempty"`
}

// Person is somebody whom the directory knows.
type Person struct {
	Name   string   `json:"name,omitempty"`
	Groups []string `json:"groups,omitempty"`
}

// Extension is an ask for a later end of live access.
type Extension struct {
	// Total is how long the access would last in all.
	Total contract.Duration `json:"total"`
	// Added is how long all extensions would be together, with this one.
	Added contract.Duration `json:"added,omitzero"`
	// Earlier is how many extensions the request has had.
	Earlier int `json:"earlier,omitempty"`
	// Anew is true when the reviews are of the extension, not of the request.
	Anew bool `json:"anew,omitempty"`
}

// Ticket is what is known of the request's ticket.
type Ticket struct {
	Found bool `json:"found,omitempty"` // it was named, and the tracker has it
	// Key is its present one, which differs from the one that was named when it has moved to another project since.
	Key    string `json:"key,omitempty"`
	Status string `json:"status,omitempty"` // by the name that depends on nobody's language
	// ShownStatus is the status as the tracker shows it to Curfew.
	ShownStatus string `json:"shownStatus,omitempty"`
	Done        bool   `json:"done,omitempty"`
	Assignee    string `json:"assignee,omitempty"` // a person's id; empty for nobody whom the directory knows
	Reporter    string `json:"reporter,omitempty"` // as assignee
}

// Incident is what is known of the request's incident.
type Incident struct {
	Found        bool   `json:"found,omitempty"` // it was named, and the incident system has it
	Service      string `json:"service,omitempty"`
	Urgency      string `json:"urgency,omitempty"`
	Open         bool   `json:"open,omitempty"`
	Acknowledged bool   `json:"acknowledged,omitempty"`
	// OnCall is the lowest escalation level at which the requester is on call for the service, from 1; 0 for none.
	OnCall int `json:"onCall,omitempty"`
	// Unknown says why nothing is known, when that is not because there is no such incident.
	Unknown string `json:"unknown,omitempty"`
}

// duration is how long the access would last in all.
func (f Facts) duration() contract.Duration {
	if f.Extension != nil {
		return f.Extension.Total
	}
	return f.Request.Duration
}

// isParty is true for those who gain by the request. A person is one id, however many accounts it has.
func (f Facts) isParty(person string) bool {
	return person == f.Request.Requester || person == f.Request.Subject
}

// includes is true when somebody is named, or a member of a group that is.
func (f Facts) includes(people contract.People, person string) bool {
	return contains(people.People, person) || f.inAny(people.Groups, person)
}

func (f Facts) inAny(groups []string, person string) bool {
	for _, group := range groups {
		if contains(f.Groups[group], person) {
			return true
		}
	}
	return false
}

// HaveConditions is true when either terms have a condition.
func (f Facts) HaveConditions() bool {
	return slices.ContainsFunc(
		versionsOf(f),
		func(s termsVersion) bool { return len(s.Rules.Constraints)+len(s.Rules.Automatic) > 0 },
	)
}

// GroupNames are the groups that either terms name; their members are facts.
func (f Facts) GroupNames() []string {
	var names []string
	for _, version := range versionsOf(f) {
		rules := version.Rules
		names = union(names, slices.Concat(rules.Requesters.Groups, rules.OnBehalf.Groups, rules.BreakGlass.Groups))
		for _, rule := range version.Rules.Approvals {
			names = union(names, slices.Concat(rule.Groups, rule.Then.Groups))
		}
	}
	return names
}

// Concerned are the persons whom the request concerns, known or not: who asks, who gets, who reviewed and who may.
func (f Facts) Concerned() []string {
	concerned := union(nil, []string{f.Request.Requester, f.Request.Subject})
	for _, review := range f.Reviews {
		concerned = union(concerned, []string{review.Reviewer})
	}
	for _, version := range versionsOf(f) {
		for _, rule := range version.Rules.Approvals {
			concerned = union(concerned, slices.Concat(rule.From, rule.Then.People))
			for _, group := range slices.Concat(rule.Groups, rule.Then.Groups) {
				concerned = union(concerned, f.Groups[group])
			}
		}
	}
	return concerned
}
