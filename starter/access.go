package starter

import (
	"context"
	"slices"
	"strings"

	"curfew/internal/people"
	"curfew/workflows/contract"
)

// Operation is something that people do through an entry point, by its name in the API's description.
type Operation string

// What can be done.
const (
	OperationAsk              Operation = "ask"
	OperationList             Operation = "list"
	OperationShow             Operation = "show"
	OperationReviewSubject    Operation = "reviewSubject"
	OperationEvents           Operation = "events"
	OperationDecisions        Operation = "decisions"
	OperationTemplates        Operation = "templates"
	OperationMe               Operation = "me"
	OperationReview           Operation = "review"
	OperationExtend           Operation = "extend"
	OperationCertify          Operation = "certify"
	OperationCancel           Operation = "cancel"
	OperationRevoke           Operation = "revoke"
	OperationStuck            Operation = "stuck"
	OperationRetryStuck       Operation = "retryStuck"
	OperationTakeOverStuck    Operation = "takeOverStuck"
	OperationAlarms           Operation = "alarms"
	OperationSweep            Operation = "sweep"
	OperationEnd              Operation = "end"
	OperationFreeze           Operation = "freeze"
	OperationThaw             Operation = "thaw"
	OperationFrozen           Operation = "frozen"
	OperationHolders          Operation = "holders"
	OperationConfirmDirectory Operation = "confirmDirectory"
)

// Role is what a person is: to a request, or by the configuration.
type Role string

// The roles there are. A person has several at once.
const (
	RolePerson    Role = "anybody" // in the directory
	RoleRequester Role = "requester"
	RoleSubject   Role = "subject"
	RoleReviewer  Role = "reviewer"
	RoleAuditor   Role = "auditor"
	RoleOperator  Role = "operator"
	RoleAdmin     Role = "admin" // every admin is an operator too
)

// Roles are all there are, from the one that everybody has.
func Roles() []Role {
	return []Role{RolePerson, RoleRequester, RoleSubject, RoleReviewer, RoleAuditor, RoleOperator, RoleAdmin}
}

// Rule says who may do an operation.
type Rule struct {
	Operation Operation
	Scope     string // what a token must be good for, one of people.Scopes
	May       []Role // any of these is enough
	Never     []Role // any of these is too much, whatever else the person is
	// In are the states of a request in which it comes into question; all when empty. The workflow has the last word.
	In []contract.State
	// WhenAsked is true when it comes into question also while an extension, or its break-glass access, waits for
	// a reviewer.
	WhenAsked bool
}

// Those who see a request, and those of them who have a part in it.
var (
	parties   = []Role{RoleRequester, RoleSubject}
	involved  = []Role{RoleRequester, RoleSubject, RoleReviewer}
	witnesses = []Role{RoleRequester, RoleSubject, RoleReviewer, RoleAuditor, RoleOperator, RoleAdmin}
	overseers = []Role{RoleAuditor, RoleOperator, RoleAdmin}
	operators = []Role{RoleOperator, RoleAdmin}
)

// rules are all that anybody may do: what is not here is for nobody. A list has of each person what they may be shown.
var rules = []Rule{
	{Operation: OperationAsk, Scope: people.ScopeAsk, May: []Role{RolePerson}},
	{Operation: OperationList, Scope: people.ScopeRead, May: []Role{RolePerson}},
	{Operation: OperationTemplates, Scope: people.ScopeRead, May: []Role{RolePerson}},
	{Operation: OperationMe, Scope: people.ScopeRead, May: []Role{RolePerson}},
	{Operation: OperationFrozen, Scope: people.ScopeRead, May: []Role{RolePerson}},

	{Operation: OperationShow, Scope: people.ScopeRead, May: witnesses},
	{Operation: OperationReviewSubject, Scope: people.ScopeRead, May: witnesses},
	{Operation: OperationEvents, Scope: people.ScopeRead, May: witnesses},
	{Operation: OperationDecisions, Scope: people.ScopeRead, May: witnesses},
	{
		Operation: OperationReview, Scope: people.ScopeReview, May: []Role{RoleReviewer}, Never: parties,
		In: []contract.State{contract.StatePending}, WhenAsked: true,
	},
	{
		Operation: OperationCancel, Scope: people.ScopeAsk, May: parties,
		In: []contract.State{contract.StatePending, contract.StateScheduled},
	},
	{Operation: OperationExtend, Scope: people.ScopeAsk, May: involved, In: []contract.State{contract.StateActive}},
	{
		Operation: OperationCertify,
		Scope:     people.ScopeAsk,
		May:       []Role{RoleSubject},
		In:        []contract.State{contract.StateActive},
	},
	{
		Operation: OperationRevoke, Scope: people.ScopeRevoke, May: slices.Concat(involved, operators),
		In: []contract.State{contract.StateGranting, contract.StateActive, contract.StateRevoking},
	},

	{Operation: OperationStuck, Scope: people.ScopeRead, May: overseers},
	{Operation: OperationAlarms, Scope: people.ScopeRead, May: overseers},
	{Operation: OperationRetryStuck, Scope: people.ScopeOperate, May: operators},
	{Operation: OperationSweep, Scope: people.ScopeOperate, May: operators},
	{Operation: OperationEnd, Scope: people.ScopeOperate, May: operators},
	{Operation: OperationFreeze, Scope: people.ScopeOperate, May: operators},
	{Operation: OperationThaw, Scope: people.ScopeOperate, May: operators},
	{Operation: OperationHolders, Scope: people.ScopeRead, May: overseers},
	{Operation: OperationConfirmDirectory, Scope: people.ScopeOperate, May: operators},
	{Operation: OperationTakeOverStuck, Scope: people.ScopeOperate, May: []Role{RoleAdmin}},
}

