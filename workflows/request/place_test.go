package request

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

// clerk is a place that takes what its rule lets it.
type clerk struct {
	world *world
	taken []contract.EventKind
	calls int
	rule  func(contract.Event) bool // is taken
}

func (c *clerk) Comment(_ context.Context, in contract.CommentInput) (contract.Written, error) {
	c.world.mu.Lock()
	defer c.world.mu.Unlock()
	c.calls++
	var written contract.Written
	for i, event := range in.Events {
		switch {
		case c.rule(event):
			c.taken = append(c.taken, event.Kind)
		case i+1 < len(in.Events) && c.rule(in.Events[i+1]):
			written.LeftOut = append(
				written.LeftOut,
				contract.LeftOut{Seq: event.Seq, What: theEntry, Why: "it stumbles"},
			)
		default:
			written.Rest, written.Blocked = len(in.Events)-i, "it stumbles"
			return written, nil
		}
	}
	return written, nil
}

// withClerk is a world whose ticket has a clerk.
func withClerk(t *testing.T, rule func(contract.Event) bool) (*world, *clerk) {
	t.Helper()
	c := &clerk{rule: rule}
	c.world = &world{commenting: c.Comment}
	newWorld(t, c.world)
	c.world.at(time.Minute, func() { c.world.review("bob", contract.VerdictApprove) })
	return c.world, c
}

func TestAPlaceThatTakesNothingIsTriedForADayAndLosesNothing(t *testing.T) {
	t.Parallel()
	full := true
	w, c := withClerk(t, func(contract.Event) bool { return !full })
	w.at(20*time.Hour, func() { full = false })
	w.run(t)
	require.Equal(
		t,
		[]contract.EventKind{
			contract.EventRequested,
			contract.EventApproved,
			contract.EventGranted,
			contract.EventExpired,
		},
		c.taken,
	)
	require.Equal(t, []contract.AlarmKind{contract.AlarmLeftOut}, w.alarms, "operators hear once that it is blocked")
	require.Less(t, c.calls, 50, "it is not asked too often")
}

func TestAPlaceThatTakesNothingForADayIsGivenUpByName(t *testing.T) {
	t.Parallel()
	w, c := withClerk(t, func(contract.Event) bool { return false })
	w.run(t)
	require.Empty(t, c.taken)
	require.Equal(t, contract.EventTicketAbandoned, w.events[len(w.events)-1])
	require.Len(t, w.alarms, 1+4, "that it is blocked, and each entry that it lacks")
}

func TestTheOneEntryThatAPlaceDoesNotTakeIsLeftOutAsSoonAsItTakesTheNext(t *testing.T) {
	t.Parallel()
	w, c := withClerk(t, func(event contract.Event) bool { return event.Kind != contract.EventRequested })
	var soon int
	w.at(
		time.Minute+3*time.Second,
		func() { soon = len(c.taken) },
	) // three seconds after the next event, in the middle of a pause
	w.run(t)
	require.Equal(
		t,
		[]contract.EventKind{contract.EventApproved, contract.EventGranted, contract.EventExpired},
		c.taken,
	)
	require.NotZero(t, soon, "what comes next is tried at once")
	require.Contains(t, w.events, contract.EventTicketAbandoned)
}

func TestWhoeverAChannelPutsOffIsTriedAgainAloneAndNobodyWaits(t *testing.T) {
	t.Parallel()
	var alone []contract.EventKind
	w := newWorld(t, &world{
		asks: func(request *contract.Request) { request.Terms.Channels = []string{"mail"} },
		notifying: func(in contract.NotifyInput) (contract.NotifyResult, error) {
			event := in.Events[0]
			switch {
			case in.Only == "bob" && event.Kind == contract.EventRequested:
				return contract.NotifyResult{}, final(contract.KindDenied)
			case in.Only != "":
				alone = append(alone, event.Kind)
				return contract.NotifyResult{}, nil
			}
			var result contract.NotifyResult
			for _, event := range in.Events {
				result.Late = append(
					result.Late,
					contract.LeftOut{Seq: event.Seq, Person: "bob", What: "the message", Why: "452"},
				)
			}
			return result, nil
		},
	})
	w.at(time.Minute, func() { w.review("carol", contract.VerdictApprove) })
	w.run(t)
	require.Contains(t, w.notified["mail"], string(contract.EventGranted), "the others are notified meanwhile")
	require.Contains(t, w.notified["mail"], string(contract.EventExpired))
	require.Contains(t, alone, contract.EventGranted)
	require.Equal(t, []contract.AlarmKind{contract.AlarmLeftOut}, w.alarms, "for bob, whom one message never reached")
	require.NotContains(t, w.events, contract.EventChannelAbandoned)
}
