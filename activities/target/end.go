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

// endLocked ends the access with the holding's lock. When the holding can't be saved, the lock may have been lost at
// any time before, and the receipt says so.
func (a *Activities) endLocked(
	ctx context.Context, found Target, locked ledger.Locked, command contract.EndCommand, clock serverClock,
) (contract.EndReceipt, error) {
	ctx, done := a.whileEnding(ctx, command.Access.Target)
	defer done()
	before := locked.Holding()
	switch {
	case command.Token.Before(before.Token):
		return contract.EndReceipt{Overtaken: before.Token}, nil
	case before.Grant == "" && !command.Mine:
		return contract.EndReceipt{GoneAt: clock.now()}, nil // nothing was ever put there
	case before.Grant != "" && !before.Open && (!command.Mine || before.Token.Epoch == command.Token.Epoch):
		return contract.EndReceipt{
			GoneAt:        before.GoneAt,
			Unconfirmed:   before.Proof.Unconfirmed,
			AlreadyAbsent: before.Proof.Absent,
			Standing:      before.Standing,
		}, nil
	case !before.Open:
		// The grant may know better: its own opening of the holding was lost, with a ledger that was restored, say.
		if better, err := a.knowsBetter(ctx, found.Connector, command); err != nil || !better {
			return contract.EndReceipt{
				GoneAt:      clock.now(),
				Unconfirmed: before.Proof.Unconfirmed,
				Standing:    before.Standing,
			}, err
		}
		before = reopened(before, command)
	}
	holding := due(before, command, clock.now())
	if holding.Until.After(clock.now()) {
		holding = a.keptUp(ctx, locked, holding, clock.now())
	}
	holding.Uses = usesOf(holding).begin(holding.Leases, clock.now()).forget(clock.now()).list()
	if holding.Until.After(clock.now()) {
		return a.stepBack(ctx, locked, before, holding)
	}
	if holding.Until.Before(before.Until) {
		// An early end is written before the target is called, so that nobody still believes in the later one.
		if err := locked.Save(ctx, holding); err != nil {
			a.log.Warn("an early end could not be written; it goes ahead", zapGrant(holding.Grant), zapError(err))
		}
	}
	doomed := holding
	doomed.Leases, doomed.Proof, doomed.Uses = before.Leases, before.Proof, before.Uses
	keep := before.Leases.KeepSessions() && (command.KeepSessions || before.Token.Epoch != command.Token.Epoch)
	after, gone, err := a.takeAway(ctx, found.Connector, doomed, keep, clock.now)
	if err != nil {
		return contract.EndReceipt{}, err
	}
	receipt := contract.EndReceipt{
		Standing:      after.Standing,
		Sessions:      gone.sessions,
		Unconfirmed:   after.Proof.Unconfirmed,
		AlreadyAbsent: after.Proof.Absent,
	}
	if after.Open {
		receipt.Again = after.SettledAt
		return receipt, nil
	}
	receipt.GoneAt = after.GoneAt
	if err := a.save(ctx, locked, after); err != nil {
		a.log.Error(
			"the access is gone, but its holding still says that it is there",
			zapGrant(holding.Grant),
			zapError(err),
		)
		receipt.GoneAt, receipt.Unlocked = time.Time{}, err.Error()
	}
	return receipt, nil
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
