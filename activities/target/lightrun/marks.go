package lightrun

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"curfew/activities/target"
	"curfew/internal/outbound"
)

var (
	keyPattern  = regexp.MustCompile(`^[0-9a-f]{32}$`)
	markPattern = regexp.MustCompile(`^` + namePrefix(`([0-9a-f]{32})`))
)

// List returns every temporary access that is named as Curfew names them. One whose end is being moved is there twice.
func (c *connector) List(ctx context.Context) ([]target.Marked, error) {
	all, err := list[tempAccess](ctx, c.api, accesses)
	if err != nil {
		return nil, err
	}
	var marked []target.Marked
	for _, one := range all.entries {
		mark := markPattern.FindStringSubmatch(one.Name)
		if mark == nil {
			continue
		}
		end, err := c.api.endOf(one)
		if err != nil {
			return nil, err
		}
		marked = append(
			marked,
			target.Marked{Key: mark[1], Account: outbound.Clip(strings.Join(one.UserEmails, ", ")), Until: end},
		)
	}
	slices.SortFunc(marked, func(a, b target.Marked) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), a.Until.Compare(b.Until))
	})
	return marked, nil
}

// Remove removes the access with this key and this end. One that was made since, with another end, stays.
func (c *connector) Remove(ctx context.Context, found target.Marked) error {
	ours, _, err := c.ours(ctx, target.Access{Key: found.Key})
	if err != nil {
		return err
	}
	var doomed []tempAccess
	for _, one := range ours {
		end, err := c.api.endOf(one)
		if err != nil {
			return err
		}
		if end.Equal(found.Until) {
			doomed = append(doomed, one)
		}
	}
	_, err = c.remove(ctx, doomed)
	return err
}

// Capacity counts the temporary accesses of the whole company.
func (c *connector) Capacity(ctx context.Context) (target.Capacity, error) {
	inUse, err := count(ctx, c.api, accesses)
	if err != nil {
		return target.Capacity{}, err
	}
	return target.Capacity{Used: inUse, Max: companyLimit}, nil
}
