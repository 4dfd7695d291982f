package targettest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// slack is how much later than asked a target's own end may lie: it is the second lock and must not close first.
const slack = 15 * time.Minute

// expiry is what ends that move promise.
var expiry = []behaviour{
	{name: "the end moves later and earlier without a gap in the access", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		tr.grant(t, account, until(time.Hour))
		for _, after := range []time.Duration{3 * time.Hour, 2 * time.Hour, 5 * time.Hour, 30 * time.Minute} {
			tr.moveEnd(t, account, until(after))
		}
		tr.revoke(t, account)
		tr.requireGone(t, account)
	}},
	{
		name:    "the end that the target enforces is reported and follows each move",
		applies: enforces,
		try: func(t *testing.T, tr trial) {
			account := tr.Accounts(t)
			for _, after := range []time.Duration{time.Hour, 3 * time.Hour, 30 * time.Minute} {
				end := until(after)
				tr.grant(t, account, end)
				reported := tr.inspect(t, account).Until
				require.False(t, reported.Before(end), "the target would end it at %s, before %s", reported, end)
				require.False(
					t,
					reported.After(end.Add(slack)),
					"the target would end it at %s, long after %s",
					reported,
					end,
				)
			}
		},
	},
	{name: "a target that enforces no end reports none", applies: enforcesNothing, try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		tr.grant(t, account, until(time.Hour))
		state := tr.inspect(t, account)
		require.True(t, state.Held)
		require.Zero(t, state.Until)
	}},
}

func enforces(f Fixture) bool        { return f.Limits.EnforcesExpiry }
func enforcesNothing(f Fixture) bool { return !f.Limits.EnforcesExpiry }

// moveEnd grants with another end, and asks the target all the while whether the access works.
func (tr trial) moveEnd(t *testing.T, account string, end time.Time) {
	t.Helper()
	moved := make(chan error, 1)
	go func() {
		_, err := tr.tryGrant(t.Context(), account, end)
		moved <- err
	}()
	for {
		require.True(t, tr.Can(t, account), "the access of %s was interrupted", account)
		select {
		case err := <-moved:
			require.NoError(t, err, "move the end of %s", account)
			tr.requireHeld(t, account)
			return
		default:
		}
	}
}
