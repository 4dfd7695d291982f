package target_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/target"
	"curfew/workflows/contract"
)

// scene is a target that may lie, a ledger on disk and the activities between them.
type scene struct {
	t      *testing.T
	target *liar
	ledger *sqlite.Store
	access contract.Access
	seq    int64
}

func newScene(t *testing.T, lying *liar) *scene {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return &scene{t: t, target: lying, ledger: store, access: contract.Access{
		Target: "liar", Entitlement: []byte(`{"role":"reporting"}`), Person: "alice", Account: "alice",
	}}
}

func (s *scene) token() contract.Token {
	s.seq++
	return contract.Token{Epoch: 1, Seq: s.seq}
}

// do carries out an activity as a worker would, and reads its answer.
func (s *scene) do(name string, command, into any) error {
	s.t.Helper()
	activities := target.New(target.Options{
		Targets:  map[string]target.Target{s.access.Target: {Connector: s.target}},
		Holdings: s.ledger, Tombstones: s.ledger, Decisions: s.ledger, Alarms: s.ledger, Log: zap.NewNop(),
	})
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	for registered, do := range map[string]any{contract.ActivityGrant: activities.Grant, contract.ActivityEnd: activities.End, contract.ActivityDetectDrift: activities.DetectDrift} {
		env.RegisterActivityWithOptions(do, activity.RegisterOptions{Name: registered})
	}
	value, err := env.ExecuteActivity(name, command)
	if err != nil {
		return err
	}
	return value.Get(into)
}

func (s *scene) leases() contract.Leases {
	return contract.Leases{{Request: "r", Until: time.Now().Add(time.Hour), ReadBack: s.access.ReadBack}}
}

func (s *scene) grant() (receipt contract.GrantReceipt, err error) {
	s.t.Helper()
	leases := s.leases()
	err = s.do(contract.ActivityGrant, contract.GrantCommand{
		Access: s.access, Token: s.token(), Until: leases.End(), Leases: leases, Opens: true,
	}, &receipt)
	return receipt, err
}

func (s *scene) end() (receipt contract.EndReceipt, err error) {
	s.t.Helper()
	err = s.do(
		contract.ActivityEnd,
		contract.EndCommand{Access: s.access, Token: s.token(), Until: time.Now(), Mine: true},
		&receipt,
	)
	return receipt, err
}

func (s *scene) holding() ledger.Holding {
	s.t.Helper()
	locked, err := s.ledger.Lock(s.t.Context(), s.access.GrantID())
	require.NoError(s.t, err)
	defer locked.Unlock()
	return locked.Holding()
}

func TestP3AccessThatWasNeverShownIsRemovedAndNotSaidToBeGone(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{blind: true})
	_, err := s.grant()
	require.ErrorContains(t, err, "does not show it")
	require.True(t, s.target.holds, "the target has it all the same")

	_, err = s.end()
	require.ErrorContains(
		t,
		err,
		"can't confirm that it is gone: the target answered that it granted the access, and has never shown it",
	)
	require.Equal(t, 1, s.target.revokes, "the removal is sent whatever a read says")
	require.False(t, s.target.holds)
	require.True(t, s.holding().Open)
}

func TestP3AnEmptyViewIsNoProof(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{doubt: "it shows no members of any group"})
	_, err := s.grant()
	require.NoError(t, err)
	_, err = s.end()
	require.ErrorContains(t, err, "can't confirm that it is gone: it shows no members of any group")
}

func TestP3ARevokeThatIsAnsweredAndNotMadeIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{keeps: true})
	_, err := s.grant()
	require.NoError(t, err)
	_, err = s.end()
	require.ErrorContains(t, err, "but still shows it")
	require.True(t, s.holding().Open)
}

func TestP3AGrantThatIsAnsweredAndNotMadeIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{blind: true})
	receipt, err := s.grant()
	require.Error(t, err)
	require.Zero(t, receipt)
}

func TestP4AnEndThatIsAnsweredAndNotMovedIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{frozen: time.Now().Add(2 * time.Hour)})
	first, err := s.grant()
	require.NoError(t, err)
	s.target.frozen = first.Until.Add(-time.Minute)
	_, err = s.grant()
	require.ErrorContains(t, err, "shows that it will end it at")
	holding := s.holding()
	require.True(t, holding.Open)
	require.True(t, first.Until.Equal(holding.Until), "what the target did not take is not held")

	s.target.frozen = s.target.frozen.Add(2 * time.Minute)
	_, err = s.grant()
	require.NoError(t, err)
}

func TestP3WithoutAReadBackNobodySaysThatItIsGone(t *testing.T) {
	t.Parallel()
	for name, lying := range map[string]*liar{"that shows nothing": {blind: true}, "that can't be asked": {deaf: true}, "that shows all": {}} {
		t.Run("a target "+name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, lying)
			s.access.ReadBack = contract.ReadBackNone
			_, err := s.grant()
			require.NoError(t, err)
			require.True(t, s.target.holds)

			receipt, err := s.end()
			require.NoError(t, err)
			require.True(t, receipt.Unconfirmed)
			require.False(t, receipt.GoneAt.IsZero())
			require.False(t, receipt.AlreadyAbsent)
			require.False(t, s.target.holds)
			require.True(t, s.holding().Proof.Unconfirmed)

			again, err := s.end()
			require.NoError(t, err)
			require.True(t, again.Unconfirmed, "also when it is asked for again")
		})
	}
}

