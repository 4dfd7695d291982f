package policy_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/facts"
	"curfew/activities/group"
	"curfew/activities/incident"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/policy"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/people"
	core "curfew/internal/policy"
	"curfew/internal/reload"
	"curfew/workflows/contract"
)

func hours(n time.Duration) contract.Duration { return contract.Duration{Duration: n * time.Hour} }

// tracker and pager are systems that say what a test wants.
type tracker struct {
	ticket.System
	ticket ticket.Ticket
	err    error
}

func (tracker) Name() string { return "jira" }

func (t tracker) Find(context.Context, string) (ticket.Ticket, error) { return t.ticket, t.err }

type pager struct {
	incident.System
	incident incident.Incident
	turns    []incident.OnCall
	err      error
}

func (pager) Name() string { return "pager" }

func (pager) Recognizes(id string) bool { return id == "P1" }

func (p pager) Find(context.Context, string) (incident.Incident, error) { return p.incident, p.err }

func (p pager) OnCall(context.Context, string) ([]incident.OnCall, error) { return p.turns, p.err }

// house has a template that two of a group approve.
func house() *config.Config {
	return &config.Config{
		Directory: people.Directory{
			People: map[string]people.Person{
				"ada":   {Name: "Ada", Accounts: map[string]string{"db": "ada", "jira": "acc-ada", "pager": "U-ADA"}},
				"grace": {}, "edsger": {},
			},
			Groups: map[string]people.Group{
				"ops":  {People: []string{"grace", "edsger", "ada"}},
				"devs": {People: []string{"ada"}},
			},
		},
		Templates: map[string]config.Template{"debug": {
			Digest:       "d1",
			Entitlements: []config.Entitlement{{Target: "db", Spec: []byte(`{"role":"r"}`)}},
			Duration: config.Durations{
				Default: hours(1),
				Max:     hours(4),
			},
			Ticket:    config.Ticket{Use: config.TicketRequired, RequesterIs: []string{contract.RoleAssignee}},
			Incident:  &config.Incident{Open: true, OnCall: 1},
			Approvals: []config.ApprovalRule{{Name: "ops", Groups: []string{"ops"}, Approve: 2, Deny: 1}},
			Constraints: []config.Constraint{
				{Name: "devs", Message: "for developers", Condition: `"devs" in requester.groups`},
			},
		}},
	}
}

// options are those of a worker whose ledger is empty.
func options(t *testing.T, c *config.Config) policy.Options {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return policy.Options{
		Config: reload.Fixed(c), Decisions: store, Tombstones: store, Alarms: store,
		Sources: facts.Sources{
			Tickets: tracker{ticket: ticket.Ticket{Key: "OPS-7", Assignee: "acc-ada"}},
			Incidents: incident.Systems{
				pager{
					incident: incident.Incident{ID: "P1", Service: "shop", Open: true},
					turns: []incident.OnCall{
						{Account: "U-ADA", Level: 2},
						{Account: "u-ada", Level: 1},
						{Account: "U-ADA", Level: 3},
						{Account: "U-ADA"},
						{Account: "U-OTHER", Level: 1},
					},
				},
			},
		},
	}
}

func ask(t *testing.T, c *config.Config, reviewers ...string) contract.DecideInput {
	t.Helper()
	terms, missing := c.Terms(c.Templates["debug"], "ada")
	require.Empty(t, missing)
	asked := time.Now().UTC()
	in := contract.DecideInput{Request: contract.Sealed[contract.Request]{Fact: contract.Request{
		ID:        "r1",
		Template:  "debug",
		Requester: "ada",
		Subject:   "ada",
		Duration:  hours(1),
		Purpose:   contract.Purpose{Ticket: "OPS-7", Incident: "P1"},
		AskedAt:   asked,
		Terms:     terms,
	}}}
	for _, reviewer := range reviewers {
		in.Reviews = append(in.Reviews, contract.Sealed[contract.Review]{Fact: contract.Review{
			Request: "r1", Reviewer: reviewer, Verdict: contract.VerdictApprove, At: asked, Rules: []string{"ops"},
		}})
	}
	return in
}

