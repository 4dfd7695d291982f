package sweep_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/sweep"
	"curfew/activities/target"
	"curfew/workflows/contract"
)

// noGrants is a Temporal in which no grant runs.
type noGrants struct{ client.Client }

func (noGrants) ListWorkflow(
	context.Context,
	*workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	return &workflowservice.ListWorkflowExecutionsResponse{}, nil
}

// system is a target on which one access is, or is not. Something happens while it is looked at for the first time.
type system struct {
	target.Connector
	held    bool
	happens func()
	removed int
}

func (s *system) look() {
	if happens := s.happens; happens != nil {
		s.happens = nil
		happens()
	}
}

func (s *system) Inspect(context.Context, target.Access) (target.State, error) {
	s.look()
	return target.State{Held: s.held}, nil
}

// marking is a system that shows Curfew's marks.
type marking struct{ *system }

func (m marking) List(context.Context) ([]target.Marked, error) {
	m.look()
	if !m.held {
		return nil, nil
	}
	return []target.Marked{{Key: access.Digest(), Account: "alice"}}, nil
}

func (m marking) Remove(context.Context, target.Marked) error {
	m.held = false
	m.removed++
	return nil
}

var access = contract.Access{Target: "db", Entitlement: json.RawMessage(`{}`), Person: "alice", Account: "alice"}

type bench struct {
	*system
	t     *testing.T
	store *sqlite.Store
}

func newBench(t *testing.T) *bench {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return &bench{system: &system{}, t: t, store: store}
}

// record puts the access on record: live, or gone.
func (b *bench) record(live bool) {
	b.t.Helper()
	locked, err := b.store.Lock(b.t.Context(), access.GrantID())
	require.NoError(b.t, err)
	defer locked.Unlock()
	holding := ledger.Holding{
		Grant:  access.GrantID(),
		Access: access,
		Open:   live,
		Until:  time.Now().Add(time.Hour).UTC(),
	}
	if !live {
		holding.GoneAt = time.Now().UTC()
	}
	require.NoError(b.t, locked.Save(b.t.Context(), holding))
}

func (b *bench) activities(connector target.Connector) *sweep.Activities {
	return sweep.New(sweep.Options{
		Temporal: noGrants{},
		Targets:  map[string]target.Target{"db": {Connector: connector}},
		Holdings: b.store,
		Alarms:   b.store,
		Log:      zap.NewNop(),
	})
}

func (b *bench) sweep(connector target.Connector) contract.SweepResult {
	b.t.Helper()
	result, err := b.activities(connector).Target(b.t.Context(), contract.SweepTargetInput{Target: "db"})
	require.NoError(b.t, err)
	return result
}

func (b *bench) kinds() (kinds []contract.AlarmKind) {
	b.t.Helper()
	alarms, err := b.store.List(b.t.Context(), ledger.AlarmFilter{})
	require.NoError(b.t, err)
	for _, alarm := range alarms {
		kinds = append(kinds, alarm.Kind)
	}
	return kinds
}

func TestWhatWasJustGrantedHasNotReappeared(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.record(false)
	b.happens = func() { b.record(true); b.held = true }
	require.Empty(t, b.sweep(b.system).Reappeared)
	require.Empty(t, b.kinds())

	b.record(false) // and it is there all the same
	require.Len(t, b.sweep(b.system).Reappeared, 1)
	require.Equal(t, []contract.AlarmKind{contract.AlarmReappeared}, b.kinds())
}

func TestWhatJustEndedHasNotDrifted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.record(true)
	b.happens = func() { b.record(false) }
	require.Empty(t, b.sweep(b.system).Drifted)

	b.record(true)
	require.Len(t, b.sweep(b.system).Drifted, 1)
}

func TestNothingIsToldOfAccessThatSomebodyIsAt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.record(false)
	b.held = true
	locked, err := b.store.Lock(t.Context(), access.GrantID())
	require.NoError(t, err)
	defer locked.Unlock()
	require.Empty(t, b.sweep(b.system).Reappeared)
	require.Empty(t, b.kinds())
}

// The grant has written its holding and given the access while the target was listed.
func TestWhatIsGrantedDuringASweepIsNoOrphanAndIsNotRemoved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	grant := func() { b.record(true); b.held = true }
	b.happens = grant
	require.Empty(t, b.sweep(marking{b.system}).Orphans)
	require.Empty(t, b.kinds())

	b.record(false)
	b.held, b.happens = false, grant
	result, err := b.activities(marking{b.system}).Remove(t.Context(), contract.SweepRemoveInput{
		Target: "db", Orphans: []contract.Orphan{{Key: access.Digest()}},
	})
	require.NoError(t, err)
	require.Empty(t, result.Orphans)
	require.Zero(t, b.removed)
	require.True(t, b.held)

	b.record(false)
	require.Len(t, b.sweep(marking{b.system}).Orphans, 1)
	require.Contains(t, b.kinds(), contract.AlarmOrphaned)
}

// It is there when the target is listed first, and its end comes then.
func TestWhatEndsDuringASweepIsNoOrphan(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.record(true)
	b.held = true
	ending := marking{b.system}
	b.happens = func() { b.record(false) } // the holding is closed after the access was listed
	gone := &endsAfterList{ending}
	require.Empty(t, b.sweep(gone).Orphans)
	require.Empty(t, b.kinds())
}

// endsAfterList shows access that has gone when it is listed again.
type endsAfterList struct{ marking }

func (e *endsAfterList) List(ctx context.Context) ([]target.Marked, error) {
	marked, err := e.marking.List(ctx)
	e.held = false
	return marked, err
}
