package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/activities/sweep"
	"curfew/activities/target"
	"curfew/workflows/contract"
)

// save puts a holding of the access on record.
func (b *bench) save(holding ledger.Holding) {
	b.t.Helper()
	holding.Grant, holding.Access = access.GrantID(), access
	locked, err := b.store.Lock(b.t.Context(), holding.Grant)
	require.NoError(b.t, err)
	defer locked.Unlock()
	require.NoError(b.t, locked.Save(b.t.Context(), holding))
}

// beside is the sweep beside a Temporal.
func (b *bench) beside(server *temporal, connector target.Connector) *sweep.Activities {
	activities := b.activities(connector)
	activities.Temporal = server
	return activities
}

func (b *bench) alarms() []contract.Alarm {
	b.t.Helper()
	alarms, err := b.store.List(b.t.Context(), ledger.AlarmFilter{})
	require.NoError(b.t, err)
	return alarms
}

// doubting can't see what is there, and says so.
type doubting struct{ *system }

func (d doubting) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	state, err := d.system.Inspect(ctx, access)
	state.Doubt = "it has never shown anybody"
	return state, err
}

func TestASweepSaysWhatItSeesOfAHolding(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	hour := now.Add(time.Hour)
	const drifted, reappeared = "drifted", "reappeared"
	unread := contract.Leases{{Request: requestID(1), Until: hour, ReadBack: contract.ReadBackNone}}
	for name, tc := range map[string]struct {
		holding  ledger.Holding
		there    bool
		doubtful bool
		says     string
		live     int
		text     string
	}{
		"live, and there":                {holding: ledger.Holding{Open: true, Until: hour}, there: true, live: 1},
		"live, and not there":            {holding: ledger.Holding{Open: true, Until: hour}, says: drifted},
		"live, and nobody can tell":      {holding: ledger.Holding{Open: true, Until: hour}, doubtful: true},
		"live, and nobody is to tell":    {holding: ledger.Holding{Open: true, Until: hour, Leases: unread}},
		"past its end: the watchdog's":   {holding: ledger.Holding{Open: true, Until: now.Add(-time.Minute)}},
		"past its end, and there":        {holding: ledger.Holding{Open: true, Until: now.Add(-time.Minute)}, there: true},
		"gone, and not there":            {holding: ledger.Holding{GoneAt: now, Until: now}},
		"gone long ago, and there":       {holding: ledger.Holding{GoneAt: now.AddDate(0, 0, -8), Until: now}, there: true},
		"gone, and there":                {holding: ledger.Holding{GoneAt: now, Until: now}, there: true, says: reappeared, text: "was seen to be gone at"},
		"removed unconfirmed, and there": {holding: ledger.Holding{GoneAt: now, Until: now, Proof: ledger.Proof{Unconfirmed: true}}, there: true, says: reappeared, text: "which Curfew could not confirm"},
		"standing, and there after all":  {holding: ledger.Holding{GoneAt: now, Until: now, Standing: true}, there: true},
		"standing, and somebody took it": {holding: ledger.Holding{Open: true, Until: hour, Standing: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.save(tc.holding)
			b.held = tc.there
			connector := target.Connector(b.system)
			if tc.doubtful {
				connector = doubting{b.system}
			}
			result := b.sweep(connector)
			require.Equal(t, tc.says == drifted, len(result.Drifted) == 1)
			require.Equal(t, tc.says == reappeared, len(result.Reappeared) == 1)
			require.Equal(t, tc.live, result.Live)
			require.False(t, result.Listed)
			if tc.text == "" {
				require.Empty(t, b.alarms(), "what drifts is its grant's to tell")
				return
			}
			require.Len(t, b.alarms(), 1)
			alarm := b.alarms()[0]
			require.Equal(t, contract.ActorSweep, alarm.Actor)
			require.Equal(t, access.GrantID(), alarm.Grant)
			require.Contains(t, alarm.Text, tc.text)
		})
	}
}

