package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"curfew/workflows/contract"
)

// oldestVersion is the oldest that we try; older ones get no fixes any more.
const oldestVersion = 13

// Up to version 15, CREATEROLE is enough to give any role that is no superuser, and so is ADMIN OPTION that our role
// has as a member of another. Since then each grantor must have it themselves.
const checkQuery = `
	SELECT current_setting('server_version_num')::int / 10000, pg_is_in_recovery(), rolsuper OR pg_has_role('pg_signal_backend', 'USAGE'),
		rolsuper OR rolcreaterole AND current_setting('server_version_num')::int < 160000
			OR EXISTS (SELECT FROM pg_auth_members WHERE admin_option AND (member = pg_roles.oid
				OR current_setting('server_version_num')::int < 160000 AND pg_has_role(member, 'MEMBER')))
	FROM pg_roles WHERE rolname = current_user`

// Check implements target.Checker. Whether each role of the templates may be given is seen when it is.
func (c *connector) Check(ctx context.Context) error {
	var (
		version                      int
		standby, maySignal, mayGrant bool
	)
	err := c.links.use(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		if err := conn.QueryRow(ctx, checkQuery).Scan(&version, &standby, &maySignal, &mayGrant); err != nil {
			return err
		}
		return checkHandedOn(ctx, conn)
	})
	switch {
	case err != nil:
		return c.problem(err, membership{})
	case version < oldestVersion:
		return contract.Denied("it is PostgreSQL %d, and %d is the oldest supported", version, oldestVersion).
			Advise("upgrade the server")
	case standby:
		return c.unavailable(
			&pgconn.PgError{Code: codeReadOnlyServer, Message: "the server is a standby and takes no changes"},
		)
	case !mayGrant:
		return contract.Denied("Curfew's role %q on PostgreSQL %d may not give membership in any role", c.broker, version).
			Advise("let an administrator run, for each role of the templates: GRANT the_role TO " + quote(c.broker) + " WITH ADMIN OPTION")
	case !maySignal:
		return contract.Denied("Curfew's role %q on PostgreSQL %d may not end sessions", c.broker, version).
			Advise("let an administrator run: GRANT pg_signal_backend TO " + quote(c.broker))
	default:
		return nil
	}
}
