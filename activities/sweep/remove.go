package sweep

import (
	"cmp"
	"context"
	"fmt"

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
		return contract.SweepResult{}, contract.Internal("%s has no marks to go by", in.Target)
	}
	// What was found a moment ago may be held up by now.
	now, err := a.Holdings.Now(ctx)
	if err != nil {
		return contract.SweepResult{}, err
	}
	look := &comparison{
		Activities: a, target: in.Target, connector: found.Connector, now: now, quiet: true,
		result: contract.SweepResult{Target: in.Target},
	}
	if err := look.orphans(ctx); err != nil {
		return contract.SweepResult{}, err
	}
	look.quiet = false
	return look.result, look.take(ctx, lister, in.Orphans)
}

// take removes those of the orphans that are wanted, and returns what kept it from the first of them that is still
// there.
func (c *comparison) take(ctx context.Context, lister target.Lister, orphans []contract.Orphan) error {
	var which []int
	var found []target.Marked
	for i, orphan := range c.result.Orphans {
		if wanted(orphans, orphan.Key) {
			which = append(which, i)
			found = append(found, target.Marked{Key: orphan.Key, Account: orphan.Account, Until: orphan.Until})
		}
	}
	var first error
	for n, err := range target.RemoveMarked(ctx, lister, found) {
		if err != nil {
			first = cmp.Or(first, err)
			continue
		}
		orphan := &c.result.Orphans[which[n]]
		orphan.Removed = true
		c.raise(ctx, contract.Alarm{
			ID:   fmt.Sprintf("%s/%s/%s/%d", contract.AlarmRemoved, c.target, orphan.Key, orphan.Until.Unix()),
			Kind: contract.AlarmRemoved,
			Text: fmt.Sprintf(
				"The sweep took away what carried Curfew's mark (%s) and no live grant held up.",
				orphan.Key,
			),
		})
	}
	return first
}

func wanted(orphans []contract.Orphan, key string) bool {
	for _, orphan := range orphans {
		if orphan.Key == key {
			return true
		}
	}
	return false
}
