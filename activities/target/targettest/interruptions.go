package targettest

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

const (
	// cuts is how many calls of each sort are cut off, each at another instant.
	cuts = 8
	// prompt is how soon a call returns after its context has ended.
	prompt = 5 * time.Second
)

// interruptions is what calls promise that were cut off, or whose answer was lost.
var interruptions = []behaviour{
	{name: "calls that are cancelled half-way can be made again", try: func(t *testing.T, tr trial) {
		whole := tr.wholeLife(t)
		for range cuts {
			account, end := tr.Accounts(t), until(time.Hour)
			cut := cutOff(t, whole, func(ctx context.Context) error {
				_, err := tr.Connector.Grant(ctx, tr.access(account, end))
				return err
			})
			tr.settle(t, cut, account, true, func() { tr.grant(t, account, end) })
			cut = cutOff(t, whole, func(ctx context.Context) error {
				_, err := tr.Connector.Revoke(ctx, tr.access(account, time.Time{}))
				return err
			})
			tr.settle(t, cut, account, false, func() { tr.revoke(t, account) })
		}
	}},
	{name: "a cancelled move of the end never interrupts the access", try: func(t *testing.T, tr trial) {
		whole, account := tr.wholeLife(t), tr.Accounts(t)
		tr.grant(t, account, until(time.Hour))
		for i := range cuts {
			end := until(time.Duration(2+i%3) * time.Hour)
			cutOff(t, whole, func(ctx context.Context) error {
				_, err := tr.Connector.Grant(ctx, tr.access(account, end))
				return err
			})
			tr.requireHeld(t, account)
		}
		tr.settle(t, time.Now(), account, false, func() { tr.revoke(t, account) })
	}},
	{
		name:    "a grant whose answer was lost is found by the next attempt",
		applies: losesReplies,
		try: func(t *testing.T, tr trial) {
			account, end := tr.Accounts(t), until(time.Hour)
			tr.LoseReply(t)
			_, err := tr.Connector.Grant(t.Context(), tr.access(account, end))
			tr.requireUncertain(t, err)
			require.True(t, tr.Can(t, account), "the fixture promised that the grant was made")
			require.Equal(t, target.AlreadyThere, tr.grant(t, account, end))
			tr.requireHeld(t, account)
			tr.revoke(t, account)
			tr.requireGone(t, account)
		},
	},
	{
		name:    "a move of the end whose answer was lost leaves nothing behind",
		applies: losesReplies,
		try: func(t *testing.T, tr trial) {
			account := tr.Accounts(t)
			tr.grant(t, account, until(time.Hour))
			tr.LoseReply(t)
			_, err := tr.Connector.Grant(t.Context(), tr.access(account, until(2*time.Hour)))
			tr.requireUncertain(t, err)
			require.True(t, tr.Can(t, account), "the access of %s was interrupted", account)
			tr.grant(t, account, until(3*time.Hour))
			tr.requireHeld(t, account)
			tr.revoke(t, account)
			tr.requireGone(t, account)
		},
	},
	{
		name:    "a revoke whose answer was lost is found by the next attempt",
		applies: losesReplies,
		try: func(t *testing.T, tr trial) {
			account := tr.Accounts(t)
			tr.grant(t, account, until(time.Hour))
			tr.LoseReply(t)
			_, err := tr.Connector.Revoke(t.Context(), tr.access(account, time.Time{}))
			tr.requireUncertain(t, err)
			tr.requireGone(t, account)
			require.Equal(t, target.AlreadyAbsent, tr.revoke(t, account))
		},
	},
}

func losesReplies(f Fixture) bool { return f.LoseReply != nil }

// wholeLife is how long a grant and a revoke take here, so that cuts fall into them and not behind.
func (tr trial) wholeLife(t *testing.T) time.Duration {
	t.Helper()
	account, start := tr.Accounts(t), time.Now()
	tr.grant(t, account, until(time.Hour))
	tr.revoke(t, account)
	return time.Since(start)
}

// cutOff makes a call whose context ends at some instant within a span, and returns when it had ended. Whether the
// call succeeded all the same is left open.
func cutOff(t *testing.T, within time.Duration, call func(context.Context) error) time.Time {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), rand.N(within))
	defer cancel()
	start := time.Now()
	_ = call(ctx) // it may have succeeded all the same
	pace.OnTime(t, "a call that was cancelled", time.Since(start), within+prompt)
	return time.Now()
}

// settle repeats a change until connector and target agree with it. An attempt that was cut off may undo it for as
// long as the kind says, but no longer.
func (tr trial) settle(t *testing.T, cut time.Time, account string, held bool, change func()) {
	t.Helper()
	for {
		change()
		if tr.inspect(t, account).Held == held && tr.Can(t, account) == held {
			return
		}
		settled := pace.Lasts(tr.Limits.Settles)
		require.Less(t, time.Since(cut), settled, "%s: the access is not as it was last asked for", account)
	}
}

// requireUncertain allows an error only when it says to try again: whoever lost an answer can't know the outcome.
func (tr trial) requireUncertain(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		tr.requireProblem(t, err, contract.KindUnavailable)
	}
}
