package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// systemKey is where a connection keeps which server it leads to.
const systemKey = "curfew.system"

// identify asks a new connection for the system identifier, which a server gets with its data and no other has. Where
// it is not shown there is none, and then oids mean nothing either: they are another role's on another server.
func identify(ctx context.Context, conn *pgx.Conn) error {
	var system string
	err := conn.QueryRow(ctx, `SELECT system_identifier::text FROM pg_control_system()`).Scan(&system)
	var refused *pgconn.PgError
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	conn.PgConn().CustomData()[systemKey] = system
	return nil
}

func systemOf(conn *pgx.Conn) string {
	system, _ := conn.PgConn().CustomData()[systemKey].(string)
	return system
}

// oids are those of a role and of the account that is a member of it; zero for what is not there.
type oids struct{ role, account uint32 }

// idForm is how oids are written into an identity.
const idForm = "role %d account %d"

func oidsOf(id string) (known oids) {
	if _, err := fmt.Sscanf(id, idForm, &known.role, &known.account); err != nil {
		return oids{}
	}
	return known
}

// seen is what lookStatement finds, and what vetStatement says of the account.
type seen struct {
	oids

	since              string // the transaction that gave the membership; empty when there is none
	superuser, ourself bool
}

func (s *seen) scan(row pgx.Row) error { return row.Scan(&s.role, &s.account, &s.since) }

func (s *seen) held() bool { return s.since != "" }

// subject is a membership that an access may be, by its present names.
type subject struct {
	membership
	seen

	// another is true when one of the names belongs by now to something else than what the access was given to.
	another bool
}

// finding is what there is of an access on one server: the membership that it was given as, whatever its role and
// account are called by now, and beside it the one that has their names.
type finding struct {
	system   string
	known    oids // zero when the access has none on this server
	subjects []subject
}

// find looks for an access by what can't be renamed, and by its names.
func find(ctx context.Context, conn *pgx.Conn, access target.Access, named membership) (finding, error) {
	found := finding{system: systemOf(conn)}
	if found.system != "" {
		found.known = oidsOf(access.Identity.On(found.system))
	}
	byName := subject{membership: named}
	if err := byName.scan(conn.QueryRow(ctx, lookStatement, named.role, named.account)); err != nil {
		return finding{}, err
	}
	if found.known == (oids{}) || found.known == byName.oids {
		found.subjects = []subject{byName}
		return found, nil
	}
	byName.another = true
	byID := subject{membership: membership{known: named.known}}
	err := conn.QueryRow(ctx, namesStatement, found.known.role, found.known.account).
		Scan(&byID.membership.role, &byID.membership.account)
	if err == nil && byID.membership.role != "" && byID.membership.account != "" {
		err = byID.scan(conn.QueryRow(ctx, lookStatement, byID.membership.role, byID.membership.account))
		found.subjects = append(found.subjects, byID)
	}
	found.subjects = append(found.subjects, byName)
	return found, err
}

func (f finding) held() bool {
	for _, one := range f.subjects {
		if one.held() {
			return true
		}
	}
	return false
}

// oids are those that the access was given to; where that is not known, those that have its names.
func (f finding) oids() oids {
	if f.known != (oids{}) {
		return f.known
	}
	return f.subjects[0].oids
}

// identity is what can't be renamed of the access and of the server.
func (f finding) identity() contract.Identity {
	identity, is := contract.Identity{Target: f.system}, f.oids()
	if f.system != "" && is.role != 0 && is.account != 0 {
		identity.ID = fmt.Sprintf(idForm, is.role, is.account)
	}
	return identity
}

// same is the membership that the access was given as, under its present names.
func (f finding) same() (membership, error) {
	first := f.subjects[0]
	if first.another {
		return first.membership, contract.NotFound("%q or %q was dropped, and what has its name now is another role", first.membership.role, first.membership.account).
			Advise("make a new request")
	}
	return first.membership, nil
}

// ours are those memberships that may be taken away. What has the names of the access without being it is not, unless
// the server keeps what Curfew has given apart from what others have.
func (f finding) ours(version int) []subject {
	if version >= firstWithGrantors {
		return f.subjects
	}
	var ours []subject
	for _, one := range f.subjects {
		if !one.another {
			ours = append(ours, one)
		}
	}
	return ours
}
