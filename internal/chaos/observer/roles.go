package observer

import (
	"context"

	"github.com/jackc/pgx/v5"

	"curfew/internal/chaos/judge"
)

// Roles looks at who is a member of roles of a PostgreSQL server, over one connection of its own.
type Roles struct {
	target  string
	dsn     string
	roles   []string
	without string // Curfew's own role, which hands the others out
	conn    *pgx.Conn
}

// NewRoles looks at roles of a target; without is whose memberships don't count.
func NewRoles(target, dsn string, roles []string, without string) *Roles {
	return &Roles{target: target, dsn: dsn, roles: roles, without: without}
}

// Look sees who is a member.
func (r *Roles) Look(ctx context.Context) (there []judge.Key, err error) {
	if r.conn == nil || r.conn.IsClosed() {
		if r.conn, err = pgx.Connect(ctx, r.dsn); err != nil {
			return nil, err
		}
	}
	rows, err := r.conn.Query(ctx, `SELECT DISTINCT member.rolname::text, role.rolname::text FROM pg_auth_members a
		JOIN pg_roles role ON role.oid = a.roleid JOIN pg_roles member ON member.oid = a.member
		WHERE role.rolname = ANY($1) AND member.rolname <> $2`, r.roles, r.without)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (judge.Key, error) {
		key := judge.Key{Target: r.target}
		err := row.Scan(&key.Account, &key.Entitlement)
		return key, err
	})
}

// Close ends the connection.
func (r *Roles) Close(ctx context.Context) {
	if r.conn != nil {
		_ = r.conn.Close(ctx)
	}
}
