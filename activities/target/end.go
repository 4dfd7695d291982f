package target

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.uber.org/zap"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// End is the activity contract.ActivityEnd: it waits for the instant, and then takes the access away, ends the
// subject's sessions and sees that it is gone; unless a newer command has overtaken it meanwhile.
func (a *Activities) End(ctx context.Context, command contract.EndCommand) (contract.EndReceipt, error) {
	clock := startedAt(ctx)
	if err := a.checkEpoch(ctx, command.Access, command.Token, clock); err != nil {
		return contract.EndReceipt{}, activities.Error(err)
	}
	place := a.waiting.join(ctx, command)
	defer place.leave()
	if err := a.awaitInstant(ctx, clock, command, place); err != nil {
		return contract.EndReceipt{}, err
	}
	if newer, overtaken := place.overtakenBy(); overtaken {
		return contract.EndReceipt{Overtaken: newer}, nil
	}
	// What has begun is finished, also when the server gives the end to another worker meanwhile.
	within := context.WithoutCancel(ctx)
	receipt, err := a.end(within, command, clock, place)
	if err == nil {
		receipt.Owed = a.recordReleased(within, command.Access.GrantID(), command.Over)
	}
	return receipt, activities.Error(retrySoon(err, activity.GetInfo(ctx).Attempt))
}

func (a *Activities) end(
	ctx context.Context,
	command contract.EndCommand,
	clock serverClock,
	place *place,
) (contract.EndReceipt, error) {
	found, err := a.find(command.Access.Target)
	if err != nil {
		return contract.EndReceipt{}, err
	}
	locked, err := lockToEnd(ctx, a.holdings, command.Access.GrantID(), clock.now().Sub(command.Until))
	if err != nil {
		if newer, overtaken := place.overtakenBy(); overtaken {
			return contract.EndReceipt{Overtaken: newer}, nil
		}
		return a.endUnlocked(ctx, found, command, clock, err)
	}
	if command.Mine { // the line may have been cut while others had the lock: then it is not kept from the other workers
		if err := a.lines[command.Access.Target].reached(ctx, activity.GetInfo(ctx).Attempt); err != nil {
			locked.Unlock()
			return contract.EndReceipt{}, err
		}
	}
	receipt, err := a.endLocked(ctx, found, locked, command, clock)
	locked.Unlock()
	if receipt.Unlocked != "" {
		return a.settleEnd(ctx, found, command, clock, receipt), nil
	}
	return receipt, err
}

// endLocked ends the access with the holding's lock, unless the holding says that there is nothing to end, or not now.
func (a *Activities) endLocked(
	ctx context.Context, found Target, locked ledger.Locked, command contract.EndCommand, clock serverClock,
) (contract.EndReceipt, error) {
	ctx, done := a.whileEnding(ctx, command.Access.Target)
	defer done()
	switch before := locked.Holding(); {
	case isOvertaken(before, command):
		return contract.EndReceipt{Overtaken: before.Token}, nil
	case wasNeverGranted(before, command):
		return contract.EndReceipt{GoneAt: clock.now()}, nil
	case endsAgain(before, command):
		return endedBefore(before), nil
	case before.Open:
		return a.endHeld(ctx, found.Connector, locked, before, command, clock)
	default:
		return a.endClosed(ctx, found.Connector, locked, before, command, clock)
	}
}

// isOvertaken is true when a newer command has acted already.
func isOvertaken(before ledger.Holding, command contract.EndCommand) bool {
	return command.Token.Before(before.Token)
}

// wasNeverGranted is true when nothing was ever put there: there is no holding, and the grant doesn't say otherwise.
func wasNeverGranted(before ledger.Holding, command contract.EndCommand) bool {
	return before.Grant == "" && !command.Mine
}

// endsAgain is true when the access has ended, and the grant has no opening of its own that the holding may have lost.
func endsAgain(before ledger.Holding, command contract.EndCommand) bool {
	return before.Grant != "" && !before.Open && (!command.Mine || before.Token.Epoch == command.Token.Epoch)
}

