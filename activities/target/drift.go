package target

import (
	"context"
	"errors"
	"time"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// DetectDrift is the activity contract.ActivityLook: it sees whether live access is there, and changes nothing.
func (a *Activities) DetectDrift(ctx context.Context, command contract.DetectDriftCommand) (contract.DetectDriftReceipt, error) {
	receipt, err := a.detectDrift(ctx, command)
	return receipt, activities.Error(err)
}

func (a *Activities) detectDrift(ctx context.Context, command contract.DetectDriftCommand) (contract.DetectDriftReceipt, error) {
	found, err := a.find(command.Access.Target)
	if err != nil {
		return contract.DetectDriftReceipt{}, err
	}
	if command.Leases.Unread() {
		return contract.DetectDriftReceipt{Held: true}, nil
	}
	known := ledger.Proof{Identity: command.Identity, Shown: true}
	state, err := found.Connector.Inspect(ctx, access(command.Access, command.Leases).known(known))
	if err != nil || state.Held || doubt(state, known, false) != "" {
		return contract.DetectDriftReceipt{Held: err == nil}, err
	}
	ended, err := a.ended(ctx, command.Access.GrantID())
	return contract.DetectDriftReceipt{Held: ended}, err
}

// ended is true when access that is not there was ended, and the grant has not heard of it yet.
func (a *Activities) ended(ctx context.Context, grant string) (bool, error) {
	holding, err := a.holdings.Read(ctx, grant)
	if err != nil || !holding.Open {
		return err == nil, ignoreNotFound(err)
	}
	return a.allEnded(ctx, holding)
}

// TakeOver is the activity contract.ActivityTakeOver: it closes a holding without having seen the access to be gone,
// because a person answers for it. Nobody is told when it went.
func (a *Activities) TakeOver(ctx context.Context, command contract.TakeOverCommand) error {
	if err := a.verifyTakeOver(command); err != nil {
		return activities.Error(err)
	}
	if err := a.checkEpoch(ctx, command.Access, command.Token, startedAt(ctx)); err != nil {
		return activities.Error(err)
	}
	locked, err := a.holdings.Lock(ctx, command.Access.GrantID())
	if err != nil {
		return activities.Error(err)
	}
	defer locked.Unlock()
	ctx, done := whileHeld(ctx)
	defer done()
	holding := locked.Holding()
	if !holding.Open || command.Token.Before(holding.Token) {
		return nil
	}
	by := command.TakeOver.Fact
	if owed := a.recordEnds(ctx, holding.Grant, contract.EndTakenOver, by.By, by.Reason, holding.Leases.Requests()); len(owed) > 0 {
		return activities.Error(contract.Problemf(contract.KindUnavailable, "", "", "the ledger does not take it now"))
	}
	holding = over(holding, time.Now().UTC())
	holding.Token = command.Token
	return activities.Error(locked.Save(ctx, holding))
}

// verifyTakeOver refuses a take-over that is of another grant, or that the server has not sealed.
func (a *Activities) verifyTakeOver(command contract.TakeOverCommand) error {
	by := command.TakeOver.Fact
	if by.Grant != command.Access.GrantID() {
		return contract.Problemf(contract.KindForbidden, "grant", "", "the take-over is of another grant")
	}
	if a.verifier == nil {
		return nil
	}
	_, err := a.verifier.Verify(seal.OfTakeOver(by), by, command.TakeOver.Seal)
	return err
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	return err
}
