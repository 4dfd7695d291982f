package target

import (
	"context"
	"errors"
	"fmt"
	"time"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// settleSoon is how long an end that had no lock waits for it before it answers that it had none.
const settleSoon = time.Second

// readWithin is how long an end that had no lock waits to read the holding.
const readWithin = time.Second

// endUnlocked goes ahead when the holding can't be locked: a lost table, or a process that hangs with the lock, must
// not keep access up. Only what the grant itself knows to have put there is taken away, and only while a holding that
// can be read does not say otherwise: anybody can keep a lock busy. It never says that the access is gone.
func (a *Activities) endUnlocked(
	ctx context.Context,
	found Target,
	command contract.EndCommand,
	clock serverClock,
	cause error,
) (contract.EndReceipt, error) {
	if !a.proven(ctx, command) {
		return contract.EndReceipt{}, cause
	}
	known := ledger.Holding{Access: command.Access, Leases: command.Leases, Proof: grantsOwn(command)}
	switch holding, err := a.readSoon(ctx, command.Access.GrantID()); {
	case errors.Is(err, ledger.ErrNotFound), err == nil && (!holding.Open || holding.Standing):
		return contract.EndReceipt{}, cause
	case err == nil && command.Token.Before(holding.Token):
		return contract.EndReceipt{Overtaken: holding.Token}, nil
	case err == nil:
		known = holding
	}
	a.log.Warn("the holding can't be locked; its end goes ahead", zapGrant(command.Access.GrantID()), zapError(cause))
	within, done := whileHeld(ctx)
	defer done()
	gone, err := a.remove(within, found.Connector, known, command.KeepSessions)
	receipt := a.settleEnd(
		ctx,
		found,
		command,
		clock,
		contract.EndReceipt{Unlocked: cause.Error(), AlreadyAbsent: gone.absent, Sessions: gone.sessions},
	)
	if receipt.Unlocked != "" {
		return receipt, err
	}
	return receipt, nil
}

// readSoon reads a holding as it was last saved, without its lock.
func (a *Activities) readSoon(ctx context.Context, grant string) (ledger.Holding, error) {
	ctx, done := context.WithTimeout(ctx, readWithin)
	defer done()
	return a.holdings.Read(ctx, grant)
}

// settleEnd sees to it that somebody has the lock and looks, after an end that had none: a newer command may have given
// the access meanwhile, or a late attempt to grant. It answers what was seen, if that is soon.
func (a *Activities) settleEnd(
	ctx context.Context, found Target, command contract.EndCommand, clock serverClock, unlocked contract.EndReceipt,
) contract.EndReceipt {
	var receipt contract.EndReceipt
	end := &call{token: command.Token}
	end.settle = func(ctx context.Context, locked ledger.Locked, newest contract.Token) (err error) {
		receipt, err = a.endLocked(ctx, found, locked, command, clock)
		switch {
		case err != nil:
			return err
		case receipt.Unlocked != "":
			return fmt.Errorf("the lock was lost again: %s", receipt.Unlocked)
		case receipt.Overtaken != contract.Token{} && !receipt.Overtaken.Before(newest):
			return a.putBack(ctx, found, locked, clock)
		}
		receipt.AlreadyAbsent = receipt.AlreadyAbsent && unlocked.AlreadyAbsent
		receipt.Sessions += unlocked.Sessions
		return nil
	}
	settled := a.unsettled.add(ctx, command.Access.GrantID(), endCall, end)
	late := time.NewTimer(settleSoon)
	defer late.Stop()
	select {
	case <-settled:
		return receipt
	case <-late.C:
		return contract.EndReceipt{Unlocked: unlocked.Unlocked, Sessions: unlocked.Sessions}
	}
}

// putBack gives access again that an end has taken away by mistake: it could not know that a newer command had moved
// the end, or given the access anew. Only what an open holding still has leases on is given, until the end that they
// have.
func (a *Activities) putBack(ctx context.Context, found Target, locked ledger.Locked, clock serverClock) error {
	holding := locked.Holding()
	stops, err := stopsFor(ctx, locked, nil)
	if err != nil {
		return err
	}
	left := stops.Alive(holding.Leases).Live(clock.now())
	if !holding.Open || holding.Standing || !holding.Until.After(clock.now()) || len(left) == 0 {
		return nil
	}
	settledAt := holding.SettledAt
	holding.SettledAt = clock.now().Add(deadlineIn(ctx) + found.Limits.Settles)
	if err := locked.Save(ctx, holding); err != nil {
		return err
	}
	granted, err := put(ctx, found.Connector, access(holding.Access, left), holding, &holding, clock.now())
	if err != nil {
		return err
	}
	holding.SettledAt = settledAt
	if err := locked.Save(ctx, holding); err != nil {
		return err
	}
	if granted == AlreadyThere {
		return nil
	}
	a.log.Warn("access was taken away at an end that had moved, and is put back", zapGrant(holding.Grant))
	return a.alarms.Raise(ctx, contract.Alarm{
		ID: fmt.Sprintf(
			"%s/%d/%d/%s",
			holding.Grant,
			holding.Token.Epoch,
			holding.Token.Seq,
			contract.AlarmInterrupted,
		),
		Kind:     contract.AlarmInterrupted,
		At:       clock.now(),
		Target:   holding.Access.Target,
		Grant:    holding.Grant,
		Requests: left.Requests(),
		Actor:    contract.ActorCurfew,
		Text: fmt.Sprintf(
			"Curfew took the access of %s away at an end that had moved, because its holding could not be "+
				"locked then. It has put the access back, until %s.",
			holding.Access.Account,
			holding.Until.UTC().Format(time.RFC3339),
		),
	})
}

// settleGrant sees to it that a grant which could not save its holding leaves nothing behind, unless the holding is
// open: then its own command holds the access, or a newer one.
func (a *Activities) settleGrant(ctx context.Context, found Target, command contract.GrantCommand, wanted Access) {
	a.unsettled.add(ctx, command.Access.GrantID(), grantCall, &call{
		token: command.Token,
		settle: func(ctx context.Context, locked ledger.Locked, _ contract.Token) error {
			if holding := locked.Holding(); holding.Open || holding.Standing {
				return nil
			}
			_, err := remove(
				ctx,
				found.Connector,
				wanted,
				ledger.Proof{Identity: wanted.Identity, Shown: wanted.Shown},
				false,
			)
			return err
		},
	})
}
