package starter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/starter"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

// crowd records requests of a person's, a millisecond apart, and returns their ids, newest first.
func crowd(t *testing.T, house *startertest.House, size int, change func(int, *contract.Status)) (ids []string) {
	t.Helper()
	began := time.Now().Add(-time.Hour)
	for n := range size {
		status := startertest.Status(contract.StatePending)
		status.ID = ulid.MustNew(ulid.Timestamp(began.Add(time.Duration(n)*time.Millisecond)), ulid.DefaultEntropy()).
			String()
		change(n, &status)
		house.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: status.Requester})
		ids = append(ids, status.ID)
	}
	slices.Reverse(ids)
	return ids
}

// all reads a list to its end, and returns what it has and the length of its longest page.
func all(t *testing.T, house *startertest.House, actor string, filter ledger.Filter) (ids []string, longest int) {
	t.Helper()
	for range 1000 {
		page, err := house.Starter.Current().List(t.Context(), actor, filter)
		require.NoError(t, err)
		for _, status := range page.Requests {
			ids = append(ids, status.ID)
		}
		longest = max(longest, len(page.Requests))
		if page.Next == "" {
			return ids, longest
		}
		filter.Before = page.Next
	}
	require.Fail(t, "the list has no end")
	return nil, 0
}

func TestTheServerChoosesHowLongAPageIs(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	ids := crowd(t, house, 250, func(int, *contract.Status) {})
	got, longest := all(t, house, "alice", ledger.Filter{Limit: 500})
	require.Equal(t, ids, got, "nothing is left out")
	require.LessOrEqual(t, longest, 100)
}

func TestAPageOfLargeRequestsIsShorter(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	ids := crowd(t, house, 90, func(n int, status *contract.Status) {
		status.Reason = strings.Repeat("x", 4096)
		for reviewer := range 500 {
			status.Reviewers = append(status.Reviewers, fmt.Sprintf("reviewer-%d-%d", n, reviewer))
		}
	})
	got, longest := all(t, house, "alice", ledger.Filter{Limit: 500})
	require.Equal(t, ids, got)
	require.Less(t, longest, 90)
}

func TestWhoComesIntoAGroupSeesAllThatWaitsHoweverMuchOfItIsOthers(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	house.Config.Groups = map[string]people.Group{"ops": {People: []string{"carol", "bob"}}}
	template := house.Config.Templates["debug-prod"]
	template.Approval, template.Approvals = config.Approval{}, []config.ApprovalRule{
		{Name: "ops", Groups: []string{"ops"}, Approve: 1, Deny: 1},
	}
	house.Config.Templates["debug-prod"] = template
	var theirs []string
	ids := crowd(t, house, 400, func(n int, status *contract.Status) {
		status.Reviewers = []string{"carol"}
		if n%100 != 7 { // bob's own, which he can't review
			status.Requester, status.Subject = "bob", "bob"
		}
	})
	for at := range ids {
		if (399-at)%100 == 7 {
			theirs = append(theirs, ids[at])
		}
	}
	got, _ := all(t, house, "bob", ledger.Filter{Reviewer: "bob", Waits: true, Limit: 10})
	require.Equal(t, theirs, got)
	got, _ = all(t, house, "bob", ledger.Filter{Limit: 30})
	require.Equal(t, ids, got, "in order, and each once")
}

func TestACursorSaysNothingOfRequestsThatItsReaderCanNotSee(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	house.Config.Groups = map[string]people.Group{"ops": {People: []string{"carol", "bob"}}}
	template := house.Config.Templates["debug-prod"]
	template.Approval, template.Approvals = config.Approval{}, []config.ApprovalRule{
		{Name: "ops", Groups: []string{"ops"}, Approve: 1, Deny: 1},
	}
	house.Config.Templates["debug-prod"] = template
	ids := crowd(t, house, 60, func(_ int, status *contract.Status) { // bob reviews none of his own
		status.Requester, status.Subject, status.Reviewers = "bob", "bob", []string{"carol"}
	})
	filter := ledger.Filter{Reviewer: "bob", Waits: true, Limit: 10}
	pages := 0
	for ; pages < 100; pages++ {
		page, err := house.Starter.Current().List(t.Context(), "bob", filter)
		require.NoError(t, err)
		require.Empty(t, page.Requests)
		if filter.Before = page.Next; page.Next == "" {
			break
		}
		require.NotContains(t, ids, page.Next)
	}
	require.Positive(t, pages, "the cursor leads on")
	_, err := house.Starter.Current().List(t.Context(), "bob", ledger.Filter{Before: "x" + ids[0]})
	requireProblem(t, err, contract.KindInvalid, "before")
}

func TestOpenRequestsAreFoundAmongManyThatHaveEnded(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	var open []string
	states := []contract.State{
		contract.StatePending,
		contract.StateScheduled,
		contract.StateGranting,
		contract.StateActive,
		contract.StateRevoking,
	}
	crowd(t, house, 300, func(n int, status *contract.Status) {
		status.State, status.Outcome = contract.StateEnded, contract.OutcomeExpired
		if n%50 == 0 {
			status.State, status.Outcome = states[n/50%len(states)], ""
			open = append(open, status.ID)
		}
	})
	found, err := house.Starter.Current().OpenRequests(t.Context(), ledger.Filter{Ticket: "OPS-7"})
	require.NoError(t, err)
	var got []string
	for _, status := range found {
		got = append(got, status.ID)
	}
	require.ElementsMatch(t, open, got)
}

func TestNobodyHasMoreRequestsWaitingThanAnybodyDecides(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	asked := ask()
	asked.ID = ulid.Make().String()
	first, err := house.Starter.Current().Start(t.Context(), asked)
	require.NoError(t, err)
	crowd(t, house, 100, func(int, *contract.Status) {})

	_, err = house.Starter.Current().Start(t.Context(), ask())
	requireProblem(t, err, contract.KindTooMany, "")
	again, err := house.Starter.Current().Start(t.Context(), asked)
	require.NoError(t, err, "what was asked for before is answered")
	require.Equal(t, first.ID, again.ID)
	theirs := ask()
	theirs.Requester = "bob"
	_, err = house.Starter.Current().Start(t.Context(), theirs)
	require.NoError(t, err)
	start := func(source, person string) error {
		started := ask()
		started.Source, started.Requester = source, person
		_, err := house.Starter.Current().StartDerived(
			t.Context(),
			started,
			starter.Origin{Began: time.Now(), Of: []string{ulid.Make().String()}},
		)
		return err
	}
	require.NoError(t, start("pagerduty", "alice"), "an incident is not kept waiting")

	crowd(t, house, 100, func(_ int, status *contract.Status) { status.Source = "jira" })
	err = start("jira", "alice")
	requireProblem(t, err, contract.KindTooMany, "")
	problem, _ := contract.ProblemOf(err)
	require.GreaterOrEqual(t, problem.RetryAfter.Duration, 5*time.Minute)
	require.NoError(t, start("pagerduty", "alice"), "an incident is not kept waiting by tickets either")
	require.NoError(t, start("jira", "bob"))
}

func TestWhatASourceStartsInSomebodysNameLeavesRoomForWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	crowd(t, house, 150, func(_ int, status *contract.Status) { status.Source = "hooks/scripts" })
	_, err := house.Starter.Current().Start(t.Context(), ask())
	require.NoError(t, err)
}
