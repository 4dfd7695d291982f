package targettest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

// refusals is what connectors promise to say when a target can't or won't.
var refusals = []behaviour{
	{name: "a subject that the target does not know is refused", try: func(t *testing.T, tr trial) {
		before := tr.Snapshot(t, "")
		_, err := tr.Connector.Grant(t.Context(), tr.access(tr.UnknownAccount, until(time.Hour)))
		tr.requireProblem(t, err, contract.KindDenied, contract.KindNotFound)
		require.Contains(t, err.Error(), tr.UnknownAccount)
		require.Equal(t, before, tr.Snapshot(t, ""))
	}},
	// Otherwise the access of somebody whose account was deleted meanwhile could never be seen to end.
	{name: "a subject that the target does not know has nothing to lose", try: func(t *testing.T, tr trial) {
		require.False(t, tr.inspect(t, tr.UnknownAccount).Held)
		require.Equal(t, target.AlreadyAbsent, tr.revoke(t, tr.UnknownAccount))
	}},
	{name: "wrong credentials are told without showing them", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		before := tr.Snapshot(t, "")
		for call, err := range tr.every(t.Context(), tr.WrongCredentials, account) {
			require.Error(t, err, call)
			tr.requireProblem(t, err, contract.KindUnavailable, contract.KindDenied)
		}
		require.Equal(t, before, tr.Snapshot(t, ""))
	}},
	{name: "a target that is down is unavailable", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		for call, err := range tr.every(t.Context(), tr.Down, account) {
			require.Error(t, err, call)
			tr.requireProblem(t, err, contract.KindUnavailable)
		}
	}},
	{
		name:    "a target that never answers is unavailable when the call's time is over",
		applies: hasSlow,
		try: func(t *testing.T, tr trial) {
			account := tr.Accounts(t)
			for call, try := range tr.calls(tr.Slow, account) {
				ctx, cancel := context.WithTimeout(t.Context(), impatience)
				start := time.Now()
				err := try(ctx)
				cancel()
				require.Error(t, err, call)
				pace.OnTime(t, call+" at a target that never answers", time.Since(start), impatience+prompt)
				tr.requireProblem(t, err, contract.KindUnavailable)
			}
		},
	},
	{name: "a call whose context has ended changes nothing", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := tr.Connector.Grant(ended, tr.access(account, until(time.Hour)))
		require.Error(t, err)
		tr.requireGone(t, account)
	}},
}

// impatience is how long a caller waits for a target that never answers.
const impatience = 300 * time.Millisecond

func hasSlow(f Fixture) bool { return f.Slow != nil }

// every makes each call that the connector offers, and returns their errors by the call's name.
func (tr trial) every(ctx context.Context, connector target.Connector, account string) map[string]error {
	results := map[string]error{}
	for name, call := range tr.calls(connector, account) {
		results[name] = call(ctx)
	}
	return results
}

// calls are all that the connector offers, by their names.
func (tr trial) calls(connector target.Connector, account string) map[string]func(context.Context) error {
	calls := map[string]func(context.Context) error{
		"Grant": func(ctx context.Context) error {
			_, err := connector.Grant(ctx, tr.access(account, until(time.Hour)))
			return err
		},
		"Revoke": func(ctx context.Context) error {
			_, err := connector.Revoke(ctx, tr.access(account, time.Time{}))
			return err
		},
		"Inspect": func(ctx context.Context) error {
			_, err := connector.Inspect(ctx, tr.access(account, time.Time{}))
			return err
		},
	}
	if checker, offered := connector.(target.Checker); offered {
		calls["Check"] = checker.Check
	}
	if ender, offered := connector.(target.SessionEnder); offered {
		calls["EndSessions"] = func(ctx context.Context) error {
			_, err := ender.EndSessions(ctx, tr.access(account, time.Time{}))
			return err
		}
	}
	if lister, offered := connector.(target.Lister); offered {
		calls["List"] = func(ctx context.Context) error {
			_, err := lister.List(ctx)
			return err
		}
		calls["Remove"] = func(ctx context.Context) error {
			return lister.Remove(ctx, target.Marked{Key: tr.access(account, time.Time{}).Key, Account: account})
		}
	}
	if teller, offered := connector.(target.CapacityTeller); offered {
		calls["Capacity"] = func(ctx context.Context) error {
			_, err := teller.Capacity(ctx)
			return err
		}
	}
	return calls
}
