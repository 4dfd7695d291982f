package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"curfew/workflows/contract"
)

// migrations are numbered from 1 without gaps: file 0002_… takes tables of version 1 to version 2. What a release has
// shipped is never edited.
//
//go:embed migrations/*.sql
var migrations embed.FS

const (
	schema        = "curfew"
	versionsTable = schema + ".migrations"
	oldestServer  = 13
	// migrationLock is none of the keys of holdings, which are not negative.
	migrationLock = -1
)

// prepare looks whether the database fits, and brings its tables up to date when they are not.
func prepare(ctx context.Context, settings Settings) (err error) {
	parsed, err := settings.parse()
	if err != nil {
		return err
	}
	configure(parsed.ConnConfig, "curfew migrations")
	conn, err := pgx.ConnectConfig(ctx, parsed.ConnConfig)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := checkServer(ctx, conn); err != nil {
		return err
	}
	// Processes that start together look one after the other. A migration may take longer than any other statement.
	if _, err := conn.Exec(
		ctx,
		`SELECT set_config('statement_timeout', '0', false), pg_advisory_lock($1)`,
		migrationLock,
	); err != nil {
		return err
	}
	version, newest, err := versions(ctx, conn)
	switch {
	case err != nil:
		return err
	case version > newest:
		return contract.Conflict("the ledger was written by a newer release of Curfew: it has version %d, this release knows %d", version, newest).
			At("dsn").
			Advise("start the newer release again, or restore the backup that was made before it")
	case version == newest:
		return nil
	}
	return notAllowed(migrate(ctx, conn, parsed.ConnConfig), version, newest)
}

func checkServer(ctx context.Context, conn *pgx.Conn) error {
	var release int
	var encoding string
	err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding')`).
		Scan(&release, &encoding)
	switch {
	case err != nil:
		return err
	case release < oldestServer:
		return contract.Invalid("the ledger needs PostgreSQL %d or later, this is %d", oldestServer, release).
			At("dsn").
			Advise("upgrade the server")
	case encoding != "UTF8":
		return contract.Invalid("the ledger needs a database in UTF8, this one is in %s", encoding).
			At("dsn").
			Advise("make a database with ENCODING 'UTF8'")
	}
	return nil
}

// versions are those of the tables, 0 when there are none, and of this program.
func versions(ctx context.Context, conn *pgx.Conn) (version, newest int, err error) {
	steps, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, 0, fmt.Errorf("list the migrations: %w", err)
	}
	var found bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, versionsTable).
		Scan(&found); err != nil ||
		!found {
		return 0, len(steps), err
	}
	err = conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versionsTable+` WHERE is_applied`).
		Scan(&version)
	return version, len(steps), err
}

// migrate takes one transaction for each step. The caller has the lock.
func migrate(ctx context.Context, conn *pgx.Conn, settings *pgx.ConnConfig) (err error) {
	var found bool
	if err := conn.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, schema).Scan(&found); err != nil {
		return err
	}
	if !found {
		if _, err := conn.Exec(ctx, `CREATE SCHEMA `+schema); err != nil {
			return err
		}
	}
	steps, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	settings = settings.Copy()
	settings.RuntimeParams["statement_timeout"] = "0"
	provider, err := goose.NewProvider(goose.DialectPostgres, stdlib.OpenDB(*settings), steps,
		goose.WithTableName(versionsTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	defer func() { err = errors.Join(err, provider.Close()) }()
	_, err = provider.Up(ctx)
	return err
}

// notAllowed says what to do when the role may use the ledger, but not change its tables.
func notAllowed(err error, version, newest int) error {
	if err == nil || codeOf(err) != codeNoPrivilege {
		return err
	}
	return fmt.Errorf(
		"%w (%w)",
		contract.Conflict("the ledger has version %d, this release needs %d, and this role may not change its tables", version, newest).
			At("dsn").
			Advise("start this release once with the DSN of the role that owns the schema "+schema),
		err,
	)
}
