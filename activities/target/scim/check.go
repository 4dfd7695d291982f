package scim

import (
	"context"
	"encoding/json"
	"net/http"

	"curfew/workflows/contract"
)

// features are what a service says it can do.
type features struct {
	Patch  *feature `json:"patch"`
	Filter *feature `json:"filter"`
}

type feature struct {
	Supported *bool `json:"supported"`
}

func (f *feature) isMissing() bool { return f != nil && f.Supported != nil && !*f.Supported }

// Check implements target.Checker. That groups can be changed is seen when one is.
func (c *connector) Check(ctx context.Context) error {
	for _, resources := range []string{"Users", "Groups"} {
		if err := c.api.lists(ctx, resources); err != nil {
			return err
		}
	}
	answer, err := c.api.do(ctx, call{method: http.MethodGet, path: []string{"ServiceProviderConfig"}})
	if err != nil {
		return err
	}
	var can features
	if !answer.OK() || json.Unmarshal(answer.Body, &can) != nil {
		return nil // not every service describes itself
	}
	switch {
	case can.Patch.isMissing():
		return contract.Denied("%s says that it can't PATCH", c.api).Advise("use another way to give access there")
	case can.Filter.isMissing() && !c.accountsID:
		return contract.Denied("%s says that it can't filter, so users can't be found by their userNames", c.api).
			At("accountIs").
			Advise("write accountIs: id, and give people their ids as accounts")
	}
	return nil
}