func TestWhatIsMarkedIsAnOrphanOnlyIfNothingHoldsItUp(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	for name, tc := range map[string]struct {
		holding *ledger.Holding
		grant   string // the id of one that runs
		orphan  bool
	}{
		"a live holding":              {holding: &ledger.Holding{Open: true, Until: now.Add(time.Hour)}},
		"a holding past its end":      {holding: &ledger.Holding{Open: true, Until: now.Add(-time.Hour)}},
		"a closed holding":            {holding: &ledger.Holding{GoneAt: now, Until: now}, orphan: true},
		"no holding":                  {orphan: true},
		"a grant without its holding": {grant: access.GrantID()},
		"the grant of another person": {grant: contract.GrantIDPrefix("db", access.Digest()) + "bob"},
		"the grant of another target": {grant: contract.GrantIDPrefix("other", access.Digest()) + "alice", orphan: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.held = true
			if tc.holding != nil {
				b.save(*tc.holding)
			}
			server := &temporal{}
			if tc.grant != "" {
				server.workflows = []*workflowpb.WorkflowExecutionInfo{
					running(t, contract.WorkflowGrant, tc.grant, "", now),
				}
			}
			result, err := b.beside(server, marking{b.system}).
				Target(t.Context(), contract.SweepTargetInput{Target: "db"})
			require.NoError(t, err)
			require.True(t, result.Listed)
			if !tc.orphan {
				require.Empty(t, result.Orphans)
				require.Equal(t, 1, result.Live)
				return
			}
			require.Equal(t, []contract.Orphan{{Key: access.Digest(), Account: "alice"}}, result.Orphans)
			require.Zero(t, result.Live)
			require.Equal(t, contract.AlarmOrphaned, b.alarms()[len(b.alarms())-1].Kind)
			require.Equal(t, "db", b.alarms()[0].Target)
		})
	}
}

func TestADryRunFindsTheSameAndRaisesNoAlarm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.record(false)
	b.held = true
	result, err := b.activities(marking{b.system}).
		Target(t.Context(), contract.SweepTargetInput{Target: "db", DryRun: true})
	require.NoError(t, err)
	require.Len(t, result.Orphans, 1)
	require.Len(t, result.Reappeared, 1)
	require.Empty(t, b.alarms())
}

func TestASweepGoesByTheLedgersClock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.record(true) // for an hour
	activities := b.activities(b.system)
	activities.Holdings = clocked{b.store, time.Now().Add(2 * time.Hour)}
	result, err := activities.Target(t.Context(), contract.SweepTargetInput{Target: "db"})
	require.NoError(t, err)
	require.Empty(t, result.Drifted, "it is past its end")
}

// clocked is a ledger with another time.
type clocked struct {
	ledger.Holdings
	now time.Time
}

func (c clocked) Now(context.Context) (time.Time, error) { return c.now, nil }

// many is a ledger that has so many holdings that are gone, in pages.
type many struct {
	ledger.Holdings
	count int
}

func (m many) Held(_ context.Context, filter ledger.HeldFilter) (page []ledger.Holding, err error) {
	for n := range m.count {
		grant := fmt.Sprintf("%s%05d", contract.GrantIDPrefix("db", access.Digest()), n)
		if grant > filter.After && len(page) < filter.Limit {
			page = append(page, ledger.Holding{Grant: grant, Access: access, GoneAt: time.Now()})
		}
	}
	return page, nil
}

// counting counts looks.
type counting struct {
	*system
	looks int
}

func (c *counting) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	c.looks++
	return c.system.Inspect(ctx, access)
}

func TestASweepLooksAtEveryHoldingUpToItsBound(t *testing.T) {
	t.Parallel()
	for holdings, looks := range map[int]int{450: 450, 5001: 5000} {
		b := newBench(t)
		connector := &counting{system: b.system}
		activities := b.activities(connector)
		activities.Holdings = many{b.store, holdings}
		result, err := activities.Target(t.Context(), contract.SweepTargetInput{Target: "db"})
		require.NoError(t, err)
		require.Equal(t, looks, connector.looks)
		require.Equal(t, looks < holdings, strings.Contains(result.Problem, "only the first 5000"), result.Problem)
	}
}

