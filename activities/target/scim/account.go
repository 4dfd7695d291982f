package scim

import (
	"context"

	"curfew/activities/target"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// CheckAccount implements target.AccountChecker.
func (c *connector) CheckAccount(ctx context.Context, account string) error {
	var (
		found *user
		err   error
	)
	switch {
	case !c.accountsID:
		if problem := checkName("account", account, "give the person their userName at the service"); problem != nil {
			return problem
		}
		found, err = c.api.userNamed(ctx, account)
	default:
		if problem := checkID("account", account, "give the person their SCIM id at the service"); problem != nil {
			return problem
		}
		found, err = c.api.userWith(ctx, account)
	}
	if err == nil && found == nil {
		return c.noUser(account)
	}
	return err
}

func (c *connector) noUser(account string) error {
	return contract.NotFound("%s has no user %q", c.api, outbound.Clip(account)).
		At("account").
		Advise("create the user there, or correct the person's account")
}

var _ target.AccountChecker = (*connector)(nil)
