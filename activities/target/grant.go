package target

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// Grant is the activity contract.ActivityGrant: it opens a holding or moves its end, brings the target to it and reads
// it back.
func (a *Activities) Grant(ctx context.Context, command contract.GrantCommand) (contract.GrantReceipt, error) {
	clock := startedAt(ctx)
	if err := a.lines[command.Access.Target].reached(ctx, activity.GetInfo(ctx).Attempt); err != nil {
		return contract.GrantReceipt{}, activities.Error(err)
	}
	receipt, err := a.grant(ctx, command, clock)
	a.lines[command.Access.Target].doubt(ctx, err)
	if err == nil {
		receipt.Owed = a.recordReleased(ctx, command.Access.GrantID(), command.Over)
	}
	return receipt, activities.Error(err)
}

func (a *Activities) grant(
	ctx context.Context,
	command contract.GrantCommand,
	clock serverClock,
) (contract.GrantReceipt, error) {
	found, err := a.find(command.Access.Target)
	if err != nil {
		return contract.GrantReceipt{}, err
	}
	if err := a.checkEpoch(ctx, command.Access, command.Token, clock); err != nil {
		return contract.GrantReceipt{}, err
	}
	locked, err := a.holdings.Lock(ctx, command.Access.GrantID())
	if err != nil {
		return contract.GrantReceipt{}, contract.Unavailable(
			"the holding can't be locked, so nothing is granted: %v",
			err,
		)
	}
	defer locked.Unlock()
	ctx, done := whileHeld(ctx)
	defer done()
	before := locked.Holding()
	switch lost, err := a.lost(ctx, before, command); {
	case err != nil:
		return contract.GrantReceipt{}, contract.Unavailable("the ledger can't be read, so nothing is granted: %v", err)
	case lost && !command.Restates:
		return contract.GrantReceipt{Lost: true}, nil
	case lost:
		if command.Restates, err = isLive(ctx, found.Connector, command); err != nil {
			return contract.GrantReceipt{}, err
		}
		if command.Restates {
			before = remembered(command)
		}
	default:
		command.Restates = false
	}
	if err := fence(before, command, clock.now()); err != nil {
		return contract.GrantReceipt{}, err
	}
	stops, err := stopsFor(ctx, locked, command.Leases)
	if err != nil {
		return contract.GrantReceipt{}, err
	}
	if wasCutOff(before) {
		used, err := usedUp(ctx, found.Connector, before, clock.now())
		if err != nil {
			return contract.GrantReceipt{}, err
		}
		before.Uses = used.list()
	}
	before.Leases = stops.Alive(before.Leases)
	asked, ended := withoutEnded(inherited(before, command, clock.now()), stops)
	leases, uses, refused := a.verifiedLeases(ctx, before, command, asked, clock.now())
	if again := unripe(refused); again != nil {
		return contract.GrantReceipt{}, again
	}
	a.raise(ctx, command.Access, refused)
	refused = append(refused, ended...)
	if len(leases) == 0 && len(refused) > 0 {
		return contract.GrantReceipt{}, &refused[0].Problem
	}
	if err := inTime(leases, clock.now()); err != nil {
		return contract.GrantReceipt{}, err
	}
	holding := ledger.Holding{
		Grant: command.Access.GrantID(), Access: command.Access, Token: command.Token, Open: true,
		Until: leases.End(), Leases: leases, Standing: before.Standing, Uses: uses.list(),
		// Until the call is answered it may take effect as late as this.
		SettledAt: clock.now().Add(deadlineIn(ctx) + found.Limits.Settles),
	}
	wanted := access(command.Access, leases)
	if before.Open {
		holding.Proof = before.Proof
	} else if err := lookBefore(ctx, found.Connector, wanted, &holding); err != nil {
		return contract.GrantReceipt{}, err
	}
	if err := inTime(leases, clock.now()); err != nil {
		return contract.GrantReceipt{}, err
	}
	wanted = wanted.known(holding.Proof)
	if err := a.save(ctx, locked, holding); err != nil {
		return contract.GrantReceipt{}, contract.Unavailable(
			"the holding can't be written, so nothing is granted: %v",
			err,
		)
	}
	granted := AlreadyThere
	if !holding.Standing {
		if granted, err = put(ctx, found.Connector, wanted, before, &holding, clock.now()); err != nil {
			if !a.takeBack(ctx, locked, before, holding, err) {
				a.settleGrant(ctx, found, command, wanted)
			}
			return contract.GrantReceipt{}, err
		}
	}
	holding.SettledAt = time.Time{}
	// What a decision gives is counted from when the access was there.
	holding.Uses = uses.began(before, clock.now()).list()
	if err := locked.Save(ctx, holding); err != nil {
		a.settleGrant(ctx, found, command, wanted)
		return contract.GrantReceipt{}, contract.Unavailable("the holding can't be written: %v", err)
	}
	return contract.GrantReceipt{
		Until: holding.Until, Standing: holding.Standing, Identity: holding.Proof.Identity, Leases: leases,
		AlreadyThere: granted == AlreadyThere, Refused: refused, Began: uses.since(command.Leases),
	}, nil
}

// fence refuses what comes too late.
func fence(before ledger.Holding, command contract.GrantCommand, now time.Time) error {
	switch {
	case command.Token.Before(before.Token):
		return contract.Closed("a newer command has been carried out already")
	case !command.Opens && (!before.Open || !before.Until.After(now)):
		return contract.Closed("the access has ended").Advise("make a new request")
	case !before.Open && command.Token == before.Token && !before.GoneAt.IsZero():
		return contract.Closed("this command was carried out and ended already")
	}
	return nil
}

// inherited adds the leases that an earlier run of the grant's workflow had left, when this is the first command of its
// successor.
func inherited(before ledger.Holding, command contract.GrantCommand, now time.Time) contract.Leases {
	leases := command.Leases
	if !before.Open || before.Token.Epoch == command.Token.Epoch {
		return leases
	}
	for _, lease := range before.Leases.Live(now) {
		if _, known := leases.Find(lease.Request); !known && !slices.Contains(command.Released, lease.Request) {
			leases = leases.With(lease)
		}
	}
	return leases
}

// takeBack restores the end that an open holding had before a call that failed, so that it is ended then. A refusal
// that is final has settled; after anything else the call may still take effect. It says whether that could be written.
func (a *Activities) takeBack(
	ctx context.Context,
	locked ledger.Locked,
	before, holding ledger.Holding,
	cause error,
) bool {
	if before.Open {
		holding.Until, holding.Leases, holding.Uses = before.Until, before.Leases, before.Uses
	}
	if problem, ok := contract.ProblemOf(cause); ok && isFinal(problem) {
		holding.SettledAt = time.Time{}
	}
	// The call may have failed because its time was over; the note must be written all the same.
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), heldNote)
	defer done()
	if err := locked.Save(ctx, holding); err != nil {
		a.log.Warn(
			"a holding keeps an end that the target refused; its grant will end it",
			zapGrant(holding.Grant),
			zapError(err),
		)
		return false
	}
	return true
}
