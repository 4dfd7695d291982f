package webhook_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/targettest"
	"curfew/activities/target/webhook"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	"curfew/workflows/contract"
)

const ann = "ann"

var (
	secret      = secretOf("s", 32)
	otherSecret = secretOf("o", 24)
	wrongSecret = secretOf("w", 64)

	onLoopback = []string{"127.0.0.0/8", "::1/128"}
	until      = time.Date(2036, 1, 2, 3, 4, 5, 0, time.UTC)
)

func secretOf(letter string, length int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, length)))
}

func secrets(texts ...string) []config.Secret {
	all := make([]config.Secret, len(texts))
	for i, text := range texts {
		all[i] = config.SecretOf(text)
	}
	return all
}

func open(t *testing.T, settings webhook.Settings) target.Connector {
	t.Helper()
	connector, err := settings.Open()
	require.NoError(t, err)
	return connector
}

// connect opens a connector to a receiver of a test, on loopback.
func connect(t *testing.T, url string) target.Connector {
	t.Helper()
	return open(
		t,
		webhook.Settings{URL: url, Secrets: secrets(secret), Allow: onLoopback, EndsSessions: true, Lists: true},
	)
}

func normalized(t *testing.T, text string) json.RawMessage {
	t.Helper()
	entitlement, err := webhook.Kind().Normalize(json.RawMessage(text))
	require.NoError(t, err)
	return entitlement
}

// access is one grant's worth of reports for Ann.
func access(t *testing.T) target.Access {
	t.Helper()
	entitlement := normalized(t, `{"name":"reports","attributes":{"region":"eu <west>"}}`)
	key := contract.Access{Target: "reporting", Entitlement: entitlement, Account: ann}.Digest()
	return target.Access{Key: key, Entitlement: entitlement, Account: ann, Until: until, Reference: "OPS-7"}
}

// requireProblem wants a problem of a kind that shows no secret.
func requireProblem(t *testing.T, err error, kind contract.Kind, parts ...string) contract.Problem {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "not a problem: %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	for _, part := range parts {
		require.Contains(t, problem.Error(), part)
	}
	for _, text := range []string{secret, otherSecret, wrongSecret} {
		require.NotContains(t, problem.Error(), strings.TrimPrefix(text, "whsec_"))
	}
	return *problem
}

func fixture(t *testing.T, able bool) targettest.Fixture {
	t.Helper()
	r := newReceiver(t, able, secret)
	settings := func(url, secret string) webhook.Settings {
		return webhook.Settings{URL: url, Secrets: secrets(secret), Allow: onLoopback, EndsSessions: able, Lists: able}
	}
	entitlement := access(t).Entitlement
	limits := webhook.Kind().Limits
	limits.EnforcesExpiry = able
	var count atomic.Int64
	return targettest.Fixture{
		Connector:   open(t, settings(r.url, secret)),
		Entitlement: entitlement,
		Limits:      limits,
		Accounts:    func(*testing.T) string { return r.add(fmt.Sprintf("user %d", count.Add(1))) },
		OddAccounts: func(*testing.T) []string {
			odd := []string{
				`o'brien "x"; --`,
				`Zoë <müller> & co`,
				`%41/../..?a=b#c`,
				`日本 \ 𝔠`,
				` in spaces `,
				`{"type":"access.grant"}`,
			}
			for _, account := range odd {
				r.add(account)
			}
			return odd
		},
		UnknownAccount:   "nobody",
		Can:              func(_ *testing.T, account string) bool { return r.can(grantTo{account, string(entitlement)}) },
		Snapshot:         r.snapshot,
		WrongCredentials: open(t, settings(r.url, wrongSecret)),
		Down:             open(t, settings("http://127.0.0.1:1/curfew", secret)),
		Slow:             open(t, settings("http://"+targettest.Silent(t), secret)),
		Secrets: []string{
			secret,
			strings.TrimPrefix(secret, "whsec_"),
			wrongSecret,
			strings.TrimPrefix(wrongSecret, "whsec_"),
		},
		GiveStanding: func(_ *testing.T, account string) { r.giveStanding(grantTo{r.add(account), string(entitlement)}) },
		LoseReply:    func(*testing.T) { r.changeFaults.Add(sandbox.Fault{LoseReply: true, Times: 1}) },
		Gateway:      func(*testing.T) { r.changeFaults.Add(sandbox.Fault{LoseReply: true, Status: 502, Times: 1}) },
		OpenSession:  func(_ *testing.T, account string) func() bool { return r.openSession(account) },
		Nameless:     true,
		Blind:        func(*testing.T) { r.blind.Store(true) },
		Lie: func(*testing.T) func() {
			r.changeFaults.Add(sandbox.Fault{Lie: true})
			return r.changeFaults.Clear
		},
	}
}
