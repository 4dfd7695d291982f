package starter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/activities/facts"
	"curfew/activities/group"
	"curfew/activities/policy"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/internal/reload"
	"curfew/starter"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

var everybody = []string{"alice", "bob", "carol", "dave", "erin"}

// What the server says before anybody has decided is what the worker decides on the same facts, whatever the rules of a
// template and whoever asks.
func TestAPreviewByTheServerAgreesWithTheDecisionOfTheWorker(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	rapid.Check(t, func(r *rapid.T) {
		c := rules(r, house.Config)
		ask := starter.Ask{
			Template:   "look-round",
			Requester:  one(r, "requester"),
			Subject:    one(r, "subject"),
			Purpose:    contract.Purpose{Reason: "a look"},
			BreakGlass: rapid.Bool().Draw(r, "break glass"),
			Duration: contract.Duration{
				Duration: rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour}).Draw(r, "lasts"),
			},
		}
		s, err := starter.New(starter.Options{Temporal: house.Client, Config: reload.Fixed(c), Ledger: house.Ledger})
		require.NoError(r, err)
		status, refused := s.Current().Start(t.Context(), ask)
		decision, err := policy.New(policy.Options{
			Config: reload.Fixed(c), Sources: facts.Sources{Groups: group.New(nil, nil)},
			Decisions: house.Ledger, Tombstones: house.Ledger, Alarms: house.Ledger,
		}).Decide(t.Context(), contract.DecideInput{
			Request: contract.Sealed[contract.Request]{Fact: asked(t, s, c, ask, status)},
		})
		require.NoError(r, err)

		if refused != nil {
			problem, known := contract.ProblemOf(refused)
			require.True(r, known)
			require.Equal(r, contract.RulingDeny, decision.Ruling, "the server refuses: %s", problem)
			if !strings.Contains(problem.Fault, "reviewers are neither") {
				require.Contains(r, decision.Why, problem.Fault)
			} else {
				require.Contains(r, decision.Why, "nobody is left who may approve")
			}
			return
		}
		require.NotEqual(
			r,
			contract.RulingDeny,
			decision.Ruling,
			"the server takes what the policy denies: %s",
			decision.Why,
		)
		require.Equal(r, decision.Needed, status.Needed)
		require.ElementsMatch(r, decision.Reviewers, status.Reviewers)
		for _, person := range everybody {
			may := slices.Contains(s.Current().May(t.Context(), person, status), starter.OperationReview)
			require.Equal(r, slices.Contains(decision.Reviewers, person), may, "%s may review", person)
		}
	})
}

// asked is the request as the server has started it, or as it would have.
func asked(
	t *testing.T, s *starter.Starter, c *config.Config, ask starter.Ask, status contract.Status,
) contract.Request {
	t.Helper()
	if status.ID != "" {
		request, err := s.Current().Asked(t.Context(), status.ID)
		require.NoError(t, err)
		return request
	}
	terms, _ := c.Terms(c.Templates[ask.Template], ask.Subject)
	if ask.Duration.Duration == 0 {
		ask.Duration = c.Templates[ask.Template].Duration.Default
	}
	return contract.Request{
		ID: "r" + fmt.Sprint(
			time.Now().UnixNano(),
		),
		Template:   ask.Template,
		Requester:  ask.Requester,
		Subject:    ask.Subject,
		Duration:   ask.Duration,
		Purpose:    ask.Purpose,
		BreakGlass: ask.BreakGlass,
		AskedAt:    time.Now().UTC(),
		Terms:      terms,
	}
}

// rules is a configuration whose template anybody may have written.
func rules(r *rapid.T, base *config.Config) *config.Config {
	c := *base
	c.Groups = map[string]people.Group{
		"devs": {People: some(r, everybody, "devs")},
		"ops":  {People: some(r, everybody, "ops")},
	}
	groups := []string{"devs", "ops"}
	template := base.Templates["look-round"]
	template.Approval = config.Approval{}
	template.Requesters = config.Requesters{
		Groups: some(r, groups, "requesters"), BindSubject: rapid.Bool().Draw(r, "bind subject"),
	}
	template.OnBehalf = config.OnBehalf{Anybody: rapid.Bool().Draw(r, "anybody"), Groups: some(r, groups, "on behalf")}
	template.BreakGlass = config.BreakGlass{
		Groups: some(r, groups, "break glass"), MaxDuration: template.Duration.Max,
	}
	if rapid.Bool().Draw(r, "shortest") {
		template.Duration.Min.Duration = 10 * time.Minute
	}
	for i := range rapid.IntRange(1, 3).Draw(r, "rules") {
		rule := config.ApprovalRule{
			Name: fmt.Sprintf("rule %d", i), Approve: rapid.IntRange(1, 3).Draw(r, "approve"), Deny: 1,
			People: some(r, everybody, "people"), Groups: some(r, groups, "groups"),
		}
		if rapid.Bool().Draw(r, "escalates") {
			rule.After.Duration = 30 * time.Minute
			rule.Then = config.People{People: some(r, everybody, "then"), Groups: some(r, groups, "then groups")}
		}
		template.Approvals = append(template.Approvals, rule)
	}
	c.Templates = map[string]config.Template{"look-round": template}
	return &c
}

func one(r *rapid.T, label string) string { // whoever has an account
	return rapid.SampledFrom([]string{"alice", "bob", "carol", "erin"}).Draw(r, label)
}

func some(r *rapid.T, of []string, label string) []string {
	return slices.DeleteFunc(slices.Clone(of), func(string) bool { return !rapid.Bool().Draw(r, label) })
}
