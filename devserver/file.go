package devserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// fileStore opens or makes a database file. A file keeps its number of shards for ever, so it gets some to grow into.
func fileStore(ctx context.Context, path string, sync Sync) (*store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the database file: %w", err)
	}
	pragmas := map[string]string{
		"journal_mode": "wal",       // more than twice the workflows a second of SQLite's default
		"locking_mode": "exclusive", // a second server on the file would fire every timer once more
		"synchronous":  string(sync),
	}
	name := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	create(path)
	err = layTables(ctx, name, pragmas)
	if err == nil {
		err = keepPrivate(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	attributes := maps.Clone(pragmas)
	attributes["mode"] = "rw"
	return &store{
		shards: 4,
		sql:    &config.SQL{PluginName: sqlite.PluginName, DatabaseName: name, ConnectAttributes: attributes},
	}, nil
}

// create makes an empty file that only its owner can read; SQLite gives its other files the same rights. What keeps it
// from that, SQLite says better.
func create(path string) {
	if file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, ownerOnly); err == nil {
		_ = file.Close() // nothing was written
	}
}

// ownerOnly is for files with everything that workflows were told: requests, reviews and their reasons.
const ownerOnly fs.FileMode = 0o600

// keepPrivate takes the files of a database from others who can read them: an earlier release let them.
func keepPrivate(path string) error {
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case info.Mode().Perm()&^ownerOnly != 0:
			if err := os.Chmod(file, ownerOnly); err != nil {
				return err
			}
		}
	}
	return nil
}

// layTables makes the server's tables in a new file. The server has a function for that, but not in one transaction: a
// kill half-way would leave a file that can't be used.
func layTables(ctx context.Context, name string, pragmas map[string]string) (err error) {
	query := url.Values{"mode": {"rwc"}}
	for key, value := range pragmas {
		query.Add("_pragma", key+"="+value)
	}
	db, err := sql.Open("sqlite", "file:"+name+"?"+query.Encode())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	defer func() { _ = tx.Rollback() }()
	var laid bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT * FROM sqlite_master WHERE name = 'namespaces')`).
		Scan(&laid); err != nil {
		return explain(err)
	}
	if laid {
		return nil
	}
	for _, part := range []string{"temporal", "visibility"} {
		statements, err := fs.ReadFile(schema.Assets(), "sqlite/v3/"+part+"/schema.sql")
		if err != nil {
			return fmt.Errorf("find the %s schema in the server's module: %w", part, err)
		}
		if _, err := tx.ExecContext(ctx, string(statements)); err != nil {
			return fmt.Errorf("make the %s tables: %w", part, explain(err))
		}
	}
	return explain(tx.Commit())
}

// explain adds to SQLite's terse errors what to do about those that people meet.
func explain(err error) error {
	var fault *driver.Error
	if !errors.As(err, &fault) {
		return err
	}
	switch fault.Code() & 0xff { // the low byte is the error's family
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("another server is using it; stop that one first: %w", err)
	case sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("its folder must exist and be writable: %w", err)
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("it is some other file; choose another name: %w", err)
	}
	return err
}
