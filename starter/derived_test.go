package starter_test

import (
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/activities/group"
	"curfew/internal/keyring"
	"curfew/starter"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestADerivedIDIsTheSameAtEveryServerAndSortsByWhenItBegan(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	one, other := serverOf(t, house, keyring.New([]byte("shared"))), serverOf(t, house, keyring.New([]byte("shared")))
	for _, began := range []time.Time{time.UnixMilli(0), time.UnixMilli(1 << 40), {}} {
		origin := starter.Origin{Began: began, Of: []string{"incident", "P1"}}
		id, err := one.DerivedID(origin)
		require.NoError(t, err)
		again, err := other.DerivedID(origin)
		require.NoError(t, err)
		require.Equal(t, id, again)
		parsed, err := ulid.ParseStrict(id)
		require.NoError(t, err)
		require.Equal(t, max(0, began.UnixMilli()), int64(parsed.Time()), "a time that is none comes first")
	}
}

// serverOf is another server of the same house.
func serverOf(t *testing.T, house *startertest.House, secrets keyring.Ring) *starter.Starter {
	t.Helper()
	made, err := starter.New(starter.Options{
		Temporal: house.Client, Config: house.Live, Ledger: house.Ledger,
		Groups: group.New(nil, house.Ledger), Secrets: secrets,
	})
	require.NoError(t, err)
	return made
}

// somewhere is an origin of no other test.
func somewhere() starter.Origin {
	return starter.Origin{Began: time.Now().Add(-400 * 24 * time.Hour), Of: []string{"incident", ulid.Make().String()}}
}

func isUnavailable(err error) bool {
	problem, ok := contract.ProblemOf(err)
	return ok && problem.Kind == contract.KindUnavailable
}

func TestAnOriginHasOneRequestHoweverManyAskAtOnce(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	derived, origin := ask(), somewhere()
	id, err := house.Starter.DerivedID(origin)
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			status, err := house.Starter.Current().StartDerived(t.Context(), derived, origin)
			for isUnavailable(err) { // on a machine that is busy; sources try again
				status, err = house.Starter.Current().StartDerived(t.Context(), derived, origin)
			}
			if err != nil || status.ID != id || status.State != contract.StatePending {
				t.Errorf("%v: %v", status, err)
			}
		})
	}
	all.Wait()

	wrong := derived
	wrong.Reason = ""
	_, err = house.Starter.Current().StartDerived(t.Context(), wrong, somewhere())
	requireProblem(t, err, contract.KindInvalid, "reason")
}

func TestAnOriginsRequestIsToldByWhatWasAskedAndNotByItsID(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	derived, origin := ask(), somewhere()
	_, err := house.Starter.Current().StartDerived(t.Context(), derived, origin)
	require.NoError(t, err)
	for name, change := range map[string]func(*starter.Ask){
		"another person":      func(a *starter.Ask) { a.Requester = "bob" },
		"another template":    func(a *starter.Ask) { a.Template = "read-logs" },
		"another entry point": func(a *starter.Ask) { a.Source = "pagerduty" },
		"another ticket":      func(a *starter.Ask) { a.Ticket = "OPS-8" },
		"another incident":    func(a *starter.Ask) { a.Incident = "P2" },
	} {
		other := derived
		change(&other)
		_, err = house.Starter.Current().StartDerived(t.Context(), other, origin)
		require.Contains(t, requireProblem(t, err, contract.KindConflict, "id").Fault, "is taken", name)
	}
}

func TestARequestThatTheLedgerKnowsIsNotStartedAgain(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	ended, origin := startertest.Status(contract.StateEnded), somewhere()
	var err error
	ended.ID, err = house.Starter.DerivedID(origin)
	require.NoError(t, err)
	house.Record(t, ended)
	status, err := house.Starter.Current().StartDerived(t.Context(), ask(), origin)
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	_, err = house.Client.DescribeWorkflow(t.Context(), contract.RequestWorkflowID(ended.ID), "")
	require.Error(t, err, "Temporal has forgotten it, and is not asked to begin anew")
}

func TestAnOriginsRequestIsFoundAgainWhenTheSecretIsReplaced(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	before := serverOf(t, house, keyring.New([]byte("old")))
	after := serverOf(t, house, keyring.New([]byte("new"), []byte("old")))
	derived, origin := ask(), somewhere()
	first, err := before.Current().StartDerived(t.Context(), derived, origin)
	require.NoError(t, err)

	again, err := after.Current().StartDerived(t.Context(), derived, origin)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	id, err := after.DerivedID(origin)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, id, "nothing new is made with the old one")
}

func TestCheckSaysWhatIsWrongAndStartsNothing(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	require.NoError(t, house.Starter.Current().Check(t.Context(), ask()))
	wrong := ask()
	wrong.Ticket = "OPS-404"
	requireProblem(t, house.Starter.Current().Check(t.Context(), wrong), contract.KindInvalid, "ticket")
}
