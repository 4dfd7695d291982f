package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func TestARequestThatIsStuckRaisesTheAlarmWhereItsGrantsCanNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{unanswered: true})
	w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
	require.Equal(t, contract.OutcomeExpired, w.run(t).Outcome)
	require.Equal(t, []contract.AlarmKind{contract.AlarmStuck}, w.alarms)
	require.Contains(t, w.events, contract.EventStuck)
}

func TestAGrantThatAnswersHasRaisedTheAlarmItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{stuckFor: 1})
	w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
	require.Equal(t, contract.OutcomeExpired, w.run(t).Outcome)
	require.Empty(t, w.alarms)
	require.Contains(t, w.events, contract.EventStuck)
}

func TestP3ARequestIsOverOnlyWhenEachOfItsAccessesIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{stuckFor: 1, mute: 2})
	w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
	status := w.run(t)
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	require.Zero(t, w.mute, "it was asked until it was answered")
	for _, hold := range status.Holds {
		require.NotNil(t, hold.GoneAt, hold.Access.Target)
	}
}
