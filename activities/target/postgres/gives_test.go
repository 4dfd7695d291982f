package postgres_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	testserver "curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

// owner is a role that the broker may give and that owns a table.
func (w *world) owner(t *testing.T) (role, table string) {
	t.Helper()
	role, table = w.name+"owner", quote(w.name+"ledger")
	w.exec(t, `CREATE ROLE %s`, quote(role))
	w.exec(t, `GRANT %s TO %s WITH ADMIN OPTION`, quote(role), quote(w.broker))
	w.exec(t, `CREATE TABLE %s (id int)`, table)
	w.exec(t, `ALTER TABLE %s OWNER TO %s`, table, quote(role))
	return role, table
}

func known(role string) json.RawMessage {
	written, _ := json.Marshal(map[string]any{"role": role, "ownsObjects": true})
	return written
}

func TestP2ARoleWhoseMembersCanGiveItsObjectsOnIsRefusedUnlessThatIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, _ := w.owner(t)
	elsewhere, granter, outer := w.name+"elsewhere", w.name+"granter", w.name+"outer"
	database := w.server.NewDatabase(t)
	w.exec(t, `CREATE ROLE %s`, quote(elsewhere))
	_, err := w.server.Connect(t, testserver.Superuser, database).
		Exec(t.Context(), `CREATE SCHEMA theirs AUTHORIZATION `+quote(elsewhere))
	require.NoError(t, err)
	w.exec(t, `CREATE ROLE %s`, quote(granter))
	w.exec(t, `GRANT SELECT ON %s TO %s WITH GRANT OPTION`, w.table, quote(granter))
	w.exec(t, `CREATE ROLE %s IN ROLE %s`, quote(outer), quote(owner))
	connector := w.connector(t)
	vetter := connector.(target.Vetter)
	for name, refused := range map[string]struct{ role, says string }{
		"a role that owns a table":               {owner, "owns 1 objects (in postgres)"},
		"a role that leads to one":               {outer, "owns 1 objects"},
		"a role that owns something elsewhere":   {elsewhere, "(in " + quote(database) + ")"},
		"a role that may grant on what it holds": {granter, "may grant on SELECT on table"},
	} {
		t.Run(name, func(t *testing.T) {
			if refused.role != owner {
				w.exec(t, `GRANT %s TO %s WITH ADMIN OPTION`, quote(refused.role), quote(w.broker))
			}
			account := w.subject(t)
			_, err := connector.Grant(
				t.Context(),
				target.Access{Entitlement: entitlement(refused.role), Account: account},
			)
			problem := requireProblem(t, err, contract.KindDenied)
			require.Equal(t, "role", problem.Field)
			require.Contains(t, problem.Fault, refused.says)
			require.Contains(t, problem.Fix, "ownsObjects: true")
			require.NotContains(t, w.memberships(t, ""), account)
			_, err = vetter.Vet(t.Context(), entitlement(refused.role))
			require.Equal(
				t,
				problem,
				requireProblem(t, err, contract.KindDenied),
				"config check says the same before anybody asks",
			)

			warning, err := vetter.Vet(t.Context(), known(refused.role))
			require.NoError(t, err)
			require.Contains(t, warning, refused.says)
			_, err = connector.Grant(t.Context(), target.Access{Entitlement: known(refused.role), Account: account})
			require.NoError(t, err)
		})
	}
}

func TestRolesThatCanBeGivenAreVettedWithoutAWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vetter := w.connector(t).(target.Vetter)
	warning, err := vetter.Vet(t.Context(), entitlement(w.role))
	require.NoError(t, err)
	require.Empty(t, warning)
	for role, kind := range map[string]contract.Kind{w.name + "nobody": contract.KindNotFound, testserver.Superuser: contract.KindDenied} {
		_, err := vetter.Vet(t.Context(), entitlement(role))
		requireProblem(t, err, kind)
	}
	w.exec(t, `REVOKE %s FROM %s`, quote(w.role), quote(w.broker))
	_, err = vetter.Vet(t.Context(), entitlement(w.role))
	require.Contains(t, requireProblem(t, err, contract.KindDenied).Fix, "WITH ADMIN OPTION")
}

