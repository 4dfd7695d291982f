package facts_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/facts"
	"curfew/activities/group"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// down is a directory that does not answer.
type down struct{}

func (down) Holders(context.Context, json.RawMessage, []string) ([]string, error) {
	return nil, contract.Unavailable("the directory is down")
}

// A server shows those reviewers whom it knows; a worker decides nothing until it knows all.
func TestWhatCannotBeToldOfAGroupIsAnErrorAndHidesNobodyElse(t *testing.T) {
	t.Parallel()
	c := &config.Config{
		Directory: people.Directory{
			People: map[string]people.Person{
				"ada": {Accounts: map[string]string{"corp": "uid=ada", "db": "ada"}}, "bob": {},
			},
			Directories: map[string]people.GroupSystem{"corp": {Accounts: "corp"}},
			Groups:      map[string]people.Group{"ops": {Directory: "corp"}},
		},
		Templates: map[string]config.Template{"debug": {Approvals: []config.ApprovalRule{
			{Name: "ops", People: []string{"bob"}, Groups: []string{"ops"}, Approve: 1},
		}}},
	}
	gatherer := facts.Sources{Groups: group.New(map[string]group.Directory{"corp": down{}}, nil)}.By(c)
	terms, _ := c.Terms(c.Templates["debug"], "ada")
	request := contract.Request{Template: "debug", Requester: "ada", Subject: "ada", Terms: terms}

	found, err := gatherer.Parties(t.Context(), request, nil)
	problem, known := contract.ProblemOf(err)
	require.True(t, known)
	require.Equal(t, contract.KindUnavailable, problem.Kind)
	reviewers, needed := policy.Reviewers(found)
	require.Equal(t, []string{"bob"}, reviewers)
	require.Equal(t, 1, needed)
	_, err = gatherer.All(t.Context(), request, nil, nil)
	require.Error(t, err)
}
