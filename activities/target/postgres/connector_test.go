package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/postgres"
	"curfew/activities/target/targettest"
	"curfew/internal/testserver/pace"
	testserver "curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

func TestConnectorKeepsThePromisesOfThePort(t *testing.T) {
	t.Parallel()
	targettest.Run(t, func(t *testing.T) targettest.Fixture { return newWorld(t).fixture(t) })
}

func TestBrokerNeedsNoSuperuserAndNoAccessOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var attributes bool
	require.NoError(t, w.server.Admin().QueryRow(t.Context(),
		`SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication FROM pg_roles WHERE rolname = $1`,
		w.broker).
		Scan(&attributes))
	require.False(t, attributes)
	require.NoError(t, w.connector(t).(target.Checker).Check(t.Context()))
	grant(t, w, w.subject(t))
}

func TestStandingMembersKeepGrantorAndAdminOption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	standing := w.subject(t)
	w.exec(t, `GRANT %s TO %s WITH ADMIN OPTION`, quote(w.role), quote(standing))
	before := w.memberships(t, "")
	require.Contains(t, before, standing+" by "+testserver.Superuser)

	_, err := w.connector(t).Grant(t.Context(), w.access(standing))
	require.NoError(t, err)
	after := w.memberships(t, "")
	require.Contains(t, after, before)
}

// Where each grantor's membership is a thing of its own, ours comes and goes beside another's; elsewhere there is one
// membership, which is seen before the first grant.
func TestMembershipThatAnotherGrantedIsHeldOnlyWhereARevokeWouldCloseIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, standing := w.connector(t), w.subject(t)
	w.exec(t, `GRANT %s TO %s`, quote(w.role), quote(standing))
	state, err := connector.Inspect(t.Context(), w.access(standing))
	require.NoError(t, err)
	_, err = connector.Revoke(t.Context(), w.access(standing))
	require.NoError(t, err)
	require.Equal(t, state.Held, !w.can(t, standing))
}

func TestSubjectCanNotBecomeTheRoleWhereThatCanBePrevented(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.subject(t)
	grant(t, w, account)
	conn := w.server.Connect(t, account, testserver.Superuser)
	_, err := conn.Exec(t.Context(), "SET ROLE "+quote(w.role))
	if w.version(t) < 16 {
		require.NoError(t, err)
		return
	}
	require.ErrorContains(t, err, "permission denied")
}

func TestGrantRefusesWhatCouldNotBeTakenAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin, outer, powerless := w.name+"admin", w.name+"outer", w.name+"chief"
	w.exec(t, `CREATE ROLE %s CREATEROLE`, quote(admin))
	w.exec(t, `CREATE ROLE %s IN ROLE %s`, quote(outer), quote(admin))
	w.exec(t, `CREATE ROLE %s`, quote(powerless))
	w.exec(t, `GRANT %s TO %s WITH ADMIN OPTION`, quote(w.role), quote(powerless))
	superuser := w.login(t, w.name+"root")
	w.exec(t, `ALTER ROLE %s SUPERUSER`, quote(superuser))
	connector := w.connector(t)

	for name, refused := range map[string]struct {
		role, account, says string
	}{
		"a superuser's role":            {testserver.Superuser, w.subject(t), "give access away"},
		"a role that manages roles":     {admin, w.subject(t), "give access away"},
		"a role that leads to one":      {outer, w.subject(t), "give access away"},
		"a role that may give a role":   {powerless, w.subject(t), "give access away"},
		"our own role":                  {w.broker, w.subject(t), "give access away"},
		"access for a superuser":        {w.role, superuser, "is a superuser"},
		"access for ourselves":          {w.role, w.broker, "Curfew itself"},
		"a role that does not exist":    {w.name + "no such role", w.subject(t), "no such role"},
		"an account that's a pseudonym": {w.role, "public", "public"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := w.memberships(t, "")
			_, err := connector.Grant(
				t.Context(),
				target.Access{Entitlement: entitlement(refused.role), Account: refused.account},
			)
			problem := requireProblem(t, err, contract.KindDenied, contract.KindNotFound)
			require.Contains(t, problem.Error(), refused.says)
			require.NotEmpty(t, problem.Fix)
			require.Equal(t, before, w.memberships(t, ""))
		})
	}
}

func TestNameThatPostgreSQLWouldCutIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	access := w.access("an account with a name that PostgreSQL would cut after 63 bytes.")
	require.Len(t, access.Account, 64)
	w.login(t, access.Account) // cut already
	_, err := w.connector(t).Grant(t.Context(), access)
	require.Equal(t, "account", requireProblem(t, err, contract.KindInvalid).Field)
}

func TestMissingPrivilegeIsToldWithTheStatementThatGivesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, account := w.connector(t), w.subject(t)
	w.exec(t, `REVOKE %s FROM %s`, quote(w.role), quote(w.broker))
	statement := "GRANT " + quote(w.role) + " TO " + quote(w.broker) + " WITH ADMIN OPTION"

	_, err := connector.Grant(t.Context(), w.access(account))
	require.Contains(t, requireProblem(t, err, contract.KindDenied).Fix, statement)
	_, err = connector.Revoke(t.Context(), w.access(account))
	require.Contains(t, requireProblem(t, err, contract.KindDenied).Fix, statement)

	w.exec(t, "%s", statement)
	grant(t, w, account)
}

func TestAccountThatWasDroppedMeanwhileIsSeenToHoldNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, account := w.connector(t), w.subject(t)
	grant(t, w, account)
	w.exec(t, `DROP ROLE %s`, quote(account))
	revoked, err := connector.Revoke(t.Context(), w.access(account))
	require.NoError(t, err)
	require.Equal(t, target.AlreadyAbsent, revoked)
}

// What a schema in everybody's reach holds must not run with the broker's rights.
func TestFunctionsOfASubjectDoNotStandInForTheServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	database := w.server.NewDatabase(t)
	admin := w.server.Connect(t, testserver.Superuser, database)
	_, err := admin.Exec(t.Context(), `
		CREATE FUNCTION public.quote_ident(text) RETURNS text LANGUAGE sql AS $$ SELECT 'nobody' $$;
		CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'nothing' $$;
		ALTER DATABASE `+quote(database)+` SET search_path = public, pg_catalog`)
	require.NoError(t, err)
	connector := open(t, w.server.URL(w.broker, database))
	_, err = connector.Grant(t.Context(), w.access(w.subject(t)))
	require.NoError(t, err)
}

// A statement that waits for a lock could otherwise land long after Curfew has given it up.
func TestServerGivesUpOnItsOwnWithinTheTimeThatTheKindSettles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, account := w.connector(t), w.subject(t)
	blocker := w.server.Connect(t, w.broker, testserver.Superuser)
	_, err := blocker.Exec(t.Context(), "BEGIN; GRANT "+quote(w.role)+" TO "+quote(account))
	require.NoError(t, err)
	began := time.Now()
	_, err = connector.Grant(t.Context(), w.access(account))
	pace.OnTime(t, "the server's giving up", time.Since(began), postgres.Kind().Limits.Settles)
	require.Contains(t, requireProblem(t, err, contract.KindUnavailable).Fault, "statement timeout")
}

func grant(t *testing.T, w *world, account string) {
	t.Helper()
	granted, err := w.connector(t).Grant(t.Context(), w.access(account))
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
	require.True(t, w.can(t, account))
}

func requireProblem(t *testing.T, err error, kinds ...contract.Kind) *contract.Problem {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "%v", err)
	require.Contains(t, kinds, problem.Kind, "%v", err)
	return problem
}
