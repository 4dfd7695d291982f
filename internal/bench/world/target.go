package world

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"curfew/internal/testserver/postgres"
)

// Look is how long Watch waits between two looks at the target: so much of a figure may come from looking.
const Look = 5 * time.Millisecond

// Target is the PostgreSQL server that access is given on, looked at by its administrator.
type Target struct{ server *postgres.Server }

func openTarget(ctx context.Context, server *postgres.Server, people []Person) (*Target, error) {
	statements := []string{
		fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", curfew, server.Password()),
		"GRANT pg_signal_backend TO " + curfew,
	}
	for _, role := range []string{Role, BareRole} {
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

func (*Target) close(context.Context) {}

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

// Watch looks until each of the accounts holds a role, or no longer holds it, and returns when it saw that.
func (t *Target) Watch(ctx context.Context, role string, held bool, accounts []string) (map[string]time.Time, error) {
	left := make(map[string]bool, len(accounts))
	for _, account := range accounts {
		left[account] = true
	}
	seen := make(map[string]time.Time, len(accounts))
	look := time.NewTicker(Look)
	defer look.Stop()
	for len(left) > 0 {
		members, err := t.members(ctx, role)
		if err != nil {
			return nil, fmt.Errorf("look at the target, with %d accounts left: %w", len(left), err)
		}
		now := time.Now()
		for account := range left {
			if members[account] == held {
				seen[account] = now
				delete(left, account)
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d of %d accounts at the target: %w", len(left), len(accounts), ctx.Err())
		}
	}
	return seen, nil
}