// hostile lists marks that are none of ours.
type hostile struct {
	*system
	key string
}

func (h hostile) List(context.Context) ([]target.Marked, error) {
	return []target.Marked{{Key: h.key}}, nil
}

func (hostile) Remove(context.Context, target.Marked) error { return nil }

func TestAMarkThatIsNoKeyIsNotAskedForInTemporal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	server := &temporal{}
	result, err := b.beside(server, hostile{b.system, "x' OR WorkflowId STARTS_WITH 'grant"}).
		Target(t.Context(), contract.SweepTargetInput{Target: "db"})
	require.NoError(t, err)
	require.Empty(t, server.queries)
	require.Len(t, result.Orphans, 1)
	require.Contains(t, b.alarms()[0].Text, "somebody has access")
}

// moving shows another end each time that it is listed, as of access that is extended.
type moving struct {
	*system
	until time.Time
}

func (m *moving) List(context.Context) ([]target.Marked, error) {
	m.until = m.until.Add(time.Minute)
	return []target.Marked{{Key: access.Digest(), Until: m.until}}, nil
}

func (*moving) Remove(context.Context, target.Marked) error { return nil }

func TestWhatMovesDuringASweepIsNoOrphan(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Empty(t, b.sweep(&moving{system: b.system, until: time.Now()}).Orphans)
}

// deaf is a ledger that takes no alarm.
type deaf struct{ ledger.Alarms }

func (deaf) Raise(context.Context, contract.Alarm) error { return errors.New("the disk is full") }

func TestAnAlarmThatTheLedgerDoesNotTakeHidesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.held = true
	activities := b.activities(marking{b.system})
	activities.Alarms, activities.Log = deaf{b.store}, zap.NewNop()
	result, err := activities.Target(t.Context(), contract.SweepTargetInput{Target: "db"})
	require.NoError(t, err)
	require.Len(t, result.Orphans, 1)
}

func TestASweepThatCanNotAskSaysSoAndReportsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.held = true
	unreachable := errors.New("no answer")
	for name, activities := range map[string]*sweep.Activities{
		"Temporal": b.beside(&temporal{down: unreachable}, marking{b.system}),
		"target":   b.activities(failing{b.system}),
		"no such":  sweep.New(sweep.Options{Holdings: b.store, Alarms: b.store, Log: zap.NewNop()}),
	} {
		result, err := activities.Target(t.Context(), contract.SweepTargetInput{Target: "db"})
		problem, known := contract.ProblemOf(err)
		require.True(t, known, "%s: %v", name, err)
		require.Equal(t, contract.KindUnavailable, problem.Kind, name)
		require.Empty(t, result.Orphans, name)
	}
	require.Empty(t, b.alarms())
}

// failing is a target that does not answer.
type failing struct{ *system }

func (failing) List(context.Context) ([]target.Marked, error) {
	return nil, contract.Unavailable("no answer")
}

func (failing) Remove(context.Context, target.Marked) error { return contract.Unavailable("no answer") }

func TestWhatIsLiveIsCountedOnceBesideAnOrphan(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.record(true)
	s := &shelf{system: b.system, marks: []target.Marked{{Key: access.Digest()}, {Key: "another"}}}
	result := b.sweep(s)
	require.Equal(t, 1, result.Live)
	require.Equal(t, []contract.Orphan{{Key: "another"}}, result.Orphans)
}

func TestWhatWasJustFoundToBeStandingHasNotReappeared(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.record(false)
	b.held = true
	b.happens = func() { b.save(ledger.Holding{GoneAt: time.Now().UTC(), Until: time.Now(), Standing: true}) }
	require.Empty(t, b.sweep(b.system).Reappeared)
	require.Empty(t, b.alarms())
}