func TestP3WithoutAReadBackWhatIsSeenToBeThereIsNotOver(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{keeps: true})
	s.access.ReadBack = contract.ReadBackNone
	_, err := s.grant()
	require.NoError(t, err)
	_, err = s.end()
	require.ErrorContains(t, err, "but still shows it")
}

func TestP3AnotherSystemAtTheSameAddressProvesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{system: "7001"})
	receipt, err := s.grant()
	require.NoError(t, err)
	require.Equal(t, contract.Identity{Target: "7001", ID: "16384"}, receipt.Identity)
	require.Equal(t, receipt.Identity, s.holding().Proof.Identity)

	s.target.system, s.target.holds = "7002", false // a fresh server in its place
	_, err = s.end()
	require.ErrorContains(t, err, "it is another system (7002) than the one that the access was granted on (7001)")
	require.ErrorContains(t, err, "lead to the former one again")
	require.ErrorContains(t, err, "`curfew stuck takeover`")

	s.target.holds = true // it was restored from the first one, with the access
	ended, err := s.end()
	require.NoError(t, err)
	require.False(t, ended.GoneAt.IsZero())
	require.Equal(t, receipt.Identity, s.target.asked[1].Identity, "connectors are told which one it was")
}

func TestARefusedGrantThatLeftNothingIsOverAtOnce(t *testing.T) {
	t.Parallel()
	statement := `GRANT "reporting" TO "curfew" WITH ADMIN OPTION`
	s := newScene(t, &liar{
		refuses:       contract.Denied("permission denied").Advise(statement).AsRefusal(),
		refusesRevoke: contract.Denied("permission denied").Advise(statement).AsRefusal(),
	})
	_, err := s.grant()
	requireKind(t, contract.KindDenied, err)
	require.ErrorContains(t, err, statement)
	require.False(t, s.holding().Open)

	receipt, err := s.end()
	require.NoError(t, err)
	require.False(t, receipt.GoneAt.IsZero())
	require.Zero(t, s.target.revokes, "there is nothing to take away")
}

func TestARefusedRevokeOfWhatIsNotThereIsDone(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{})
	_, err := s.grant()
	require.NoError(t, err)
	s.target.refusesRevoke = contract.Unavailable("unwilling to perform (code 53)").AsRefusal()

	_, err = s.end()
	require.ErrorContains(t, err, "code 53", "the access is there")

	s.target.doubt = "it shows nothing"
	s.target.holds = false
	_, err = s.end()
	require.ErrorContains(t, err, "code 53", "the look proves nothing")

	s.target.doubt = ""
	receipt, err := s.end()
	require.NoError(t, err)
	require.True(t, receipt.AlreadyAbsent)
}

func TestARefusedGrantOfWhatIsThereIsDone(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{refuses: contract.Unavailable("already exists (code 68)").AsRefusal()})
	s.target.blind, s.target.holds = true, true
	_, err := s.grant()
	require.ErrorContains(t, err, "code 68", "it is not seen to be there")

	s.target.blind = false
	receipt, err := s.grant()
	require.NoError(t, err)
	require.True(t, receipt.AlreadyThere)
	require.False(t, receipt.Standing, "an earlier attempt may have given it")
}

func TestWhatIsThereAfterARefusedFirstGrantIsNotCurfews(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{another: true, refuses: contract.Denied("already exists (code 68)").AsRefusal()})
	receipt, err := s.grant()
	require.NoError(t, err)
	require.True(t, receipt.Standing)
	_, err = s.end()
	require.NoError(t, err)
	require.True(t, s.target.holds, "somebody else has given it")
}

func TestALookAtWhatCanNotBeSeenIsNoDrift(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{doubt: "it shows nothing"})
	locked, err := s.ledger.Lock(t.Context(), s.access.GrantID())
	require.NoError(t, err)
	require.NoError(t, locked.Save(t.Context(), ledger.Holding{
		Grant: s.access.GrantID(), Access: s.access, Open: true, Until: s.leases().End(), Leases: s.leases(),
	}))
	locked.Unlock()
	var receipt contract.DetectDriftReceipt
	require.NoError(
		t,
		s.do(contract.ActivityDetectDrift, contract.DetectDriftCommand{Access: s.access, Leases: s.leases()}, &receipt),
	)
	require.True(t, receipt.Held)
	s.target.doubt = ""
	require.NoError(
		t,
		s.do(contract.ActivityDetectDrift, contract.DetectDriftCommand{Access: s.access, Leases: s.leases()}, &receipt),
	)
	require.False(t, receipt.Held)
	s.access.ReadBack = contract.ReadBackNone
	s.target.deaf = true
	require.NoError(
		t,
		s.do(contract.ActivityDetectDrift, contract.DetectDriftCommand{Access: s.access, Leases: s.leases()}, &receipt),
	)
	require.True(t, receipt.Held)
}