// endedBefore is what an end has found that came first.
func endedBefore(before ledger.Holding) contract.EndReceipt {
	return contract.EndReceipt{
		GoneAt:        before.GoneAt,
		Unconfirmed:   before.Proof.Unconfirmed,
		AlreadyAbsent: before.Proof.Absent,
		Standing:      before.Standing,
		TakenOver:     before.Proof.TakenOver,
	}
}

// endClosed ends what the holding says is over, while the grant may know better: its own opening of the holding was
// lost, with a ledger that was restored, say.
func (a *Activities) endClosed(
	ctx context.Context,
	connector Connector,
	locked ledger.Locked,
	before ledger.Holding,
	command contract.EndCommand,
	clock serverClock,
) (contract.EndReceipt, error) {
	if better, err := a.knowsBetter(ctx, connector, command); err != nil || !better {
		return contract.EndReceipt{
			GoneAt:      clock.now(),
			Unconfirmed: before.Proof.Unconfirmed,
			Standing:    before.Standing,
		}, err
	}
	return a.endHeld(ctx, connector, locked, reopened(before, command), command, clock)
}

// endHeld takes away what the holding has, once nothing holds it up any more.
func (a *Activities) endHeld(
	ctx context.Context,
	connector Connector,
	locked ledger.Locked,
	before ledger.Holding,
	command contract.EndCommand,
	clock serverClock,
) (contract.EndReceipt, error) {
	holding := a.dueNow(ctx, locked, before, command, clock)
	if holding.Until.After(clock.now()) {
		return a.stepBack(ctx, locked, before, holding)
	}
	a.writeEarlyEnd(ctx, locked, before, holding)
	doomed := holding
	doomed.Leases, doomed.Proof, doomed.Uses = before.Leases, before.Proof, before.Uses
	after, gone, err := a.takeAway(ctx, connector, doomed, keepsSessions(before, command), clock.now)
	if err != nil {
		return contract.EndReceipt{}, err
	}
	receipt := a.closeHolding(ctx, locked, after, gone.sessions)
	if !receipt.GoneAt.IsZero() && !holding.Standing {
		a.observer.Ended(command.Access.Target, endedBy(ctx), receipt.GoneAt.Sub(holding.Until))
	}
	return receipt, nil
}

// endedBy is whose attempt this is; outside of an activity there is none but the first.
func endedBy(ctx context.Context) string {
	if activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt > 1 {
		return BySecondWorker
	}
	return ByGrant
}

// dueNow is the holding as this command sees it, without the leases of requests that have ended.
func (a *Activities) dueNow(
	ctx context.Context,
	locked ledger.Locked,
	before ledger.Holding,
	command contract.EndCommand,
	clock serverClock,
) ledger.Holding {
	holding := due(before, command, clock.now())
	if holding.Until.After(clock.now()) {
		holding = a.keptUp(ctx, locked, holding, clock.now())
	}
	holding.Uses = usesOf(holding).begin(holding.Leases, clock.now()).forget(clock.now()).list()
	return holding
}

// writeEarlyEnd writes an earlier end before the target is called, so that nobody still believes in the later one.
func (a *Activities) writeEarlyEnd(ctx context.Context, locked ledger.Locked, before, holding ledger.Holding) {
	if !holding.Until.Before(before.Until) {
		return
	}
	if err := locked.Save(ctx, holding); err != nil {
		a.log.Warn("an early end could not be written; it goes ahead", zapGrant(holding.Grant), zapError(err))
	}
}

// keepsSessions is true when open sessions live on, by the leases that end and by the command; a successor's command
// does not know them, and leaves it to the leases.
func keepsSessions(before ledger.Holding, command contract.EndCommand) bool {
	return before.Leases.KeepSessions() && (command.KeepSessions || before.Token.Epoch != command.Token.Epoch)
}

