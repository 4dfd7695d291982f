package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"curfew/workflows/contract"
)

// accountQuery is what makes an account $1 one that nothing can be taken from.
const accountQuery = `SELECT rolsuper, rolname = current_user FROM pg_roles WHERE rolname = $1`

// CheckAccount implements target.AccountChecker.
func (c *connector) CheckAccount(ctx context.Context, account string) error {
	if problem := checkName("account", account); problem != nil {
		return problem
	}
	var found seen
	there := false
	err := c.links.use(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, accountQuery, account)
		if err != nil {
			return err
		}
		_, err = pgx.ForEachRow(rows, []any{&found.superuser, &found.ourself}, func() error {
			there = true
			return nil
		})
		return err
	})
	switch {
	case err != nil:
		return c.problem(err, membership{account: account})
	case !there:
		return missing("account", account)
	}
	return refuseAccount(found, account)
}

// refuseAccount is nil for an account from which access can be taken.
func refuseAccount(found seen, account string) error {
	switch {
	case found.superuser:
		return contract.Denied("%q is a superuser: it has all access always, and its sessions can't be ended", account).
			At("account").
			Advise("give the subject an account that is no superuser")
	case found.ourself:
		return contract.Denied("%q is the role that Curfew itself uses", account).
			At("account").
			Advise("give Curfew a role of its own")
	}
	return nil
}
