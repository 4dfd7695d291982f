package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/policy"
	"curfew/workflows/contract"
)

func TestP7NothingThatGrantsIsSealedBeforeItsStart(t *testing.T) {
	t.Parallel()
	c := house()
	template := c.Templates["debug"]
	template.StartWithin.Duration = 24 * time.Hour
	c.Templates["debug"] = template
	activities := policy.New(options(t, c))
	in := ask(t, c, "grace", "edsger")
	in.Request.Fact.StartAt = in.Request.Fact.AskedAt.Add(time.Hour)
	for range 2 {
		decision, err := activities.Decide(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, contract.RulingGrant, decision.Ruling, decision.Why)
		require.Equal(t, contract.RulingScheduled, decision.Fact.Fact.Ruling)
		require.Zero(t, decision.Fact.Fact.Until)
		require.Equal(t, in.Request.Fact.StartAt, decision.Again)
	}
	in.Request.Fact.StartAt = in.Request.Fact.AskedAt // it has come
	decision, err := activities.Decide(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, contract.RulingGrant, decision.Ruling, decision.Why)
	require.Equal(t, contract.RulingGrant, decision.Fact.Fact.Ruling)
	require.Zero(t, decision.Again)
	require.WithinDuration(
		t,
		in.Request.Fact.StartAt.Add(time.Hour),
		decision.Fact.Fact.Until,
		time.Minute,
		"what was not sealed shortens nothing",
	)
}

func TestP7NothingIsDecidedForARequestThatHasEnded(t *testing.T) {
	t.Parallel()
	c := house()
	o := options(t, c)
	in := ask(t, c, "grace", "edsger")
	require.NoError(t, o.Tombstones.AddTombstones(t.Context(),
		contract.Tombstone{Request: "r2", Kind: contract.EndNow},
		contract.Tombstone{Request: "r1", Grant: "grant/a", Kind: contract.EndCanceled}))
	decision, err := policy.New(o).Decide(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, contract.RulingGrant, decision.Ruling, "another request has ended, and a lease of this one")

	require.NoError(
		t,
		o.Tombstones.AddTombstones(t.Context(), contract.Tombstone{Request: "r1", Kind: contract.EndNow, By: "grace"}),
	)
	decision, err = policy.New(o).Decide(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, contract.RulingDeny, decision.Ruling)
	require.Contains(t, decision.Why, "the request has ended (end-now by grace)")
	require.Nil(t, decision.Fact)
}
