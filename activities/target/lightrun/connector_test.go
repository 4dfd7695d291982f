package lightrun_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/lightrun"
	"curfew/internal/sandbox"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
	"curfew/workflows/contract"
)

func TestAGrantSaysWhoWhatUntilWhenAndWhy(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	access := request(t, in(time.Hour))
	granted, err := connect(t, c.url, token).Grant(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
	require.True(t, c.Can(ann, pool))
	require.False(t, c.Can(ann, edge))

	live := c.Live()
	require.Len(t, live, 1)
	require.Regexp(t, `^curfew-`+access.Key+`-\d+$`, live[0].Name)
	require.Equal(t, "OPS-7", live[0].IncidentID)
	require.Equal(t, []string{"Standard"}, live[0].Roles)
	require.WithinDuration(t, access.Until.Add(time.Minute), live[0].ExpirationDate, 0)
}

func TestAGrantWhoseReplyWasLostIsAdopted(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector, access := connect(t, c.url, token), request(t, in(time.Hour))
	c.changeFaults.Add(sandbox.Fault{LoseReply: true, Times: 1})
	_, err := connector.Grant(t.Context(), access)
	requireProblem(t, err, contract.KindUnavailable, "can't be reached")
	before := c.Live()
	require.Len(t, before, 1)

	granted, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AlreadyThere, granted)
	require.Equal(t, before, c.Live())
}

// The list was read before the other attempt landed, so that only the 409 tells of it.
func TestAGrantThatLandsMeanwhileIsAdoptedOnConflict(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector, access := connect(t, c.url, token), request(t, in(time.Hour))
	reached, open := c.holdNextChange()
	late := make(chan error, 1)
	var lateGranted target.Granted
	go func() {
		var err error
		lateGranted, err = connector.Grant(t.Context(), access)
		late <- err
	}()
	<-reached
	granted, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
	open()
	require.NoError(t, <-late)
	require.Equal(t, target.AlreadyThere, lateGranted)
	require.Len(t, c.Live(), 1)
}

func TestMovingTheEndNeverInterruptsTheAccess(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector := connect(t, c.url, token)
	_, err := connector.Grant(t.Context(), request(t, in(time.Hour)))
	require.NoError(t, err)
	for _, after := range []time.Duration{3 * time.Hour, 2 * time.Hour, 4 * time.Hour} {
		// Each change is slow, so that a gap between two of them would be seen.
		c.changeFaults.Add(sandbox.Fault{Delay: 20 * time.Millisecond})
		moved, access := make(chan error, 1), request(t, in(after))
		go func() {
			_, err := connector.Grant(t.Context(), access)
			moved <- err
		}()
		for done := false; !done; {
			require.True(t, c.Can(ann, pool), "interrupted on the way to %s", after)
			select {
			case err := <-moved:
				require.NoError(t, err)
				done = true
			default:
			}
		}
		live := c.Live()
		require.Len(t, live, 1, "the former access was removed")
		require.WithinDuration(t, access.Until.Add(time.Minute), live[0].ExpirationDate, 0)
	}
}

func TestP4AnEndThatIsAnsweredAndNotMovedLeavesTheFormerAccess(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector, later := connect(t, c.url, token), request(t, in(2*time.Hour))
	_, err := connector.Grant(t.Context(), request(t, in(time.Hour)))
	require.NoError(t, err)
	c.changeFaults.Add(sandbox.Fault{Method: http.MethodPost, Status: http.StatusCreated, Times: 1})
	_, err = connector.Grant(t.Context(), later)
	requireProblem(t, err, contract.KindUnavailable, "does not list it")
	require.True(t, c.Can(ann, pool))

	granted, err := connector.Grant(t.Context(), later)
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
	live := c.Live()
	require.Len(t, live, 1)
	require.WithinDuration(t, later.Until.Add(time.Minute), live[0].ExpirationDate, 0)
}

func TestAFormerAccessThatCouldNotBeRemovedIsRemovedByTheNextAttempt(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector, later := connect(t, c.url, token), request(t, in(2*time.Hour))
	_, err := connector.Grant(t.Context(), request(t, in(time.Hour)))
	require.NoError(t, err)
	c.changeFaults.Add(sandbox.Fault{Method: http.MethodDelete, Down: true, Times: 1})
	_, err = connector.Grant(t.Context(), later)
	requireProblem(t, err, contract.KindUnavailable)
	require.Len(t, c.Live(), 2)
	granted, err := connector.Grant(t.Context(), later)
	require.NoError(t, err)
	require.Equal(t, target.AlreadyThere, granted)
	require.Len(t, c.Live(), 1)
}

