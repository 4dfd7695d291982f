package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/activities/policy"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// A worker whose clock is five minutes behind sees seals of the future, of a request and of its reviews.
func TestASealOfTheFutureIsDecidedLaterAndDeniesNobody(t *testing.T) {
	t.Parallel()
	c := house()
	o := options(t, c)
	key, private, err := seal.NewKey(seal.RoleServer, time.Now().Add(-time.Hour))
	require.NoError(t, err)
	server, err := seal.ParseSigner(string(private))
	require.NoError(t, err)
	in := ask(t, c, "grace", "edsger")
	sealAt := func(request, reviews time.Time) {
		in.Request, err = seal.Of(server, seal.OfRequest(in.Request.Fact), request, in.Request.Fact)
		require.NoError(t, err)
		digest, err := seal.Digest(in.Request.Fact)
		require.NoError(t, err)
		for i, review := range in.Reviews {
			in.Reviews[i], err = seal.Of(server, seal.OfReview(review.Fact, digest), reviews, review.Fact)
			require.NoError(t, err)
		}
	}
	decide := func(off time.Duration) (contract.Decision, error) {
		o.Verifier, err = seal.NewVerifier(seal.Keys{key}, func() time.Time { return time.Now().Add(off) })
		require.NoError(t, err)
		return policy.New(o).Decide(t.Context(), in)
	}
	for name, requestAt := range map[string]time.Time{"the request": time.Now(), "its reviews": time.Now().Add(-10 * time.Minute)} {
		sealAt(requestAt, time.Now())
		_, err = decide(-5 * time.Minute)
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok, name)
		require.Equal(t, contract.KindUnavailable, problem.Kind, "it is tried again: "+name)
		require.NotContains(t, contract.Final, string(problem.Kind))
	}
	journal, err := o.Decisions.DecisionsOf(t.Context(), in.Request.Fact.ID)
	require.NoError(t, err)
	require.Empty(t, journal, "nothing was decided")
	alarms, err := o.Alarms.List(t.Context(), ledger.AlarmFilter{})
	require.NoError(t, err)
	require.Empty(t, alarms)

	decision, err := decide(0)
	require.NoError(t, err)
	require.Equal(t, contract.RulingGrant, decision.Ruling, decision.Why)
	require.Empty(t, decision.Refused)
}
