package ldap_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/internal/testserver/pace"
	"curfew/internal/testserver/proxy"
	"curfew/workflows/contract"
)

// behind opens both kinds by way of a proxy, with access that is there.
func (w *world) behind(t *testing.T) (*proxy.Proxy, map[string]target.Connector, map[string]target.Access) {
	t.Helper()
	line := proxy.Start(t, w.server.address())
	settings, entries := w.settings(), w.entrySettings()
	settings.URL, entries.URL = "ldap://"+line.Address(), "ldap://"+line.Address()
	person := w.person(t, "ada")
	connectors := map[string]target.Connector{"ldap": open(t, &settings), "ldap-entry": open(t, &entries)}
	accesses := map[string]target.Access{
		"ldap":       accessOf(w.membership(t, "member"), person),
		"ldap-entry": accessOf(w.place(t), person),
	}
	for kind, connector := range connectors {
		access := accesses[kind]
		access.Until = time.Now().Add(time.Hour)
		accesses[kind] = access
		grant(t, connector, access)
		var all sync.WaitGroup
		for range 30 { // so that there are as many links as there may be
			all.Go(func() {
				if _, err := connector.Inspect(t.Context(), access); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	return line, connectors, accesses
}

func end(ctx context.Context, connector target.Connector, access target.Access) error {
	if _, err := connector.Revoke(ctx, access); err != nil {
		return err
	}
	_, err := connector.Inspect(ctx, access)
	return err
}

func TestP2AnEndIsSoonDoneWhenTheNetworkHasForgottenAllConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Groups", "Entries", "Entries expire", "People by DN"))
	line, connectors, accesses := w.behind(t)
	line.Forget()
	began := time.Now()
	for kind, connector := range connectors {
		for end(t.Context(), connector, accesses[kind]) != nil {
			require.Less(t, time.Since(began), pace.Patience())
		}
	}
	pace.OnTime(t, "both ends", time.Since(began), 2*8*time.Second)
	require.False(t, w.can(t, accesses["ldap"].Account))
}

func TestPingDropsWhatTheNetworkHasForgottenAndTellsADirectoryThatCanNotBeReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Groups", "Entries", "Entries expire", "People by DN"))
	line, connectors, accesses := w.behind(t)
	line.Forget()
	for kind, connector := range connectors {
		require.NoError(t, connector.(target.Pinger).Ping(t.Context()))
		began := time.Now()
		require.NoError(t, end(t.Context(), connector, accesses[kind]), kind)
		pace.OnTime(t, kind+"'s end, which waits for no link", time.Since(began), 900*time.Millisecond)
	}
	line.Cut()
	for _, connector := range connectors {
		began := time.Now()
		requireProblem(t, connector.(target.Pinger).Ping(t.Context()), contract.KindUnavailable)
		pace.OnTime(t, "the ping", time.Since(began), target.CallTimeout+time.Second)
	}
	line.Mend()
	for _, connector := range connectors {
		require.NoError(t, connector.(target.Pinger).Ping(t.Context()))
	}
}