func TestARevokeRemovesAllOfTheGrantWhateverItsEnd(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector, access := connect(t, c.url, token), request(t, in(time.Hour))
	for _, end := range []string{"1", "2", "x"} {
		c.give(t, "curfew-"+access.Key+"-"+end)
	}
	access.Until = time.Time{}
	revoked, err := connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AccessRevoked, revoked)
	require.Empty(t, c.Live())
	revoked, err = connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AlreadyAbsent, revoked)
}

func TestARevokeGoesOnAfterOneRemovalFailed(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	access := request(t, in(time.Hour))
	c.give(t, "curfew-"+access.Key+"-1")
	c.give(t, "curfew-"+access.Key+"-2")
	c.changeFaults.Add(sandbox.Fault{Method: http.MethodDelete, Status: http.StatusInternalServerError, Times: 1})
	_, err := connect(t, c.url, token).Revoke(t.Context(), access)
	requireProblem(t, err, contract.KindUnavailable, "500")
	require.Equal(t, []string{"curfew-" + access.Key + "-1"}, c.names())
}

func TestRevokingWhatIsGoneAlreadySucceeds(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector, access := connect(t, c.url, token), request(t, in(time.Hour))
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	reached, open := c.holdNextChange()
	late := make(chan error, 1)
	go func() {
		_, err := connector.Revoke(t.Context(), access)
		late <- err
	}()
	<-reached
	_, err = connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Empty(t, c.Live())
	open()
	require.NoError(t, <-late, "its delete was answered 404")
}

func TestAccessesOfOthersAreNeverTouched(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector, access := connect(t, c.url, token), request(t, in(time.Hour))
	others := []string{
		"Temp-Access-01032026-120000-000", "curfew-", "curfew-ffffffffffffffffffffffffffffffff-1",
		"curfew-" + access.Key, "Curfew-" + access.Key + "-1", "by-hand curfew-" + access.Key + "-1",
	}
	for _, name := range others {
		c.give(t, name)
	}
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.False(t, state.Held)
	require.Zero(t, state.Until)
	for _, after := range []time.Duration{time.Hour, 2 * time.Hour} {
		_, err = connector.Grant(t.Context(), request(t, in(after)))
		require.NoError(t, err)
	}
	_, err = connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, others, c.names())

	access.Key = ""
	_, err = connector.Revoke(t.Context(), access)
	requireProblem(t, err, contract.KindInternal)
	require.Equal(t, others, c.names())
}

func TestLightrunEndsTheAccessWhenNobodyElseDoes(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector, access := connect(t, c.url, token), request(t, in(time.Hour))
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.True(t, state.Held)
	require.WithinDuration(t, access.Until.Add(time.Minute), state.Until, 0)

	c.pass(time.Until(access.Until) + time.Second)
	require.True(t, c.Can(ann, pool), "the deadline is Curfew's to keep")
	c.pass(time.Minute)
	require.False(t, c.Can(ann, pool))
	state, err = connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.False(t, state.Held)
	require.Zero(t, state.Until)
	revoked, err := connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AlreadyAbsent, revoked)
}

func TestTheEndIsThatOfTheAccessThatLastsLongest(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector, access := connect(t, c.url, token), request(t, in(30*time.Hour))
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	c.give(t, "curfew-"+access.Key+"-1") // for a day
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.WithinDuration(t, access.Until.Add(time.Minute), state.Until, 0)
}

func TestEndsThatLightrunCantKeepAreRefusedBeforeAnyCall(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector := connect(t, c.url, token)
	for name, tc := range map[string]struct {
		until time.Time
		kind  contract.Kind
	}{
		"over 31 days": {in(31*24*time.Hour + time.Minute), contract.KindDenied},
		"past":         {in(-time.Second), contract.KindOverdue},
		"none":         {time.Time{}, contract.KindOverdue},
	} {
		_, err := connector.Grant(t.Context(), request(t, tc.until))
		requireProblem(t, err, tc.kind, "until")
		require.Empty(t, c.requests(), name)
	}
	access := request(t, in(time.Hour))
	for _, account := range []string{"", "ann", "ann@example.com\n"} {
		access.Account = account
		_, err := connector.Grant(t.Context(), access)
		requireProblem(t, err, contract.KindInvalid, "account")
		require.Empty(t, c.requests(), account)
	}
}

func TestTheLongestAccessFitsIntoTheVendorsLimit(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	_, err := connect(t, c.url, token).Grant(t.Context(), request(t, in(lightrun.Kind().Limits.MaxDuration)))
	require.NoError(t, err)
	require.True(t, c.Can(ann, pool))
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	c := open(t, func(options *sandboxlightrun.Options) { options.Limit = 300 })
	for i := range 230 {
		c.give(t, "by hand "+string(rune('a'+i/26))+string(rune('a'+i%26)))
	}
	connector, access := connect(t, c.url, token), request(t, in(time.Hour))
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.True(t, state.Held)
	_, err = connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.False(t, c.Can(ann, pool))
}
