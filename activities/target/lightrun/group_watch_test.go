package lightrun_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/internal/sandbox"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
	"curfew/workflows/contract"
)

func TestAnotherMemberWhoChangesWithACallIsToldLoudly(t *testing.T) {
	t.Parallel()
	const cleo = "cleo@example.com"
	for name, tc := range map[string]struct{ who, method, path, body string }{
		"leaves": {bob, http.MethodDelete, membersPath, `["bob@example.com"]`},
		"comes":  {cleo, http.MethodPost, membersPath, `[{"email":"cleo@example.com"}]`},
		"falls":  {bob, http.MethodPut, membersPath + "/" + bob, `{"elevatedRoles":["PRIVILEGED"]}`},
		"rises":  {bob, http.MethodPut, membersPath + "/" + bob, `{"elevatedRoles":["PRIVILEGED","STANDARD"],"groupAdmin":true}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openGroups(t, func(options *sandboxlightrun.Options) {
				options.Users = append(options.Users, sandboxlightrun.User{Email: cleo})
			})
			connector := connectGroups(t, c.url, companyToken)
			finish := c.hold(granting(t, connector, ann))
			c.byHand(t, companyToken, tc.method, tc.path, tc.body)
			requireProblem(
				t,
				finish(),
				contract.KindUnavailable,
				"membership of others changed too, 1 in all: "+tc.who,
				ann,
				"audit",
			)

			again, err := connector.Grant(t.Context(), membership(t, ann))
			require.NoError(t, err)
			require.Equal(t, target.AlreadyThere, again)
		})
	}
}

// As by a server that does not see the body of a DELETE and takes that for everybody.
func TestARevokeThatEmptiesTheGroupIsToldLoudly(t *testing.T) {
	t.Parallel()
	c := openGroups(t, func(options *sandboxlightrun.Options) { addUsers(options, nil) })
	for i := range 6 {
		c.join(t, numbered(i))
	}
	finish := c.hold(revoking(t, connectGroups(t, c.url, companyToken), bob))
	for i := range 6 {
		c.leave(t, numbered(i))
	}
	requireProblem(
		t,
		finish(),
		contract.KindUnavailable,
		fmt.Sprintf("6 in all: %s, ", numbered(0)),
		numbered(4)+", …",
		"audit",
	)
	require.Empty(t, c.crew())
}

func TestChangesOfThisProcessThatOverlapAreNoAlarm(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	c.join(t, ann)
	connector := connectGroups(t, c.url, companyToken)
	finish := c.hold(revoking(t, connector, ann))
	require.NoError(t, revoking(t, connector, bob)())
	require.NoError(t, finish(), "another revoke began and ended meanwhile")
	require.Empty(t, c.crew())

	finish = c.hold(granting(t, connector, ann))
	finishSecond := c.hold(granting(t, connector, bob))
	require.NoError(t, finish())
	require.NoError(t, finishSecond(), "another grant landed that had begun before")
	require.Equal(t, []string{ann, bob}, c.crew())
}

func TestManyGrantsOfOneGroupAtOnceChangeOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	c := openGroups(t, func(options *sandboxlightrun.Options) { addUsers(options, nil) })
	connector := connectGroups(t, c.url, companyToken)
	c.changeFaults.Add(sandbox.Fault{Method: http.MethodPost, LoseReply: true, Times: 5})
	const many = 12
	results := make(chan error, many)
	for i := range many {
		grant := granting(t, connector, numbered(i))
		go func() { results <- grant() }()
	}
	for range many {
		if err := <-results; err != nil {
			requireProblem(t, err, contract.KindUnavailable, "can't be reached")
		}
	}
	for i := range many {
		require.NoError(t, granting(t, connector, numbered(i))())
	}
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(c.crew()))), many+1)
}

// hold starts a call, and returns when its change waits before the company. What it returns lets the change go on, and
// returns the call's error.
func (c *company) hold(call func() error) (finish func() error) {
	reached, open := c.holdNextChange()
	done := make(chan error, 1)
	go func() { done <- call() }()
	<-reached
	return func() error {
		open()
		return <-done
	}
}

func granting(t *testing.T, connector target.Connector, account string) func() error {
	t.Helper()
	access := membership(t, account)
	return func() error {
		_, err := connector.Grant(t.Context(), access)
		return err
	}
}

func revoking(t *testing.T, connector target.Connector, account string) func() error {
	t.Helper()
	access := membership(t, account)
	return func() error {
		_, err := connector.Revoke(t.Context(), access)
		return err
	}
}
