package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	testserver "curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

// identified grants access and returns it with what can't be renamed of it.
func identified(t *testing.T, w *world, connector target.Connector, account string) target.Access {
	t.Helper()
	access := w.access(account)
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.True(t, state.Held)
	require.NotEmpty(t, state.Identity.Target)
	require.NotEmpty(t, state.Identity.ID)
	access.Identity = state.Identity
	return access
}

func requireHeld(t *testing.T, connector target.Connector, access target.Access, held bool) {
	t.Helper()
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, held, state.Held)
	require.Equal(t, access.Identity, state.Identity, "it stays the same access")
}

func TestP3AccessEndsThoughItsAccountOrItsRoleIsCalledOtherwiseNow(t *testing.T) {
	t.Parallel()
	for name, rename := range map[string]func(t *testing.T, w *world, account string) (now string){
		"the account": func(t *testing.T, w *world, account string) string {
			t.Helper()
			w.exec(t, `ALTER ROLE %s RENAME TO %s`, quote(account), quote(w.name+"renamed"))
			w.exec(t, `ALTER ROLE %s PASSWORD '%s'`, quote(w.name+"renamed"), w.server.Password())
			return w.name + "renamed"
		},
		"the role": func(t *testing.T, w *world, account string) string {
			t.Helper()
			w.exec(t, `ALTER ROLE %s RENAME TO %s`, quote(w.role), quote(w.name+"reports"))
			return account
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			connector := w.connector(t)
			access := identified(t, w, connector, w.subject(t))
			account := rename(t, w, access.Account)
			works := w.openCursor(t, account)
			require.True(t, w.can(t, account))
			requireHeld(t, connector, access, true)
			granted, err := connector.Grant(t.Context(), access)
			require.NoError(t, err, "its end can be moved")
			require.Equal(t, target.AlreadyThere, granted)

			revoked, err := connector.Revoke(t.Context(), access)
			require.NoError(t, err)
			require.Equal(t, target.AccessRevoked, revoked)
			ended, err := connector.(target.SessionEnder).EndSessions(t.Context(), access)
			require.NoError(t, err)
			require.Positive(t, ended)
			require.False(t, works())
			require.False(t, w.can(t, account))
			requireHeld(t, connector, access, false)
		})
	}
}

func TestP3WhatHasTheNamesOfTheAccessIsLookedAtAndIsNotTakenForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector := w.connector(t)
	access := identified(t, w, connector, w.subject(t))
	w.exec(t, `DROP ROLE %s`, quote(access.Account))
	w.login(t, access.Account)
	requireHeld(t, connector, access, false)
	_, err := connector.Grant(t.Context(), access)
	require.ErrorContains(t, err, "what has its name now is another role")

	w.exec(t, `GRANT %s TO %s`, quote(w.role), quote(access.Account))
	_, err = connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.True(t, w.can(t, access.Account), "somebody else has given it, to somebody else")
	// Where each grantor's membership is a thing of its own, this is none of Curfew's.
	requireHeld(t, connector, access, w.version(t) < 16)
}

func TestP3OnAnotherServerOidsMeanNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector := w.connector(t)
	access, other := w.access(w.subject(t)), identified(t, w, connector, w.subject(t))
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	access.Identity = contract.Identity{Target: "7001234567890123456", ID: other.Identity.ID}

	_, err = connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.False(t, w.can(t, access.Account))
	require.True(t, w.can(t, other.Account))
}

func TestWithoutASystemIdentifierAccessIsKnownByName(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, testserver.StartApart(t))
	w.exec(t, `REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public`)
	connector, access := w.connector(t), w.access(w.subject(t))
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.State{Held: true}, state)
	_, err = connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.False(t, w.can(t, access.Account))
}
