package postgres

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"curfew/internal/config"
	"curfew/internal/keepalive/pgpool"
	"curfew/workflows/contract"
)

// Settings say how to reach the database.
type Settings struct {
	// DSN is a URL or a list of key=value, as psql takes it. With several hosts the one that takes writes is used.
	DSN config.Secret
	// Connections is how many connections read and append at most; 0 means 16.
	Connections int
	// LockConnections is how many holdings this process can have locked at once; 0 means 32. Others wait in line.
	LockConnections int
}

const (
	defaultConnections     = 16
	defaultLockConnections = 32
	mostConnections        = 500

	// callTimeout bounds one call, so that an end whose ledger hangs goes ahead without. It leaves the server the time
	// to say what became of a call that is given up.
	callTimeout      = 5*time.Second - pgpool.CancelGrace
	statementTimeout = "4s" // kept by the server
)

// How soon the server takes a host for dead that says nothing any more, and lets go of its locks. A process that dies
// on a living host lets go at once.
const (
	keepAliveIdle     = 5 * time.Second
	keepAliveInterval = 2 * time.Second
	keepAliveCount    = 3
	unansweredTimeout = 10 * time.Second // for what was sent
)

// Validate names what is wrong with the settings. It calls nobody.
func (s Settings) Validate() error {
	if s.DSN.IsZero() {
		return contract.Invalid("the ledger has no database").
			At("dsn").
			Advise("write where it is, like postgres://curfew@db.example.com/curfew")
	}
	for _, one := range []struct {
		field string
		value int
	}{{"connections", s.Connections}, {"lockConnections", s.LockConnections}} {
		if one.value < 0 || one.value > mostConnections {
			return contract.Invalid("%d is out of range", one.value).
				At(one.field).
				Advise("write a number from 1 to 500, or leave it out")
		}
	}
	_, err := s.parse()
	return err
}

func (s Settings) parse() (*pgxpool.Config, error) {
	parsed, err := pgxpool.ParseConfig(s.DSN.Reveal())
	if err != nil {
		// The error may show parts of a password that made the text unreadable.
		return nil, contract.Invalid("neither a PostgreSQL URL nor a list of key=value").
			At("dsn").
			Advise("write it like postgres://curfew:password@db.example.com:5432/curfew, with %XX for special letters")
	}
	return parsed, nil
}

// open prepares a pool that makes its connections when they are needed.
func (s Settings) open(ctx context.Context, name string, most, usual int) (*pgpool.Pool, error) {
	parsed, err := s.parse()
	if err != nil {
		return nil, err
	}
	if most == 0 {
		most = usual
	}
	parsed.MaxConns = int32(most) //nolint:gosec // more than mostConnections is refused
	configure(parsed.ConnConfig, name)
	pool, err := pgpool.New(ctx, parsed)
	if err != nil {
		return nil, contract.Invalid("unusable").At("dsn").Advise("check its parameters")
	}
	return pool, nil
}

// configure names a connection and makes it independent of the server's and the role's defaults.
func configure(conn *pgx.ConnConfig, name string) {
	pgpool.Configure(conn)
	if conn.ValidateConnect == nil {
		conn.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	for parameter, value := range map[string]string{
		"application_name":              name,
		"client_encoding":               "UTF8",
		"search_path":                   "pg_catalog",
		"default_transaction_isolation": "read committed", // what follows a lock must see what was saved before it
		"synchronous_commit":            "on",
		"statement_timeout":             statementTimeout,
		"tcp_keepalives_idle":           strconv.Itoa(int(keepAliveIdle.Seconds())),
		"tcp_keepalives_interval":       strconv.Itoa(int(keepAliveInterval.Seconds())),
		"tcp_keepalives_count":          strconv.Itoa(keepAliveCount),
		"tcp_user_timeout":              strconv.FormatInt(unansweredTimeout.Milliseconds(), 10),
	} {
		conn.RuntimeParams[parameter] = value
	}
}