func TestADecisionIsMadeOfTheFactsOfTheMomentAndExplainsThem(t *testing.T) {
	t.Parallel()
	c := house()
	o := options(t, c)
	activities := policy.New(o)
	in := ask(t, c, "grace", "edsger")
	decision, err := activities.Decide(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, contract.RulingGrant, decision.Ruling, decision.Why)

	journal, err := o.Decisions.DecisionsOf(t.Context(), "r1")
	require.NoError(t, err)
	require.Len(t, journal, 1)
	require.Equal(t, contract.RulingGrant, journal[0].Ruling)
	require.Equal(t, decision.Fact.Fact.Until, journal[0].Until)
	explained, err := core.Unpack(journal[0].Explanation)
	require.NoError(t, err)
	require.Equal(t, core.Ticket{Found: true, Key: "OPS-7", Assignee: "ada"}, explained.Facts.Ticket)
	require.Equal(t, core.Incident{Found: true, Service: "shop", Open: true, OnCall: 1}, explained.Facts.Incident)
	require.Equal(
		t,
		[]core.Value{{Name: "devs", Condition: `"devs" in requester.groups`, Holds: true}},
		explained.Conditions,
	)
	require.Equal(t, core.Person{Name: "Ada", Groups: []string{"devs", "ops"}}, explained.Facts.People["ada"])

	c.Groups["ops"] = people.Group{People: []string{"grace"}}
	decision, err = activities.Decide(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, contract.RulingDeny, decision.Ruling, "who left the group before the grant does not count")
}

func TestConditionsOfATemplateThatHasChangedAreStillHeld(t *testing.T) {
	t.Parallel()
	c := house()
	in := ask(t, c, "grace", "edsger")
	in.Request.Fact.Terms.Rules.Constraints = []contract.Constraint{
		{Name: "never", Message: "never", Condition: "now.getFullYear() < 2000"},
	}
	in.Request.Fact.Terms.Digest = "d0"
	decision, err := policy.New(options(t, c)).Decide(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, contract.RulingDeny, decision.Ruling)
	require.Equal(t, "never", decision.Why)
}

func TestWithoutFactsThereIsNoDecision(t *testing.T) {
	t.Parallel()
	down := contract.Unavailable("it is down")
	gone := contract.NotFound("it is gone")
	for name, test := range map[string]struct {
		change func(*policy.Options)
		why    string // empty: no decision at all
	}{
		"the tracker is down":     {func(o *policy.Options) { o.Tickets = tracker{err: down} }, ""},
		"the pager is down":       {func(o *policy.Options) { o.Incidents = incident.Systems{pager{err: down}} }, ""},
		"there is no such ticket": {func(o *policy.Options) { o.Tickets = tracker{err: gone} }, "the ticket OPS-7 was not found"},
		"there is no tracker":     {func(o *policy.Options) { o.Tickets = nil }, "the ticket OPS-7 was not found"},
		"no incident":             {func(o *policy.Options) { o.Incidents = incident.Systems{pager{err: gone}} }, "the incident P1 was not found"},
		"no pager": {
			func(o *policy.Options) { o.Incidents = nil }, "the incident P1 can't be checked: no incident system is configured",
		},
		"a ticket of somebody whom the directory does not know": {
			func(o *policy.Options) { o.Tickets = tracker{ticket: ticket.Ticket{Assignee: "acc-eve"}} }, "ada is not assignee of the ticket OPS-7",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := house()
			o := options(t, c)
			test.change(&o)
			decision, err := policy.New(o).Decide(t.Context(), ask(t, c, "grace", "edsger"))
			if test.why == "" {
				require.ErrorContains(t, err, "it is down")
				return
			}
			require.NoError(t, err)
			require.Equal(t, contract.RulingDeny, decision.Ruling)
			require.Equal(t, test.why, decision.Why)
		})
	}
}

// unreachable is a directory that does not answer.
type unreachable struct{}

func (unreachable) Holders(context.Context, json.RawMessage, []string) ([]string, error) {
	return nil, contract.Denied("it is down")
}

func TestWithoutKnowingWhoIsInAGroupThereIsNoDecision(t *testing.T) {
	t.Parallel()
	c := house()
	o := options(t, c)
	in := ask(t, c, "grace", "edsger")
	c.Directories = map[string]people.GroupSystem{"corp": {Accounts: "jira"}}
	c.Groups["ops"] = people.Group{Directory: "corp", Spec: []byte(`{}`)}
	o.Groups = group.New(map[string]group.Directory{"corp": unreachable{}}, nil)

	_, err := policy.New(o).Decide(t.Context(), in)

	require.ErrorContains(t, err, "who is in the group ops can't be told: it is down")
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok)
	require.Equal(t, contract.KindUnavailable, problem.Kind, "so it is tried again")
	journal, err := o.Decisions.DecisionsOf(t.Context(), "r1")
	require.NoError(t, err)
	require.Empty(t, journal)
}

func TestATrackerThatIsDownCutsNoExtensionShort(t *testing.T) {
	t.Parallel()
	c := house()
	o := options(t, c)
	o.Tickets = tracker{err: contract.Unavailable("it is down")}
	in := ask(t, c, "grace", "edsger")
	in.Extension = &contract.ExtensionQuestion{}
	in.Extension.Asked.Fact = contract.Extension{Request: "r1", By: "ada", Duration: hours(1)}
	in.Extension.Held.Fact.Lasts = hours(1)
	decision, err := policy.New(o).Decide(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, contract.RulingGrant, decision.Ruling, decision.Why)
	require.Equal(t, hours(2), decision.Duration)
}
