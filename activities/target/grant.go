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
	g := granting{Activities: a, command: command, clock: clock, found: found, locked: locked, before: locked.Holding()}
	return g.carryOut(ctx)
}

// granting is one command to grant, carried out under the lock of its holding.
type granting struct {
	*Activities

	command contract.GrantCommand
	clock   serverClock
	found   Target
	locked  ledger.Locked

	before  ledger.Holding     // the command
	leases  contract.Leases    // that may be held, of what is asked for
	uses    uses               // of the decisions behind them
	refused []contract.Refusal // the others
}

func (g *granting) carryOut(ctx context.Context) (contract.GrantReceipt, error) {
	if lost, err := g.recall(ctx); err != nil || lost {
		return contract.GrantReceipt{Lost: lost}, err
	}
	if err := fence(g.before, g.command, g.clock.now()); err != nil {
		return contract.GrantReceipt{}, err
	}
	if err := g.chooseLeases(ctx); err != nil {
		return contract.GrantReceipt{}, err
	}
	holding, err := g.openHolding(ctx)
	if err != nil {
		return contract.GrantReceipt{}, err
	}
	granted, err := g.put(ctx, &holding)
	if err != nil {
		return contract.GrantReceipt{}, err
	}
	return contract.GrantReceipt{
		Until: holding.Until, Standing: holding.Standing, Identity: holding.Proof.Identity, Leases: g.leases,
		AlreadyThere: granted == AlreadyThere, Refused: g.refused, Began: g.uses.since(g.command.Leases),
	}, nil
}

// recall takes from the grant what an older ledger has lost, where the target shows that the access is there. It is
// true when the holding was lost and the command does not restate it.
func (g *granting) recall(ctx context.Context) (lost bool, err error) {
	restates := g.command.Restates
	g.command.Restates = false
	switch lost, err := g.lost(ctx, g.before, g.command); {
	case err != nil:
		return false, contract.Unavailable("the ledger can't be read, so nothing is granted: %v", err)
	case !lost || !restates:
		return lost, nil
	}
	if g.command.Restates, err = isLive(ctx, g.found.Connector, g.command); err != nil {
		return false, err
	}
	if g.command.Restates {
		g.before = remembered(g.command)
	}
	return false, nil
}

// chooseLeases decides which of the leases that are asked for may be held.
func (g *granting) chooseLeases(ctx context.Context) error {
	stops, err := stopsFor(ctx, g.locked, g.command.Leases)
	if err != nil {
		return err
	}
	if wasCutOff(g.before) {
		used, err := usedUp(ctx, g.found.Connector, g.before, g.clock.now())
		if err != nil {
			return err
		}
		g.before.Uses = used.list()
	}
	g.before.Leases = stops.Alive(g.before.Leases)
	asked, ended := withoutEnded(inherited(g.before, g.command, g.clock.now()), stops)
	g.leases, g.uses, g.refused = g.verifiedLeases(ctx, g.before, g.command, asked, g.clock.now())
	if again := unripe(g.refused); again != nil {
		return again
	}
	g.raise(ctx, g.command.Access, g.refused)
	g.refused = append(g.refused, ended...)
	if len(g.leases) == 0 && len(g.refused) > 0 {
		return &g.refused[0].Problem
	}
	return inTime(g.leases, g.clock.now())
}

// openHolding writes down that the access is about to be there, before it can be.
func (g *granting) openHolding(ctx context.Context) (ledger.Holding, error) {
	holding := ledger.Holding{
		Grant: g.command.Access.GrantID(), Access: g.command.Access, Token: g.command.Token, Open: true,
		Until: g.leases.End(), Leases: g.leases, Standing: g.before.Standing, Uses: g.uses.list(),
		// Until the call is answered it may take effect as late as this.
		SettledAt: g.clock.now().Add(deadlineIn(ctx) + g.found.Limits.Settles),
	}
	if g.before.Open {
		holding.Proof = g.before.Proof
	} else if err := lookBefore(ctx, g.found.Connector, access(g.command.Access, g.leases), &holding); err != nil {
		return holding, err
	}
	if err := inTime(g.leases, g.clock.now()); err != nil {
		return holding, err
	}
	if err := g.save(ctx, g.locked, holding); err != nil {
		return holding, contract.Unavailable("the holding can't be written, so nothing is granted: %v", err)
	}
	return holding, nil
}

// put brings the target to what the open holding says, and writes down that the access is there.
func (g *granting) put(ctx context.Context, holding *ledger.Holding) (granted Granted, err error) {
	wanted := access(g.command.Access, g.leases).known(holding.Proof)
	granted = AlreadyThere
	if !holding.Standing {
		if granted, err = put(ctx, g.found.Connector, wanted, g.before, holding, g.clock.now()); err != nil {
			if !g.takeBack(ctx, g.locked, g.before, *holding, err) {
				g.settleGrant(ctx, g.found, g.command, wanted)
			}
			return granted, err
		}
	}
	holding.SettledAt = time.Time{}
	// What a decision gives is counted from when the access was there.
	holding.Uses = g.uses.began(g.before, g.clock.now()).list()
	if err := g.locked.Save(ctx, *holding); err != nil {
		g.settleGrant(ctx, g.found, g.command, wanted)
		return granted, contract.Unavailable("the holding can't be written: %v", err)
	}
	return granted, nil
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
