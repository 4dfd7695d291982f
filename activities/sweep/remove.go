package sweep

import (
	"context"
	"fmt"
	"time"

	"curfew/activities"
	"curfew/activities/target"
	"curfew/workflows/contract"
)

// Remove is the activity contract.ActivitySweepRemove: it takes orphans away that are orphans still, and says which.
func (a *Activities) Remove(ctx context.Context, in contract.SweepRemoveInput) (contract.SweepResult, error) {
	result, err := a.remove(ctx, in)
	return result, activities.Error(err)
}

func (a *Activities) remove(ctx context.Context, in contract.SweepRemoveInput) (contract.SweepResult, error) {
	found, err := a.find(in.Target)
	if err != nil {
		return contract.SweepResult{}, err
	}
	lister, ok := found.Connector.(target.Lister)
	if !ok {
		return contract.SweepResult{}, contract.Problemf(contract.KindInternal, "", "", "%s has no marks to go by", in.Target)
	}
	// What was found a moment ago may be held up by now.
	look := &comparison{
		Activities: a, target: in.Target, connector: found.Connector, now: time.Now(), quiet: true,
		result: contract.SweepResult{Target: in.Target},
	}
	if look.held, err = a.held(ctx, in.Target); err != nil {
		return contract.SweepResult{}, err
	}
	if err := look.orphans(ctx); err != nil {
		return contract.SweepResult{}, err
	}
	look.quiet = false
	for i, orphan := range look.result.Orphans {
		if !wanted(in.Orphans, orphan.Key) {
			continue
		}
		if err := lister.Remove(ctx, target.Marked{Key: orphan.Key, Account: orphan.Account, Until: orphan.Until}); err != nil {
			return contract.SweepResult{}, err
		}
		look.result.Orphans[i].Removed = true
		look.raise(ctx, contract.Alarm{
			ID:   fmt.Sprintf("%s/%s/%s/%d", contract.AlarmRemoved, in.Target, orphan.Key, orphan.Until.Unix()),
			Kind: contract.AlarmRemoved,
			Text: fmt.Sprintf("The sweep took away what carried Curfew's mark (%s) and no live grant held up.", orphan.Key),
		})
	}
	return look.result, nil
}

func wanted(orphans []contract.Orphan, key string) bool {
	for _, orphan := range orphans {
		if orphan.Key == key {
			return true
		}
	}
	return false
}
