package ldap

import "context"

// CheckAccount implements target.AccountChecker, for both kinds.
func (d *directory) CheckAccount(ctx context.Context, account string) error {
	return d.call(ctx, account, func(on *link) error {
		_, err := d.existing(on, account)
		return err
	})
}
