package target

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// desk is a target with sessions and certificates, and a ledger of one life.
type desk struct {
	*memory
	box
	sessionsEnded, issued int
}

func (d *desk) EndSessions(context.Context, Access) (int, error) {
	d.sessionsEnded++
	return 1, nil
}

func (d *desk) Issue(context.Context, Access, []byte) ([]byte, error) {
	d.issued++
	return []byte("a certificate"), nil
}

var desked = contract.Access{Target: "desk", Entitlement: []byte(`{}`), Person: "alice", Account: "alice"}

// newDesk holds access up until in an hour, by the requests r and s, which leave sessions alone.
func newDesk() (*desk, *Activities, *Watchdog) {
	d := &desk{memory: &memory{holdings: map[string]ledger.Holding{}}}
	targets := map[string]Target{"desk": {Connector: d}}
	until := time.Now().Add(time.Hour)
	d.holdings[desked.GrantID()] = ledger.Holding{
		Grant:  desked.GrantID(),
		Access: desked,
		Open:   true,
		Until:  until,
		Token:  contract.Token{Epoch: 1, Seq: 1},
		Leases: contract.Leases{
			{Request: "r", Until: until, KeepSessions: true},
			{Request: "s", Until: until, KeepSessions: true},
		},
	}
	d.held = true
	activities := New(Options{Targets: targets, Holdings: d, Tombstones: d, Decisions: d, Alarms: d, Log: zap.NewNop()})
	watchdog := activities.Watchdog(time.Minute)
	return d, activities, watchdog
}

func (d *desk) end(t *testing.T, kind contract.EndKind, requests ...string) {
	t.Helper()
	for _, request := range requests {
		require.NoError(t, d.AddTombstones(t.Context(), contract.Tombstone{Request: request, Kind: kind}))
	}
}

func TestOnlyTheKillSwitchEndsSessionsThatATemplateKeeps(t *testing.T) {
	t.Parallel()
	for kind, ends := range map[contract.EndKind]int{contract.EndNow: 0, contract.EndReleased: 0, contract.EndKillSwitch: 1, contract.EndLeft: 1} {
		d, _, watchdog := newDesk()
		d.end(t, kind, "r")
		d.end(t, contract.EndNow, "s")
		require.NoError(t, watchdog.endIfEnded(t.Context(), watchdog.targets["desk"], d.holdings[desked.GrantID()]))
		require.False(t, d.held)
		require.Equal(t, ends, d.sessionsEnded, kind)
	}
}

func TestALateAttemptToGrantIsAwaitedBeforeAnEndedAccessIsSaidToBeGone(t *testing.T) {
	t.Parallel()
	d, _, watchdog := newDesk()
	holding := d.holdings[desked.GrantID()]
	holding.SettledAt = time.Now().Add(time.Hour)
	d.holdings[desked.GrantID()] = holding
	d.end(t, contract.EndNow, "r", "s")
	require.NoError(t, watchdog.endIfEnded(t.Context(), watchdog.targets["desk"], d.holdings[desked.GrantID()]))
	require.False(t, d.held)
	require.True(t, d.holdings[desked.GrantID()].Open, "it is looked at again")
}

func TestAccessThatHasEndedIsNotDrift(t *testing.T) {
	t.Parallel()
	d, activities, _ := newDesk()
	d.held = false
	command := contract.DetectDriftCommand{Access: desked, Known: true}
	clock := serverClock{started: time.Now(), arrived: time.Now()}
	for _, step := range []struct {
		ends    []string
		drifted bool
	}{{nil, true}, {[]string{"r"}, true}, {[]string{"s"}, false}} {
		d.end(t, contract.EndNow, step.ends...)
		drifted, err := activities.detectDrift(t.Context(), command, clock)
		require.NoError(t, err)
		require.Equal(t, step.drifted, drifted)
	}
}

func TestNoCertificateIsIssuedToARequestThatHasEnded(t *testing.T) {
	t.Parallel()
	d, activities, _ := newDesk()
	command := contract.IssueCommand{
		Access: desked,
		Ask: contract.Sealed[contract.CertificateAsk]{Fact: contract.CertificateAsk{
			Request: "r", Person: "alice", Target: "desk",
		}},
	}
	clock := serverClock{started: time.Now(), arrived: time.Now()}
	_, err := activities.issue(t.Context(), command, clock)
	require.NoError(t, err)
	d.end(t, contract.EndNow, "r")
	_, err = activities.issue(t.Context(), command, clock)
	require.ErrorContains(t, err, "the request has ended")
	require.Equal(t, 1, d.issued)
}

func TestAUseIsRememberedForAsLongAsTheLongestDecisionAllows(t *testing.T) {
	t.Parallel()
	l := newLife(t, newStamps(t), 1)
	l.target.standing = false
	l.ask()
	r := l.requests[0]
	r.fact.Fact.StartAt = time.Time{}
	r.fact = sealedBy(l, l.office.server, seal.OfRequest(r.fact.Fact), r.fact.Fact)
	l.decided(r)
	longest := r.chain
	l.now = l.now.Add(-time.Minute) // a decision that was made before, and allows less
	l.decided(r)
	shortest := r.chain
	l.now = l.now.Add(time.Minute)
	remembered := uses{}
	command := contract.GrantCommand{Access: l.access, Chains: []contract.Chain{longest}}
	lease := contract.Lease{Request: r.fact.Fact.ID, Until: l.now.Add(time.Minute)}
	for _, chain := range []contract.Chain{longest, shortest} {
		command.Chains[0] = chain
		_, err := l.activities.decided(command, remembered, lease, false, l.now)
		require.NoError(t, err)
	}
	require.Equal(t, longest.Decision.Fact.Until.Add(leeway), remembered[r.fact.Fact.ID].Until)
}

func TestADecisionThatWasSealedTooEarlyGivesNoAccessBeforeTheStart(t *testing.T) {
	t.Parallel()
	l := newLife(t, newStamps(t), 1)
	l.ask()
	r := l.requests[0]
	r.fact.Fact.StartAt = l.now.Add(time.Hour)
	r.fact = sealedBy(l, l.office.server, seal.OfRequest(r.fact.Fact), r.fact.Fact)
	l.decided(r) // by a worker that does not know better
	command := contract.GrantCommand{Access: l.access, Chains: []contract.Chain{r.chain}}
	lease := contract.Lease{Request: r.fact.Fact.ID, Until: l.now.Add(time.Minute)}
	_, err := l.activities.decided(command, uses{}, lease, false, l.now)
	require.ErrorContains(t, err, "it is to begin at")
	require.Empty(t, l.ledger.tombstones)

	l.now = r.fact.Fact.StartAt
	lease.Until = l.now.Add(time.Minute)
	_, err = l.activities.decided(command, uses{}, lease, false, l.now)
	require.NoError(t, err)
}
