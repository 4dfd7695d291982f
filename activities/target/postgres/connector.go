package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// connector speaks to one server. Roles belong to the whole server, whichever database the connection is to.
type connector struct {
	links  *links
	broker string // our own role
}

// Ping implements target.Pinger.
func (c *connector) Ping(ctx context.Context) error {
	if err := c.links.ping(ctx); err != nil {
		return c.problem(err, membership{})
	}
	return nil
}

// Grant implements target.Connector. The server enforces no end of a membership, so to move the end there is nothing to
// do.
func (c *connector) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	m, err := membershipOf(access)
	if err != nil {
		return "", err
	}
	// Nothing is given before the connection is there by which it can be taken away.
	if err := c.Ping(ctx); err != nil {
		return "", err
	}
	granted := target.AlreadyThere
	err = c.links.use(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		found, err := find(ctx, conn, access, m)
		if err != nil {
			return err
		}
		if m, err = found.same(); err != nil {
			return err
		}
		before, err := vet(ctx, conn, m)
		if err != nil || before.held() {
			return err
		}
		granted = target.AccessGranted
		_, err = conn.Exec(ctx, grantStatement(m, majorVersion(conn)))
		return err
	})
	if err != nil {
		return "", c.problem(err, m)
	}
	return granted, nil
}

// Revoke implements target.Connector. An account or a role that has been dropped has taken its memberships along.
func (c *connector) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	_, revoked, _, err := c.revoke(ctx, access)
	return revoked, err
}

// revoke returns the memberships that it has taken away as well.
func (c *connector) revoke(
	ctx context.Context,
	access target.Access,
) (m membership, revoked target.Revoked, given []subject, err error) {
	if m, err = membershipOf(access); err != nil {
		return m, "", nil, err
	}
	revoked = target.AlreadyAbsent
	last := m
	err = c.links.use(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		found, err := find(ctx, conn, access, m)
		if err != nil {
			return err
		}
		if found.held() {
			revoked = target.AccessRevoked
		}
		for _, one := range found.ours(majorVersion(conn)) {
			last = one.membership
			if _, err := conn.Exec(ctx, revokeStatement(last)); err != nil && !dropped(err, one.seen) {
				return err
			}
			if one.held() {
				given = append(given, one)
			}
		}
		return nil
	})
	if err != nil {
		return last, "", nil, c.problem(err, last)
	}
	return last, revoked, given, nil
}

// Inspect implements target.Connector. The lists of roles and of memberships are everybody's to read, so that nothing
// is there is proof.
func (c *connector) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	m, err := membershipOf(access)
	if err != nil {
		return target.State{}, err
	}
	var found finding
	err = c.links.use(ctx, func(ctx context.Context, conn *pgx.Conn) (err error) {
		found, err = find(ctx, conn, access, m)
		return err
	})
	if err != nil {
		return target.State{}, c.problem(err, m)
	}
	return target.State{Held: found.held(), Identity: found.identity()}, nil
}

// vet looks what is there, and refuses a grant that could not be taken away.
func vet(ctx context.Context, conn *pgx.Conn, m membership) (seen, error) {
	found, err := vetRole(ctx, conn, m, &givesOn{})
	switch {
	case err != nil:
		return found, err
	case found.role == 0:
		return found, missing("role", m.role)
	case found.account == 0:
		return found, missing("account", m.account)
	default:
		return found, refuseAccount(found, m.account)
	}
}

// vetRole looks what is there, and refuses a role whose members could make their access last, or give it to others.
func vetRole(ctx context.Context, conn *pgx.Conn, m membership, gives *givesOn) (found seen, err error) {
	var danger *string
	batch := &pgx.Batch{}
	batch.Queue(lookStatement, m.role, m.account).QueryRow(found.scan)
	batch.Queue(vetStatement, m.role, m.account, predefinedDangers).QueryRow(func(row pgx.Row) error {
		return row.Scan(&danger, &found.superuser, &found.ourself)
	})
	batch.Queue(givesOnStatement, m.role).QueryRow(gives.scan)
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return found, err
	}
	if danger != nil {
		return found, contract.Denied("members of %q reach %q, which can give access away, so it could not be taken away in time", m.role, *danger).
			At("role").
			Advise("name a role with just the privileges that are needed")
	}
	return found, gives.refuse(m)
}
