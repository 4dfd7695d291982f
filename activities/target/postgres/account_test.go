package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	testserver "curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

// firstWithGrantors is the version in which a grantor must have ADMIN OPTION themselves.
const firstWithGrantors = 16

func TestAdminOptionThroughAnotherRoleCountsWhereTheServerLetsItBeUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	givers := w.name + "givers"
	w.exec(t, `REVOKE %s FROM %s`, quote(w.role), quote(w.broker))
	w.exec(t, `CREATE ROLE %s`, quote(givers))
	w.exec(t, `GRANT %s TO %s WITH ADMIN OPTION`, quote(w.role), quote(givers))
	w.exec(t, `GRANT %s TO %s`, quote(givers), quote(w.broker))
	connector, access := w.connector(t), w.access(w.subject(t))

	checked := connector.(target.Checker).Check(t.Context())
	_, vetted := connector.(target.Vetter).Vet(t.Context(), access.Entitlement)
	_, granted := connector.Grant(t.Context(), access)
	if w.version(t) >= firstWithGrantors {
		require.Error(t, granted, "the server wants that the grantor has it")
		requireProblem(t, checked, contract.KindDenied)
		requireProblem(t, vetted, contract.KindDenied)
		return
	}
	require.NoError(t, granted)
	require.NoError(t, checked, "what can be granted is no mistake")
	require.NoError(t, vetted)
	revoked, err := connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AccessRevoked, revoked)
}

func TestAnAccountIsRefusedBeforeAnybodyAsksAsAGrantWouldRefuseIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boss := w.subject(t)
	w.exec(t, `ALTER ROLE %s SUPERUSER`, quote(boss))
	connector := w.connector(t)
	for name, account := range map[string]struct {
		account string
		kind    contract.Kind
	}{
		"nobody": {w.name + "nobody", contract.KindNotFound}, "a superuser": {boss, contract.KindDenied},
		"Curfew itself": {w.broker, contract.KindDenied}, "no name": {"", contract.KindInvalid},
	} {
		checked := requireProblem(
			t,
			connector.(target.AccountChecker).CheckAccount(t.Context(), account.account),
			account.kind,
		)
		_, err := connector.Grant(t.Context(), w.access(account.account))
		require.Equal(t, requireProblem(t, err, account.kind).Fault, checked.Fault, name)
	}
	require.NoError(t, connector.(target.AccountChecker).CheckAccount(t.Context(), w.subject(t)))
}

func TestCheckNamesThePoolerThatSwallowsSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	through := func(address string) error {
		return open(t, w.server.Via(address, w.broker, testserver.Superuser)).(target.Checker).Check(t.Context())
	}
	swallowed := requireProblem(t, through(w.server.StartPooler(t, w.broker)), contract.KindDenied)
	require.Contains(t, swallowed.Fault, "PgBouncer")
	require.Contains(t, swallowed.Fault, "does not hand Curfew's settings on")
	require.Contains(
		t,
		requireProblem(t, through(w.server.StartStrictPooler(t, w.broker)), contract.KindUnavailable).Fix,
		"past a pooler like PgBouncer",
	)
	require.NoError(t, through(w.server.Address()))
}
