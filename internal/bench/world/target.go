package world

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"curfew/internal/testserver/postgres"
)

// Target is the PostgreSQL server that access is given on, looked at by its administrator.
type Target struct{ server *postgres.Server }

func openTarget(ctx context.Context, server *postgres.Server, people []Person, sleeping []string) (*Target, error) {
	statements := []string{
		fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", curfew, server.Password()),
		"GRANT pg_signal_backend TO " + curfew,
	}
	for _, role := range append([]string{Role, BareRole}, sleeping...) {
		statements = append(statements, "CREATE ROLE "+role, "GRANT "+role+" TO "+curfew+" WITH ADMIN OPTION")
	}
	for _, person := range people {
		statements = append(statements, "CREATE ROLE "+person.Account)
	}
	for _, statement := range statements {
		if _, err := server.Admin().Exec(ctx, statement); err != nil {
			return nil, fmt.Errorf("prepare the target: %w", err)
		}
	}
	return &Target{server: server}, nil
}

// Version is that of PostgreSQL.
func (t *Target) Version(ctx context.Context) (version string, err error) {
	err = t.server.Admin().QueryRow(ctx, "SHOW server_version").Scan(&version)
	return version, err
}

// members are the accounts that hold a role now.
func (t *Target) members(ctx context.Context, role string) (map[string]bool, error) {
	rows, err := t.server.Admin().Query(ctx, `SELECT member.rolname::text FROM pg_auth_members a
		JOIN pg_roles role ON role.oid = a.roleid JOIN pg_roles member ON member.oid = a.member
		WHERE role.rolname = $1`, role)
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	held := make(map[string]bool, len(names))
	for _, name := range names {
		held[name] = true
	}
	return held, err
}

// Watch is what is looked for at the target.
type Watch struct {
	Role     string
	Held     bool // wait until the accounts hold it; else until they no longer do
	Accounts []string
	Every    time.Duration // how long to wait between two looks: so much of a figure may come from looking
}

// Sight is when a look that saw something began and ended.
type Sight struct{ Began, Ended time.Time }

// Watch looks until all accounts were seen as wanted.
func (t *Target) Watch(ctx context.Context, w Watch) (map[string]Sight, error) {
	left := make(map[string]bool, len(w.Accounts))
	for _, account := range w.Accounts {
		left[account] = true
	}
	seen := make(map[string]Sight, len(w.Accounts))
	look := time.NewTicker(w.Every)
	defer look.Stop()
	for {
		began := time.Now()
		members, err := t.members(ctx, w.Role)
		if err != nil {
			return nil, fmt.Errorf("look at the target, with %d accounts left: %w", len(left), err)
		}
		sight := Sight{Began: began, Ended: time.Now()}
		for account := range left {
			if members[account] == w.Held {
				seen[account] = sight
				delete(left, account)
			}
		}
		if len(left) == 0 {
			return seen, nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil, fmt.Errorf(
				"wait for %d of %d accounts at the target: %w",
				len(left),
				len(w.Accounts),
				ctx.Err(),
			)
		}
	}
}
