//go:build kubernetes

package kubernetes_test

import (
	"encoding/json"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target/kubernetes"
	"curfew/activities/target/targettest"
	"curfew/internal/config"
)

func TestConnectorKeepsThePromisesOfThePort(t *testing.T) {
	t.Parallel()
	for name, sort := range map[string]struct {
		entitlement func(w *world) string
		wide        bool // in the whole cluster
	}{
		"a ClusterRole in a namespace, verified": {entitlement: (*world).inShop},
		"a Role, read back alone": {entitlement: func(w *world) string {
			return fmt.Sprintf(`{"role":%q,"namespace":%q}`, w.role, w.shop)
		}},
		"a ClusterRole in the whole cluster, verified": {wide: true, entitlement: func(w *world) string {
			return fmt.Sprintf(`{"clusterRole":%q,"verify":{"resource":"pods","verb":"list"}}`, w.role)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			targettest.Run(t, func(t *testing.T) targettest.Fixture {
				w := newWorld(t)
				return w.fixture(t, sort.entitlement(w), sort.wide)
			})
		})
	}
}

func (w *world) fixture(t *testing.T, entitlement string, wide bool) targettest.Fixture {
	t.Helper()
	normalized, err := kubernetes.Kind().Normalize(json.RawMessage(entitlement))
	require.NoError(t, err)
	namespace := w.shop
	if wide {
		namespace = ""
	}
	front := newLine(t, w)
	return targettest.Fixture{
		Connector:   open(t, kubernetes.Settings{URL: front.url, Token: config.SecretOf(w.token)}),
		Entitlement: normalized,
		Limits:      kubernetes.Kind().Limits,
		Accounts: func(t *testing.T) string {
			if w.count.Add(1)%2 == 0 {
				return w.serviceAccount(t)
			}
			return w.user()
		},
		OddAccounts: func(*testing.T) []string {
			return []string{
				`o'brien`,
				`"quoted", and more`,
				`Zoë Müller`,
				`日本`,
				`back\slash`,
				`%41/../..?a=b#c`,
				`*`,
				`https://idp.example.com#UPPER`,
			}
		},
		UnknownAccount:   "system:serviceaccount:" + w.shop + ":nobody",
		Can:              func(t *testing.T, account string) bool { return w.can(t, namespace, account) },
		Snapshot:         w.snapshot,
		WrongCredentials: open(t, kubernetes.Settings{URL: front.url, Token: config.SecretOf("wrong-canary")}),
		Down: open(
			t,
			kubernetes.Settings{URL: "https://" + closedAddress(t), Token: config.SecretOf(w.token)},
		),
		Slow: open(
			t,
			kubernetes.Settings{URL: "http://" + targettest.Silent(t), Token: config.SecretOf(w.token)},
		),
		Secrets: []string{w.token, "wrong-canary"},
		GiveStanding: func(t *testing.T, account string) {
			w.bind(t, namespace, fmt.Sprintf("%s-standing-%d", w.name, w.count.Add(1)), account)
		},
		LoseReply: func(*testing.T) { front.losing.Store(true) },
		Gateway:   func(*testing.T) { front.failing.Store(true) },
		Blind:     func(*testing.T) { front.blind.Store(true) },
		Lie:       func(*testing.T) func() { return front.lie() },
	}
}

// closedAddress is where nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}