// closeHolding writes what has become of the access. One that a grant may still bring back is looked at again. When the
// holding can't be saved, the lock may have been lost at any time before, and the receipt says so.
func (a *Activities) closeHolding(
	ctx context.Context,
	locked ledger.Locked,
	after ledger.Holding,
	sessions int,
) contract.EndReceipt {
	receipt := contract.EndReceipt{
		Standing:      after.Standing,
		Sessions:      sessions,
		Unconfirmed:   after.Proof.Unconfirmed,
		AlreadyAbsent: after.Proof.Absent,
	}
	if after.Open {
		receipt.Again = after.SettledAt
		return receipt
	}
	if err := a.save(ctx, locked, after); err != nil {
		a.log.Error(
			"the access is gone, but its holding still says that it is there",
			zapGrant(after.Grant),
			zapError(err),
		)
		receipt.Unlocked = err.Error()
		return receipt
	}
	receipt.GoneAt = after.GoneAt
	return receipt
}

// save writes a holding, and tells the Ends of this process that a newer command has overtaken.
func (a *Activities) save(ctx context.Context, locked ledger.Locked, holding ledger.Holding) error {
	err := locked.Save(ctx, holding)
	if err == nil {
		a.waiting.saw(holding.Grant, holding.Token)
	}
	return err
}

// due is the holding as this command sees it: the newest command says when it ends, and a first command of a grant's
// successor takes over the leases that were left.
func due(before ledger.Holding, command contract.EndCommand, now time.Time) ledger.Holding {
	holding := before
	if before.Grant == "" {
		return ledger.Holding{
			Grant:    command.Access.GrantID(),
			Access:   command.Access,
			Token:    command.Token,
			Open:     true,
			Until:    command.Until,
			Standing: before.Standing,
			Uses:     before.Uses,
		}
	}
	holding.Token, holding.Until, holding.Leases = command.Token, command.Until, command.Leases
	if before.Token.Epoch == command.Token.Epoch {
		return holding
	}
	left := slices.DeleteFunc(before.Leases.Live(now), func(lease contract.Lease) bool {
		return slices.Contains(command.Released, lease.Request)
	})
	if len(left) > 0 {
		holding.Leases, holding.Until = left, left.End()
	}
	return holding
}

// reopened is a closed holding that a later grant had opened. What was standing stays, and what was used stays used.
func reopened(closed ledger.Holding, command contract.EndCommand) ledger.Holding {
	return ledger.Holding{Standing: closed.Standing, Uses: closed.Uses, Proof: grantsOwn(command)}
}

// keptUp leaves to a holding the leases of those requests that have not ended: no other keeps the access up. When that
// can't be read, the watchdog will see to it.
func (a *Activities) keptUp(
	ctx context.Context,
	locked ledger.Locked,
	holding ledger.Holding,
	now time.Time,
) ledger.Holding {
	stops, err := locked.Stops(ctx, holding.Leases.Requests()...)
	if err != nil {
		a.log.Warn("what has ended can't be read", zapGrant(holding.Grant), zapError(err))
		return holding
	}
	if left := stops.Alive(holding.Leases); len(left) < len(holding.Leases) {
		holding.Leases, holding.Until = left, now
		if left.End().After(now) {
			holding.Until = left.End()
		}
	}
	return holding
}

// stepBack leaves the access alone, and says until when.
func (a *Activities) stepBack(
	ctx context.Context,
	locked ledger.Locked,
	before, holding ledger.Holding,
) (contract.EndReceipt, error) {
	if holding.Token != before.Token {
		if err := locked.Save(ctx, holding); err != nil {
			return contract.EndReceipt{}, err
		}
	}
	return contract.EndReceipt{Until: holding.Until, Leases: holding.Leases, Standing: holding.Standing}, nil
}

func zapGrant(id string) zap.Field { return zap.String("grant", id) }
func zapError(err error) zap.Field { return zap.Error(err) }
