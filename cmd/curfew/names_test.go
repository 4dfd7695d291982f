package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/departure"
	"curfew/starter"
	"curfew/starter/api"
	"curfew/workflows/contract"
)

// printed is what a page shows.
func printed(t *testing.T, write func(*page)) string {
	t.Helper()
	page := newPage()
	write(page)
	var out strings.Builder
	require.NoError(t, page.print(&out))
	return out.String()
}

func TestOperatorsSeePeopleByNameWithTheirIdsBeside(t *testing.T) {
	t.Parallel()
	p := &program{}
	names := map[string]string{"p-ada": "Ada Lovelace"}
	stuck := contract.GrantStatus{
		ID:     "grant/db/1/p-ada",
		Access: contract.Access{Person: "p-ada", Target: "db", Account: "ada"},
		Names:  names,
	}
	require.Contains(
		t,
		printed(t, func(page *page) { p.stuckText(page, api.Stuck{Grants: []contract.GrantStatus{stuck}}) }),
		"Ada Lovelace (p-ada)",
	)
	ended := starter.EndReport{Requests: []starter.EndedRequest{{ID: "r1", Subject: "p-ada"}}, Names: names}
	require.Contains(t, printed(t, func(page *page) { endText(page, ended) }), "Ada Lovelace (p-ada)")
	ends := []departure.Departure{{Request: "r1", Person: "p-ada", Why: departure.Left}}
	require.Contains(
		t,
		printed(t, func(page *page) { departuresText(page, ends, names, "15m") }),
		"Ada Lovelace (p-ada)",
	)
	rules := []contract.ApprovalRule{{Count: 1, From: []string{"p-ada", "p-bob"}, Groups: []string{"ops"}}}
	require.Contains(t, printed(t, func(page *page) {
		templatesText(
			page,
			api.Templates{Templates: []starter.Template{{Name: "debug", Approvals: rules}}, Names: names},
		)
	}), "1 of Ada Lovelace (p-ada), p-bob, ops")
}

func TestTheServerNamesWhomItsListsAreAbout(t *testing.T) {
	t.Parallel()
	s := whole(t)
	s.ask(t)
	s.asked(t, "pending")
	require.Contains(t, s.run(t, "alice", "templates").out, "1 of Bob (bob)")
	require.Contains(t, s.run(t, "bob", "end", "--all", "--reason", "a drill", "--dry-run").out, "Alice (alice)")
}
