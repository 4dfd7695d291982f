package target

import (
	"context"

	"curfew/activities"
	"curfew/workflows/contract"
)

// Look is the activity contract.ActivityLook: it sees whether live access is there, and changes nothing.
func (a *Activities) Look(ctx context.Context, command contract.LookCommand) (contract.LookReceipt, error) {
	receipt, err := a.look(ctx, command)
	return receipt, activities.Error(err)
}

func (a *Activities) look(ctx context.Context, command contract.LookCommand) (contract.LookReceipt, error) {
	found, err := a.find(command.Access.Target)
	if err != nil {
		return contract.LookReceipt{}, err
	}
	state, err := found.Connector.Inspect(ctx, access(command.Access, command.Leases))
	return contract.LookReceipt{Held: state.Held}, err
}

// Abandon is the activity contract.ActivityAbandon: it closes a holding without having seen the access to be gone,
// because a person answers for it. Nobody is told when it went.
func (a *Activities) Abandon(ctx context.Context, command contract.AbandonCommand) error {
	locked, err := a.holdings.Lock(ctx, command.Access.GrantID())
	if err != nil {
		return activities.Error(err)
	}
	defer locked.Unlock()
	holding := locked.Holding()
	if !holding.Open || command.Token.Before(holding.Token) {
		return nil
	}
	holding.Token, holding.Open, holding.Leases = command.Token, false, nil
	return activities.Error(locked.Save(ctx, holding))
}
