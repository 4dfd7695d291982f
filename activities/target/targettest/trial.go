package targettest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// insistences bounds how often a call is repeated while its target says that it is unavailable.
const insistences = 20

// trial is a fixture in use. Like a holding, it remembers what the target has shown of each account's access.
type trial struct {
	Fixture

	known *sync.Map // account to target.Access, of which only what is known beyond the name is set
}

// until is an end that no test waits for, in whole seconds because some targets know no smaller unit.
func until(after time.Duration) time.Time { return time.Now().Add(after).UTC().Truncate(time.Second) }

// access is what the connector is asked for, with the key that a grant of it has in Curfew.
func (tr trial) access(account string, until time.Time) target.Access {
	whole := contract.Access{Target: "conformance", Entitlement: tr.Entitlement, Account: account}
	access := target.Access{
		Key: whole.Digest(), Entitlement: tr.Entitlement, Account: account, Until: until, Reference: "OPS-7",
	}
	if known, found := tr.known.Load(account); found {
		access.Identity, access.Shown = known.(target.Access).Identity, known.(target.Access).Shown
	}
	return access
}

// insist repeats a call while the target is unavailable, as Curfew does.
func insist(call func() error) error {
	var err error
	for range insistences {
		err = call()
		if problem, known := contract.ProblemOf(err); err == nil || known && problem.Kind != contract.KindUnavailable {
			return err
		}
	}
	return fmt.Errorf("still unavailable after %d attempts: %w", insistences, err)
}

func (tr trial) tryGrant(ctx context.Context, account string, until time.Time) (granted target.Granted, err error) {
	err = insist(func() error {
		granted, err = tr.Connector.Grant(ctx, tr.access(account, until))
		return err
	})
	return granted, err
}

func (tr trial) tryRevoke(ctx context.Context, account string) (revoked target.Revoked, err error) {
	err = insist(func() error {
		revoked, err = tr.Connector.Revoke(ctx, tr.access(account, time.Time{}))
		return err
	})
	return revoked, err
}

func (tr trial) grant(t *testing.T, account string, until time.Time) target.Granted {
	t.Helper()
	granted, err := tr.tryGrant(t.Context(), account, until)
	require.NoError(t, err, "grant to %s", account)
	return granted
}

func (tr trial) revoke(t *testing.T, account string) target.Revoked {
	t.Helper()
	revoked, err := tr.tryRevoke(t.Context(), account)
	require.NoError(t, err, "revoke from %s", account)
	return revoked
}

func (tr trial) inspect(t *testing.T, account string) target.State {
	t.Helper()
	state, err := tr.Connector.Inspect(t.Context(), tr.access(account, time.Time{}))
	require.NoError(t, err, "inspect %s", account)
	if state.Held {
		tr.known.Store(account, target.Access{Identity: state.Identity, Shown: true})
	}
	return state
}

// requireHeld wants the connector and the target to agree that the access is there.
func (tr trial) requireHeld(t *testing.T, account string) {
	t.Helper()
	require.True(t, tr.inspect(t, account).Held, "Inspect does not see the access of %s", account)
	require.True(t, tr.Can(t, account), "the access of %s does not work", account)
}

// requireGone wants them to agree that it is not.
func (tr trial) requireGone(t *testing.T, account string) {
	t.Helper()
	state := tr.inspect(t, account)
	require.False(t, state.Held, "Inspect still sees the access of %s", account)
	require.Zero(t, state.Until, "what is not there has no end")
	if tr.access(account, time.Time{}).Shown {
		require.Empty(t, state.Doubt, "the target has shown the access, so that it shows none now is proof")
	}
	require.False(t, tr.Can(t, account), "the access of %s still works", account)
	tr.known.Delete(account)
}

// requireProblem wants an error that a person can act on and that gives nothing away.
func (tr trial) requireProblem(t *testing.T, err error, kinds ...contract.Kind) {
	t.Helper()
	require.Error(t, err)
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "not a problem, but %T: %v", err, err)
	require.Contains(t, kinds, problem.Kind, "%v", err)
	require.NotEmpty(t, problem.Fault)
	for _, secret := range tr.Secrets {
		require.NotContains(t, fmt.Sprintf("%v %+v %q", err, problem, problem), secret)
	}
}
