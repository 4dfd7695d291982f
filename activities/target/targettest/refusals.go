package targettest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
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
		require.Equal(t, target.State{}, tr.inspect(t, tr.UnknownAccount))
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
	{name: "a call whose context has ended changes nothing", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := tr.Connector.Grant(ended, tr.access(account, until(time.Hour)))
		require.Error(t, err)
		tr.requireGone(t, account)
	}},
}

// every makes each call that the connector offers, and returns their errors by the call's name.
func (tr trial) every(ctx context.Context, connector target.Connector, account string) map[string]error {
	results := map[string]error{}
	_, results["Grant"] = connector.Grant(ctx, tr.access(account, until(time.Hour)))
	_, results["Revoke"] = connector.Revoke(ctx, tr.access(account, time.Time{}))
	_, results["Inspect"] = connector.Inspect(ctx, tr.access(account, time.Time{}))
	if checker, offered := connector.(target.Checker); offered {
		results["Check"] = checker.Check(ctx)
	}
	if ender, offered := connector.(target.SessionEnder); offered {
		_, results["EndSessions"] = ender.EndSessions(ctx, tr.access(account, time.Time{}))
	}
	return results
}
