package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/postgres"
	"curfew/internal/config"
	testserver "curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

func TestNormalizeTakesARoleAndNothingElse(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		`{"role":"reporting"}`:         `{"role":"reporting"}`,
		" {\n\t\"role\" : \"Zoë \"\n}": `{"role":"Zoë "}`,
		`{"role":"pg_monitor"}`:        `{"role":"pg_monitor"}`,
	} {
		canonical, err := postgres.Kind().Normalize([]byte(written))
		require.NoError(t, err, written)
		require.Equal(t, want, string(canonical))
		again, err := postgres.Kind().Normalize(canonical)
		require.NoError(t, err)
		require.Equal(t, canonical, again)
	}
	for written, field := range map[string]string{
		``:                                 "",
		`[]`:                               "",
		`"reporting"`:                      "",
		`{"role":"a"} {}`:                  "",
		`{}`:                               "role",
		`null`:                             "",
		`{"role":null}`:                    "role",
		`{"role":7}`:                       "role",
		`{"role":""}`:                      "role",
		`{"role":"a\u0000b"}`:              "role",
		`{"role":"` + name(64) + `"}`:      "role",
		`{"role":"pg_write_server_files"}`: "role",
		`{"role":"a","admin":true}`:        "admin",
		`{"Role":"a"}`:                     "Role",
	} {
		_, err := postgres.Kind().Normalize([]byte(written))
		require.Error(t, err, written)
		problem := requireProblem(t, err, contract.KindInvalid)
		require.Equal(t, field, problem.Field, written)
		require.NotEmpty(t, problem.Fix, written)
	}
}

func name(length int) string { return fmt.Sprintf("%0*d", length, 0) }

func TestOpenTellsTheFieldAtFaultAndNoSecret(t *testing.T) {
	t.Parallel()
	for field, settings := range map[string][]postgres.Settings{
		"dsn": {
			{},
			{DSN: config.SecretOf("postgres://curfew:ca%nary@host/db")},
			{DSN: config.SecretOf("postgres://curfew:canary@host:port/db")},
			{DSN: config.SecretOf("password=canary nonsense")},
		},
		"maxConnections": {
			{DSN: config.SecretOf("postgres://curfew:canary@host/db"), MaxConnections: -1},
			{DSN: config.SecretOf("postgres://curfew:canary@host/db"), MaxConnections: 101},
		},
	} {
		for _, wrong := range settings {
			_, err := wrong.Open()
			require.Equal(t, field, requireProblem(t, err, contract.KindInvalid).Field)
			require.NotContains(t, err.Error(), "nary")
		}
	}
}

func TestCheckTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ take, fix string }{
		"no role to give":    {`REVOKE %[1]s FROM %[2]s`, "WITH ADMIN OPTION"},
		"no sessions to end": {`REVOKE pg_signal_backend FROM %[2]s`, "GRANT pg_signal_backend"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			checker := w.connector(t).(target.Checker)
			require.NoError(t, checker.Check(t.Context()))
			w.exec(t, test.take, quote(w.role), quote(w.broker))
			require.Contains(t, requireProblem(t, checker.Check(t.Context()), contract.KindDenied).Fix, test.fix)
		})
	}
	t.Run("no such database", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		checker := open(t, w.server.URL(w.broker, "elsewhere")).(target.Checker)
		require.Contains(t, requireProblem(t, checker.Check(t.Context()), contract.KindUnavailable).Fault, "elsewhere")
	})
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, err := (&postgres.Settings{
		DSN: config.SecretOf(w.server.URL(w.broker, testserver.Superuser)), MaxConnections: 2,
	}).Open()
	require.NoError(t, err)
	account := w.subject(t)
	results := make(chan error)
	for range 20 {
		go func() {
			_, err := connector.Inspect(t.Context(), w.access(account))
			results <- err
		}()
	}
	for range 20 {
		require.NoError(t, <-results)
	}
	require.LessOrEqual(t, w.sessions(t, w.broker), 2)
}
