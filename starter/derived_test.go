package starter_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/starter"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestADerivedIDIsTheSameForTheSameThingAndForNoOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringN(0, 3, -1), 1, 4)
		one, other := parts.Draw(rt, "one"), parts.Draw(rt, "other")
		at := time.UnixMilli(rapid.Int64Range(0, 1<<47).Draw(rt, "at"))
		id := starter.DerivedID(at, one...)
		require.Equal(rt, id, starter.DerivedID(at, one...))
		parsed, err := ulid.ParseStrict(id)
		require.NoError(rt, err)
		require.True(rt, parsed.Timestamp().Equal(at), "lists sort by it")
		require.Equal(rt, slices.Equal(one, other), starter.DerivedID(at, other...) == id, "%q and %q", one, other)
	})
	require.Equal(t, "0000000000", starter.DerivedID(time.Time{}, "x")[:10], "a time that is none comes first")
}

func TestStartForStartsOneRequestHoweverManyAskAtOnce(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	derived := ask()
	derived.ID = starter.DerivedID(time.Now().Add(-400*24*time.Hour), "incident", ulid.Make().String())
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			status, err := house.Starter.StartDerived(t.Context(), derived)
			if err != nil || status.ID != derived.ID || status.State != contract.StatePending {
				t.Errorf("%v: %v", status, err)
			}
		})
	}
	all.Wait()

	others := derived
	others.Requester = "bob"
	_, err := house.Starter.StartDerived(t.Context(), others)
	requireProblem(t, err, contract.KindConflict, "id")

	wrong := derived
	wrong.ID, wrong.Reason = starter.DerivedID(time.Now(), "another"), ""
	_, err = house.Starter.StartDerived(t.Context(), wrong)
	requireProblem(t, err, contract.KindInvalid, "reason")
	wrong.ID = ""
	_, err = house.Starter.StartDerived(t.Context(), wrong)
	requireProblem(t, err, contract.KindInvalid, "id")
}

func TestARequestThatTheLedgerKnowsIsNotStartedAgain(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	ended := startertest.Status(contract.StateEnded)
	house.Record(t, ended)
	again := ask()
	again.ID = ended.ID
	status, err := house.Starter.StartDerived(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	_, err = house.Client.DescribeWorkflow(t.Context(), contract.RequestWorkflowID(ended.ID), "")
	require.Error(t, err, "Temporal has forgotten it, and is not asked to begin anew")
}

func TestCheckSaysWhatIsWrongAndStartsNothing(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	require.NoError(t, house.Starter.Check(t.Context(), ask()))
	wrong := ask()
	wrong.Ticket = "OPS-404"
	requireProblem(t, house.Starter.Check(t.Context(), wrong), contract.KindInvalid, "ticket")
}
