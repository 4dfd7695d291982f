// Package postgres gives and takes membership in PostgreSQL roles. The subject is a role of its own, which somebody
// else made.
//
// Curfew's role needs no superuser: ADMIN OPTION on each role that it gives, and pg_signal_backend to end sessions.
package postgres

import (
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

const (
	// statementTimeout is kept by the server, so that a statement can't take effect later than that, whatever became of
	// us. It bounds settles.
	statementTimeout = "3s"
	settles          = 10 * time.Second
)

// Kind describes PostgreSQL servers, of version 13 and later.
func Kind() target.Kind {
	return target.Kind{
		Name:        "postgres",
		Use:         "connect as {account} to {target}",
		Settings:    func() target.Settings { return new(Settings) },
		Entitlement: entitlement{},
		Normalize:   normalize,
		Names:       roleOf,
		Limits:      target.Limits{Settles: settles, FewConnections: true},
	}
}

// Settings say how to reach one server.
type Settings struct {
	// DSN leads to the server itself: a pooler in between would not hand the statement timeout on. Connections that
	// nobody uses are closed, but for one while access is live.
	DSN            config.Secret `yaml:"dsn" required:"write where the server is, like postgres://curfew@db.example.com/postgres" doc:"The server, as a URL or a list of key=value, as psql takes it; a pooler in between is not supported."`
	MaxConnections int           `yaml:"maxConnections" default:"8" min:"1" max:"100" doc:"How many connections are open at most."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	_, err := s.pool()
	return err
}

// Open prepares the connection, and makes it when it is first needed.
func (s *Settings) Open() (target.Connector, error) {
	config, err := s.pool()
	if err != nil {
		return nil, err
	}
	broker := config.ConnConfig.User
	opened, err := openLinks(config)
	if err != nil {
		return nil, contract.Invalid("unusable").At("dsn").Advise("check its parameters")
	}
	return &connector{links: opened, broker: broker}, nil
}

func (s *Settings) pool() (*pgxpool.Config, error) {
	if err := strictyaml.Complete(s); err != nil {
		return nil, err
	}
	pool, err := pgxpool.ParseConfig(s.DSN.Reveal())
	if err != nil {
		// The error may show parts of a password that made the text unreadable.
		return nil, contract.Invalid("neither a PostgreSQL URL nor a list of key=value").
			At("dsn").
			Advise("write it like postgres://curfew:password@db.example.com:5432/postgres, with %XX for special letters")
	}
	s.configure(pool)
	return pool, nil
}

func (s *Settings) configure(pool *pgxpool.Config) {
	pool.MaxConns = int32(s.MaxConnections) //nolint:gosec // its tag bounds it
	pool.AfterConnect = prepare

	conn := pool.ConnConfig
	// What is not prepared by name is sent in one go: each GRANT and REVOKE is another text, not worth keeping.
	conn.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn.RuntimeParams["application_name"] = "curfew"
	conn.RuntimeParams["client_encoding"] = "UTF8"
	maps.Copy(conn.RuntimeParams, ours)
}
