package target

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// owed are the holdings whose access the watchdog has taken away after it was seen there past its end, and of which it
// has not told yet: an alarm is raised on what is so under the lock, and the lock could not be had, or a late attempt
// to grant could still land.
type owed struct {
	mu    sync.Mutex
	taken map[string]ledger.Holding // by grant, as it was when the access was taken away
}

func (o *owed) add(holding ledger.Holding) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.taken == nil {
		o.taken = map[string]ledger.Holding{}
	}
	o.taken[holding.Grant] = holding
}

func (o *owed) all() []ledger.Holding {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Values(o.taken))
}

func (o *owed) take(grant string) (ledger.Holding, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	holding, is := o.taken[grant]
	delete(o.taken, grant)
	return holding, is
}

// tellOwed raises the alarm about access that the watchdog has taken away, if there is one. holding is what is so now,
// under its lock: when its end has moved, the access was not late, and the watchdog could not know that.
func (w *Watchdog) tellOwed(ctx context.Context, holding ledger.Holding) {
	taken, is := w.owed.take(holding.Grant)
	if !is {
		return
	}
	now, err := w.now(ctx)
	if err != nil {
		w.owed.add(taken)
		return
	}
	alarm := contract.Alarm{
		At:       now,
		Target:   taken.Access.Target,
		Grant:    taken.Grant,
		Requests: taken.Leases.Requests(),
		Actor:    contract.ActorWatchdog,
	}
	account, until := taken.Access.Account, taken.Until.UTC().Format(time.RFC3339)
	if holding.Open && holding.Until.After(taken.Until) {
		w.log.Warn(
			"the watchdog took access away whose end had moved",
			zapGrant(taken.Grant),
			zap.Time("until", taken.Until),
		)
		alarm.Kind = contract.AlarmInterrupted
		alarm.Text = fmt.Sprintf(
			"The watchdog took the access of %s away at %s, an end that had moved: its holding could not be locked then. "+
				"It is to last until %s.",
			account,
			until,
			holding.Until.UTC().Format(time.RFC3339),
		)
	} else {
		w.log.Warn(
			"the watchdog ended access that was past its end",
			zapGrant(taken.Grant),
			zap.Time("until", taken.Until),
		)
		alarm.Kind = contract.AlarmLate
		alarm.Text = fmt.Sprintf(
			"The access of %s was to end at %s and was still there %s later. The watchdog %s: see whether Temporal and the workers run.",
			account,
			until,
			now.Sub(taken.Until).Round(time.Second),
			doneBy(holding.Proof),
		)
	}
	alarm.ID = fmt.Sprintf("%s/%d/%s/%d", taken.Grant, taken.Token.Epoch, alarm.Kind, taken.Until.Unix())
	if err := w.alarms.Raise(ctx, alarm); err != nil {
		w.log.Error("the ledger did not take the watchdog's alarm", zapGrant(taken.Grant), zapError(err))
	}
}

// doneBy says what the watchdog has done, and no more.
func doneBy(proof ledger.Proof) string {
	if proof.Unconfirmed {
		return "removed it, and can't confirm that it is gone"
	}
	return "ended it"
}
