package postgres

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	testserver "curfew/internal/testserver/postgres"
)

// Whatever a role is called, PostgreSQL reads exactly that name in the statements that grant and revoke it.
func FuzzPostgreSQLReadsTheNameThatWasMeant(f *testing.F) {
	server := testserver.Start(f).Admin()
	for _, seed := range []string{
		"reporting", `a"b`, `"; DROP ROLE x; --`, `""`, "ä", "$$", `\`, "'", "a b", "U&", "\n", "PUBLIC", "current_user", "😀",
		strings.Repeat("x", 63),
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, role, account string) {
		for _, name := range []string{role, account} {
			if name == "" || len(name) > 63 || !utf8.ValidString(name) || strings.Contains(name, "\x00") {
				return // no role can be called so
			}
			var parsed []string
			require.NoError(t, server.QueryRow(t.Context(), "SELECT parse_ident($1, true)", quote(name)).Scan(&parsed))
			require.Equal(t, []string{name}, parsed)
			// What a statement calls its column goes through the server's own parser.
			rows, err := server.Query(t.Context(), "SELECT 1 AS "+quote(name))
			require.NoError(t, err)
			require.Equal(t, name, rows.FieldDescriptions()[0].Name)
			rows.Close()
		}
		m := membership{role: role, account: account}
		for _, statement := range []string{grantStatement(m, firstWithGrantors-1), revokeStatement(m)} {
			// The server takes it for one statement about these two roles, of which it knows none (undefined_object).
			_, err := server.Exec(t.Context(), statement)
			var refusal *pgconn.PgError
			require.ErrorAs(t, err, &refusal, statement)
			require.Equal(t, "42704", refusal.Code, statement)
		}
	})
}
