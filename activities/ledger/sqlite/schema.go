package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"curfew/workflows/contract"
)

// migrations are numbered from 1 without gaps: file 0002_… takes a file of version 1 to version 2. What a release has
// shipped is never edited.
//
//go:embed migrations/*.sql
var migrations embed.FS

// application marks SQLite files that are Curfew's ("Curf" in ASCII).
const application = 0x43757266

// inspect refuses a file that is not for this release before anything about it is changed: the mode of its journal is
// kept in the file.
func inspect(ctx context.Context, path string) error {
	db, err := connect(path, 1, "query_only(1)")
	if err != nil {
		return err
	}
	version, err := versionOf(ctx, db, path)
	if err == nil {
		_, err = migrationsAfter(version, path)
	}
	return errors.Join(err, db.Close())
}

// migrate brings the file to the version of this program, one transaction for each step.
func migrate(ctx context.Context, db *sql.DB, path string) error {
	version, err := versionOf(ctx, db, path)
	if err != nil {
		return err
	}
	steps, err := migrationsAfter(version, path)
	if err != nil {
		return err
	}
	for i, name := range steps {
		if err := step(ctx, db, name, version+i+1); err != nil {
			return err
		}
	}
	return nil
}

// migrationsAfter are the steps from a version to this program's.
func migrationsAfter(version int, path string) ([]string, error) {
	steps, err := fs.Glob(migrations, "migrations/*.sql") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("list the migrations: %w", err)
	}
	if version > len(steps) {
		return nil, contract.Conflict("the ledger %s was written by a newer release of Curfew: it has version %d, this release knows %d", path, version, len(steps)).
			At("path").
			Advise("start the newer release again, or restore the backup that was made before it")
	}
	return steps[version:], nil
}

// versionOf refuses files that some other program has made.
func versionOf(ctx context.Context, db *sql.DB, path string) (int, error) {
	var version, mark, objects int
	const question = `SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_user_version, pragma_application_id`
	if err := db.QueryRowContext(ctx, question).Scan(&version, &mark, &objects); err != nil {
		return 0, fmt.Errorf("read the version of the file: %w", err)
	}
	if mark != application && (mark != 0 || version != 0 || objects != 0) {
		return 0, contract.Invalid("%s is the database of another program", path).At("path").Advise("name another file")
	}
	return version, nil
}

func step(ctx context.Context, db *sql.DB, name string, version int) (err error) {
	text, err := migrations.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read the migration %s: %w", name, err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("migration %s: %w", name, err)
			_ = rollback(tx) // the first error says more
		}
	}()
	marks := fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d;", version, application)
	if _, err := tx.ExecContext(ctx, string(text)+marks); err != nil {
		return err
	}
	return tx.Commit()
}
