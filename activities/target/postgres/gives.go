package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// givesOn are the ways in which a role's members could give on what they have, for good; nil when there are none.
type givesOn struct{ owns, grants *string }

func (g *givesOn) scan(row pgx.Row) error { return row.Scan(&g.owns, &g.grants) }

// what names one of the ways.
func (g givesOn) what() string {
	switch {
	case g.owns != nil:
		return *g.owns
	case g.grants != nil:
		return *g.grants
	default:
		return ""
	}
}

// refuse is nil where nothing can be given on, or where that is known.
func (g givesOn) refuse(m membership) error {
	if m.known || g.what() == "" {
		return nil
	}
	return contract.Denied("members of %q act as %s: they could give that to themselves or to everybody, and keep it", m.role, g.what()).
		At("role").
		Advise("name a role that owns nothing and was granted just the privileges that are needed, without grant options; " +
			"or write ownsObjects: true beside it, if that is known")
}

// warn says what is known.
func (g givesOn) warn(m membership) string {
	if !m.known || g.what() == "" {
		return ""
	}
	return "members of " + quote(m.role) + " act as " + g.what() +
		": what they give on stays, and is reported at the end"
}

// Vet implements target.Vetter: it looks at a role of a template, as a grant would, and whether Curfew may give it.
func (c *connector) Vet(ctx context.Context, entitlement json.RawMessage) (string, error) {
	m, err := membershipOf(target.Access{Entitlement: entitlement, Account: c.broker})
	if err != nil {
		return "", err
	}
	var (
		gives    givesOn
		mayGrant bool
	)
	err = c.links.use(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		found, err := vetRole(ctx, conn, m, &gives)
		if err != nil {
			return err
		}
		if found.role == 0 {
			return missing("role", m.role)
		}
		return conn.QueryRow(ctx, mayGrantStatement, m.role).Scan(&mayGrant)
	})
	switch {
	case err != nil:
		return "", c.problem(err, m)
	case !mayGrant:
		return "", contract.Denied("Curfew's role %q may not give membership in %q", c.broker, m.role).
			At("role").
			Advise("let an administrator run: GRANT " + quote(m.role) + " TO " + quote(c.broker) + " WITH ADMIN OPTION")
	}
	return gives.warn(m), nil
}

// RevokeTelling implements target.RemnantTeller.
func (c *connector) RevokeTelling(ctx context.Context, access target.Access) (target.Revoked, target.Remnants, error) {
	m, revoked, given, err := c.revoke(ctx, access)
	if err != nil {
		return "", nil, err
	}
	return revoked, func(ctx context.Context) (lines []string, err error) {
		err = c.links.use(ctx, func(ctx context.Context, conn *pgx.Conn) error {
			for _, one := range given {
				more, err := givenOnSince(ctx, conn, one)
				if err != nil {
					return err
				}
				lines = append(lines, more...)
			}
			return nil
		})
		if err != nil {
			return nil, c.problem(err, m)
		}
		return lines, nil
	}, nil
}

// givenOnSince is what a membership's role was used for since the membership was given.
func givenOnSince(ctx context.Context, conn *pgx.Conn, one subject) ([]string, error) {
	statement := remnantsStatement
	if one.known {
		statement = closeRemnantsStatement
	}
	rows, err := conn.Query(ctx, statement, one.membership.role, one.since)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
