package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"curfew/workflows/contract"
)

// ours are the settings that each session has to have.
var ours = map[string]string{
	// So that a statement can't take effect later than that.
	"statement_timeout": statementTimeout,
	// Nothing that a subject puts into a schema may stand in for a function or an operator of ours.
	"search_path": "pg_catalog",
	// A plan is kept for as long as its connection, and a table of roles that was small then may have grown since.
	"enable_seqscan": "off",
}

// checkHandedOn reads the settings back. A pooler in between may have swallowed them, and then it says nothing of that.
func checkHandedOn(ctx context.Context, conn *pgx.Conn) error {
	var process uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&process); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		var is string
		if err := conn.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&is); err != nil {
			return err
		}
		if is == ours[name] {
			continue
		}
		between := "something between Curfew and the server"
		if process != conn.PgConn().PID() { // it has given the connection a number of its own
			between = "a connection pooler, like PgBouncer, stands between Curfew and the server, and"
		}
		return contract.Denied("%s does not hand Curfew's settings on: %s is %q and not %q", between, name, is, ours[name]).
			At("dsn").
			Advise("let the target's dsn lead to the server itself, past the pooler")
	}
	return nil
}
