package promises

import (
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/postgres"
)

func member(i int) string { return fmt.Sprintf("crowd-%04d", i) }

func (d *database) account(i int) string { return d.role + "_" + member(i) }

// crowd makes accounts, and returns the directory's entries of their people.
func (d *database) crowd(size int) string {
	d.t.Helper()
	var people strings.Builder
	admin := d.server.Connect(d.t, postgres.Superuser, d.name)
	for i := range size {
		_, err := admin.Exec(d.t.Context(), "CREATE ROLE "+pgx.Identifier{d.account(i)}.Sanitize())
		require.NoError(d.t, err)
		fmt.Fprintf(&people, "  %s: {name: %s, accounts: {orders-db: %s}}\n", member(i), member(i), d.account(i))
	}
	return people.String()
}

// members are the accounts that hold the role now.
func (d *database) members() map[string]bool {
	rows, err := d.server.Admin().Query(d.t.Context(),
		`SELECT member.rolname FROM pg_auth_members m JOIN pg_roles member ON member.oid = m.member JOIN pg_roles role ON role.oid = m.roleid
		WHERE role.rolname = $1`, d.role)
	require.NoError(d.t, err)
	defer rows.Close()
	held := map[string]bool{}
	for rows.Next() {
		var name string
		require.NoError(d.t, rows.Scan(&name))
		held[name] = true
	}
	require.NoError(d.t, rows.Err())
	return held
}

func (d *database) holds(account string) bool { return d.members()[account] }

// inParallel does something for each of a number of things, a few at a time.
func inParallel(n int, do func(i int)) {
	var all sync.WaitGroup
	next := make(chan int)
	for range 16 {
		all.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}