// Rules are the rules of all operations.
func Rules() []Rule { return slices.Clone(rules) }

// RuleOf finds an operation's rule. Without one it is for nobody.
func RuleOf(op Operation) (Rule, bool) {
	at := slices.IndexFunc(rules, func(r Rule) bool { return r.Operation == op })
	if at < 0 {
		return Rule{Operation: op}, false
	}
	return rules[at], true
}

// Allows is true when somebody with these roles may.
func (r Rule) Allows(roles []Role) bool { return hasAny(roles, r.May) && !hasAny(roles, r.Never) }

// fits is true when the operation comes into question for a request as it stands.
func (r Rule) fits(status contract.Status) bool {
	return len(r.In) == 0 || slices.Contains(r.In, status.State) || r.WhenAsked && status.WaitsForReview()
}

// aboutRequest is true for what is done to one request.
func (r Rule) aboutRequest() bool { return hasAny(r.May, involved) }

// needsWorkflow is true of what nobody but the request's workflow can do.
func (r Rule) needsWorkflow() bool {
	return slices.Contains([]Operation{OperationReview, OperationExtend, OperationCertify}, r.Operation)
}

func hasAny(roles, of []Role) bool {
	return slices.ContainsFunc(roles, func(role Role) bool { return slices.Contains(of, role) })
}

// May returns what a person may do with a request as it stands, for entry points that offer just that.
func (s *Snapshot) May(ctx context.Context, actor string, status contract.Status) []Operation {
	var may []Operation
	roles, _ := s.rolesIn(ctx, actor, status) // what can't be told now is not offered
	for _, rule := range rules {
		if rule.aboutRequest() && rule.Allows(roles) && rule.fits(status) &&
			!(status.Untracked && rule.needsWorkflow()) {
			may = append(may, rule.Operation)
		}
	}
	return may
}

// allow refuses an actor who may not do what is about no one request.
func (s *Snapshot) allow(actor string, op Operation) error {
	if err := s.known(actor); err != nil {
		return err
	}
	rule, _ := RuleOf(op)
	if rule.Allows(s.roles(actor)) {
		return nil
	}
	return contract.Forbidden("this is for %s", plurals(rule.May)).
		Advise("ask one of them, or to be made one in the section roles of curfew.yaml")
}

// allowOn refuses an actor who may not do something with a request. Whoever may not be shown it does not learn that it
// is there; nor does whoever can't be told now to be a reviewer.
func (s *Snapshot) allowOn(ctx context.Context, actor string, op Operation, status contract.Status) error {
	roles, untold := s.rolesIn(ctx, actor, status)
	rule, _ := RuleOf(op)
	switch show, _ := RuleOf(OperationShow); {
	case !show.Allows(roles):
		return notFound(status.ID)
	case rule.Allows(roles):
		return nil
	case hasAny(roles, rule.Never):
		return contract.Forbidden("nobody reviews access that they asked for or would get").
			Advise("ask one of the reviewers: " + strings.Join(others(status.Reviewers, status.Requester, status.Subject), ", "))
	case untold != nil:
		return untold
	}
	return contract.Forbidden("this is for %s", strings.Join(named(rule.May, status), ", ")).Advise("ask one of them")
}

// roles are those that a person has by the configuration.
func (s *Snapshot) roles(person string) []Role {
	var roles []Role
	for role, has := range map[Role]bool{
		RolePerson:   s.known(person) == nil,
		RoleAuditor:  s.config.IsAuditor(person),
		RoleOperator: s.config.IsOperator(person),
		RoleAdmin:    s.config.IsAdmin(person),
	} {
		if has {
			roles = append(roles, role)
		}
	}
	return roles
}

// rolesIn are those that a person has by the configuration and in a request. Where who is in a group can't be told,
// they come with an error, and are those that the person has for certain.
func (s *Snapshot) rolesIn(ctx context.Context, person string, status contract.Status) (roles []Role, err error) {
	reviews := slices.Contains(status.Reviewers, person)
	if !reviews {
		var by []string
		by, err = s.mayReview(ctx, status, person)
		reviews = err == nil && len(by) > 0
	}
	roles = s.roles(person)
	for role, has := range map[Role]bool{
		RoleRequester: person == status.Requester,
		RoleSubject:   person == status.Subject,
		RoleReviewer:  reviews,
	} {
		if has {
			roles = append(roles, role)
		}
	}
	return roles, err
}

// named are those who have roles: by their ids where the request says who they are.
func named(roles []Role, status contract.Status) []string {
	var names []string
	for _, role := range roles {
		switch role {
		case RoleRequester:
			names = append(names, status.Requester)
		case RoleSubject:
			names = append(names, status.Subject)
		case RoleReviewer:
			names = append(names, status.Reviewers...)
		case RolePerson, RoleAuditor, RoleOperator, RoleAdmin:
			names = append(names, plurals([]Role{role}))
		}
	}
	return distinct(names)
}

func plurals(roles []Role) string {
	var names []string
	for _, role := range roles {
		names = append(names, string(role)+"s")
	}
	return strings.Join(names, ", ")
}