func TestP3WhatTheSubjectGaveOnWhileTheAccessLastedIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, table := w.owner(t)
	other := w.login(t, w.name+"other")
	w.exec(t, `GRANT SELECT ON %s TO %s`, table, quote(other)) // before the access
	connector, account := w.connector(t), w.subject(t)
	access := target.Access{Entitlement: known(owner), Account: account}
	remnants := func() string {
		lines, revoked := revokeTelling(t, connector, access)
		require.Equal(t, target.AccessRevoked, revoked)
		return strings.Join(lines, "\n")
	}
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	require.Empty(t, remnants(), "what was there before is not the subject's doing")

	_, err = connector.Grant(t.Context(), access)
	require.NoError(t, err)
	subject := w.server.Connect(t, account, testserver.Superuser)
	_, err = subject.Exec(
		t.Context(),
		"GRANT SELECT, UPDATE ON "+table+" TO "+quote(account)+"; GRANT SELECT (id) ON "+table+" TO PUBLIC",
	)
	require.NoError(t, err)
	given := remnants()
	require.Contains(t, given, "UPDATE on table")
	require.Contains(t, given, "was granted to "+quote(account))
	require.Contains(t, given, "was granted to PUBLIC")

	lines, revoked := revokeTelling(t, connector, access)
	require.Empty(t, lines)
	require.Equal(t, target.AlreadyAbsent, revoked)
}

// revokeTelling revokes an access, and asks what outlives it.
func revokeTelling(
	t *testing.T,
	connector target.Connector,
	access target.Access,
) (lines []string, revoked target.Revoked) {
	t.Helper()
	revoked, remnants, err := connector.(target.RemnantTeller).RevokeTelling(t.Context(), access)
	require.NoError(t, err)
	lines, err = remnants(t.Context())
	require.NoError(t, err)
	return lines, revoked
}

func TestP3WhatTheSubjectGaveOnInAnotherDatabaseIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, _ := w.owner(t)
	database := w.server.NewDatabase(t)
	admin := w.server.Connect(t, testserver.Superuser, database)
	_, err := admin.Exec(t.Context(), `CREATE TABLE orders (id int); ALTER TABLE orders OWNER TO `+quote(owner))
	require.NoError(t, err)
	for name, written := range map[string]json.RawMessage{"known": known(owner), "not known when it was given": entitlement(owner)} {
		t.Run(name, func(t *testing.T) {
			connector, account := w.connector(t), w.subject(t)
			_, err = connector.Grant(t.Context(), target.Access{Entitlement: known(owner), Account: account})
			require.NoError(t, err)
			_, err = w.server.Connect(t, account, database).
				Exec(t.Context(), "GRANT SELECT ON orders TO "+quote(account))
			require.NoError(t, err)
			lines, _ := revokeTelling(t, connector, target.Access{Entitlement: written, Account: account})
			require.Contains(
				t,
				strings.Join(lines, "\n"),
				quote(account)+" has new privileges on an object of "+quote(owner)+" in database "+quote(database),
			)
		})
	}
}

// Where the subject can become the role, what it makes as the role is the role's, and stays.
func TestP3WhatTheSubjectMadeAsTheRoleIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if w.version(t) >= 16 {
		t.Skip("the subject can't become the role")
	}
	w.exec(t, `CREATE SCHEMA %s`, quote(w.name+"open"))
	w.exec(t, `GRANT CREATE, USAGE ON SCHEMA %s TO %s`, quote(w.name+"open"), quote(w.role))
	connector, account := w.connector(t), w.subject(t)
	_, err := connector.Grant(t.Context(), w.access(account))
	require.NoError(t, err)
	_, err = w.server.Connect(t, account, testserver.Superuser).Exec(t.Context(), `SET ROLE `+quote(w.role)+`;
		CREATE FUNCTION `+quote(w.name+"open")+`.leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM `+w.table+`'`)
	require.NoError(t, err)
	lines, _ := revokeTelling(t, connector, w.access(account))
	require.Contains(t, strings.Join(lines, "\n"), quote(w.role)+" owns a new object in database postgres (pg_proc")
}
