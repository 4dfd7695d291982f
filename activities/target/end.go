package target

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// End is the activity contract.ActivityEnd: it waits for the instant, and then takes the access away, ends the subject's
// sessions and sees that it is gone; unless the end has moved meanwhile.
func (a *Activities) End(ctx context.Context, command contract.EndCommand) (contract.EndReceipt, error) {
	clock := startedAt(ctx)
	if err := clock.wait(ctx, command.Until); err != nil {
		return contract.EndReceipt{}, err
	}
	receipt, err := a.end(ctx, command, clock)
	return receipt, activities.Error(err)
}

func (a *Activities) end(ctx context.Context, command contract.EndCommand, clock serverClock) (contract.EndReceipt, error) {
	found, err := a.find(command.Access.Target)
	if err != nil {
		return contract.EndReceipt{}, err
	}
	locked, err := a.holdings.Lock(ctx, command.Access.GrantID())
	if err != nil {
		return a.endUnfenced(ctx, found, command, clock, err)
	}
	defer locked.Unlock()
	before := locked.Holding()
	switch {
	case before.Grant == "" && !command.Mine:
		return contract.EndReceipt{GoneAt: clock.now()}, nil // nothing was ever put there
	case before.Grant != "" && !before.Open && (!command.Mine || before.Token.Epoch == command.Token.Epoch):
		return contract.EndReceipt{GoneAt: before.GoneAt, Standing: before.Standing}, nil
	case !before.Open:
		// The grant knows better: its own opening of the holding was lost, with a ledger that was restored, say.
		before = ledger.Holding{}
	}
	holding := due(before, command, clock.now())
	holding.Uses = usesOf(holding).begin(holding.Leases, clock.now()).end(command.Gone, clock.now()).list()
	if holding.Until.After(clock.now()) {
		return a.stepBack(ctx, locked, before, holding)
	}
	if holding.Until.Before(before.Until) {
		// An early end is written before the target is called, so that nobody still believes in the later one.
		if err := locked.Save(ctx, holding); err != nil {
			a.log.Warn("an early end could not be written; it goes ahead", zapGrant(holding.Grant), zapError(err))
		}
	}
	receipt := contract.EndReceipt{Standing: holding.Standing}
	if !holding.Standing {
		keep := before.Leases.KeepSessions() && (command.KeepSessions || before.Token.Epoch != command.Token.Epoch)
		gone, err := remove(ctx, found.Connector, access(command.Access, before.Leases), keep)
		if err != nil {
			return contract.EndReceipt{}, err
		}
		receipt.Sessions = gone.sessions
		receipt.AlreadyAbsent = gone.absent && before.SettledAt.IsZero() // a cut-off attempt need not have given anything
	}
	if !holding.Standing && holding.SettledAt.After(clock.now()) {
		receipt.Again = holding.SettledAt
		return receipt, nil
	}
	receipt.GoneAt = clock.now()
	holding = over(holding, command.Gone, receipt.GoneAt)
	holding.GoneAt, holding.SettledAt = receipt.GoneAt, time.Time{}
	if err := locked.Save(ctx, holding); err != nil {
		a.log.Error("the access is gone, but its holding still says that it is there", zapGrant(holding.Grant), zapError(err))
	}
	return receipt, nil
}

// due is the holding as this command sees it: the newest command says when it ends, and a first command of a grant's
// successor takes over the leases that were left.
func due(before ledger.Holding, command contract.EndCommand, now time.Time) ledger.Holding {
	holding := before
	if before.Grant == "" {
		return ledger.Holding{Grant: command.Access.GrantID(), Access: command.Access, Token: command.Token, Open: true, Until: command.Until}
	}
	if command.Token.Before(before.Token) {
		return holding
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

// stepBack leaves the access alone, and says until when.
func (a *Activities) stepBack(ctx context.Context, locked ledger.Locked, before, holding ledger.Holding) (contract.EndReceipt, error) {
	if holding.Token != before.Token {
		if err := locked.Save(ctx, holding); err != nil {
			return contract.EndReceipt{}, err
		}
	}
	return contract.EndReceipt{Until: holding.Until, Leases: holding.Leases, Standing: holding.Standing}, nil
}

// endUnfenced goes ahead when the holding can't be read: a lost table must not keep access up. Only what the grant
// itself knows to have put there is taken away.
func (a *Activities) endUnfenced(ctx context.Context, found Target, command contract.EndCommand, clock serverClock, cause error) (contract.EndReceipt, error) {
	if !command.Mine || ctx.Err() != nil {
		return contract.EndReceipt{}, cause
	}
	a.log.Warn("the holding can't be read; its end goes ahead", zapGrant(command.Access.GrantID()), zapError(cause))
	gone, err := remove(ctx, found.Connector, access(command.Access, command.Leases), command.KeepSessions)
	if err != nil {
		return contract.EndReceipt{}, err
	}
	return contract.EndReceipt{GoneAt: clock.now(), Sessions: gone.sessions}, nil
}

// removed is what a revoke found.
type removed struct {
	absent   bool // there was nothing to take away
	sessions int  // that were ended
}

// remove takes the access away, ends what the subject has open with it, and sees that it is gone.
func remove(ctx context.Context, connector Connector, gone Access, keepSessions bool) (removed, error) {
	revoked, err := connector.Revoke(ctx, gone)
	if err != nil {
		return removed{}, err
	}
	found := removed{absent: revoked == AlreadyAbsent}
	if ender, ok := connector.(SessionEnder); ok && !keepSessions {
		if found.sessions, err = ender.EndSessions(ctx, gone); err != nil {
			return removed{}, err
		}
	}
	return found, readBack(ctx, connector, gone, false)
}

func zapGrant(id string) zap.Field { return zap.String("grant", id) }
func zapError(err error) zap.Field { return zap.Error(err) }
