package starter

import (
	"cmp"
	"context"
	"fmt"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// Freeze keeps anything from being granted until somebody thaws it. Access that is live goes on, and ends.
func (s *Snapshot) Freeze(ctx context.Context, actor, reason string) (ledger.Freeze, error) {
	return s.setFreeze(
		ctx,
		actor,
		OperationFreeze,
		ledger.Freeze{Frozen: true, By: actor, Reason: reason},
		contract.AlarmFrozen,
	)
}

// Thaw lets things be granted again: what was approved meanwhile, too, if it still waits.
func (s *Snapshot) Thaw(ctx context.Context, actor, reason string) (ledger.Freeze, error) {
	return s.setFreeze(ctx, actor, OperationThaw, ledger.Freeze{By: actor, Reason: reason}, contract.AlarmThawed)
}

func (s *Snapshot) setFreeze(
	ctx context.Context, actor string, op Operation, freeze ledger.Freeze, kind contract.AlarmKind,
) (ledger.Freeze, error) {
	if err := cmp.Or(s.allow(actor, op), checkReason(freeze.Reason)); err != nil {
		return ledger.Freeze{}, err
	}
	before, err := s.freezes.Freeze(ctx)
	if err != nil {
		return ledger.Freeze{}, unreadable(err)
	}
	set, err := s.freezes.SetFreeze(ctx, freeze)
	if err != nil {
		return ledger.Freeze{}, unavailable(err, "the ledger does not take it now")
	}
	if set == before {
		return set, nil // it was so already
	}
	return set, s.raise(ctx, contract.Alarm{Kind: kind, Actor: actor, Text: frozenText(set)})
}

func frozenText(f ledger.Freeze) string {
	if f.Frozen {
		return fmt.Sprintf(
			"%s froze Curfew: %s. Nothing is granted until somebody thaws it (`curfew thaw`).",
			f.By,
			f.Reason,
		)
	}
	return fmt.Sprintf("%s thawed Curfew: %s. Things are granted again.", f.By, f.Reason)
}

// Frozen says whether anything is granted now. Everybody may know.
func (s *Snapshot) Frozen(ctx context.Context, actor string) (ledger.Freeze, error) {
	if err := s.allow(actor, OperationFrozen); err != nil {
		return ledger.Freeze{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	freeze, err := s.freezes.Freeze(ctx)
	if err != nil {
		return ledger.Freeze{}, unreadable(err)
	}
	return freeze, nil
}
