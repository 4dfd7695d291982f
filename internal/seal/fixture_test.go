package seal_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// now is when everything here happens.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// office has a key of each role, and a verifier that knows both.
type office struct {
	keys            seal.Keys
	server, decider *seal.Signer
	verifier        *seal.Verifier
}

func open(t testing.TB) *office {
	t.Helper()
	o := &office{}
	o.server = o.hire(t, seal.RoleServer)
	o.decider = o.hire(t, seal.RoleDecider)
	o.verifier = verifier(t, o.keys, now)
	return o
}

// hire adds a key to the set, and returns its signer.
func (o *office) hire(t testing.TB, role seal.Role) *seal.Signer {
	t.Helper()
	key, private, err := seal.NewKey(role, now.Add(-time.Hour))
	require.NoError(t, err)
	signer, err := seal.ParseSigner(string(private))
	require.NoError(t, err)
	require.Equal(t, key.ID, signer.KeyID())
	o.keys = append(o.keys, key)
	return signer
}

func verifier(t testing.TB, keys seal.Keys, at time.Time) *seal.Verifier {
	t.Helper()
	v, err := seal.NewVerifier(keys, func() time.Time { return at })
	require.NoError(t, err)
	return v
}

func request() contract.Request {
	return contract.Request{
		ID:        "01KAS3T4M5X6Y7Z8A9B0C1D2E3",
		Template:  "debug-prod",
		Requester: "p-alice",
		Subject:   "p-alice",
		Duration: contract.Duration{
			Duration: 2 * time.Hour,
		},
		Purpose: contract.Purpose{Reason: "orders <late> & \u2028 stuck", Ticket: "OPS-7"},
		Source:  "cli",
		AskedAt: now.Add(-10 * time.Minute),
		Terms: contract.Terms{
			Digest: strings.Repeat("ab", 32), MaxDuration: contract.Duration{Duration: 8 * time.Hour},
			PendingFor: contract.Duration{Duration: time.Hour},
			Accesses: []contract.Access{
				{
					Target:      "orders-db",
					Entitlement: json.RawMessage(`{"role":"readers <&>"}`),
					Person:      "p-alice",
					Account:     "alice",
				},
			},
		},
	}
}

func review(reviewer string) contract.Review {
	return contract.Review{Request: request().ID, Reviewer: reviewer, Verdict: contract.VerdictApprove, At: now}
}

func extension(by string) contract.Extension {
	return contract.Extension{
		Request:  request().ID,
		By:       by,
		Duration: contract.Duration{Duration: time.Hour},
		Reason:   "not done",
		At:       now,
	}
}

func digest(t testing.TB, fact any) string {
	t.Helper()
	sum, err := seal.Digest(fact)
	require.NoError(t, err)
	return sum
}

func sealed[T any](t testing.TB, signer *seal.Signer, matter seal.Matter, fact T) contract.Sealed[T] {
	t.Helper()
	s, err := seal.Of(signer, matter, now, fact)
	require.NoError(t, err)
	return s
}

// sent is a value after it has travelled as JSON.
func sent[T any](t testing.TB, value T) T {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	var received T
	require.NoError(t, json.Unmarshal(text, &received))
	return received
}

// requireRefused checks that something was refused, and for which reason.
func requireRefused(t testing.TB, err error, reason string) {
	t.Helper()
	require.Error(t, err)
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, contract.KindForbidden, problem.Kind)
	require.Contains(t, problem.Error(), reason)
	require.NotEmpty(t, problem.Field)
	require.NotEmpty(t, problem.Fix)
	require.Less(t, len(problem.Error()), 400, "what a stranger writes is cut")
}
