// Package sqlite keeps the ledger in one SQLite file, for one host: the server and any number of workers on it share
// the file. Everything that is written is on the disk before the call returns, power cut included.
//
// Beside the file lies <file>.locks, in which processes lock holdings. It is empty, and nothing in it needs a backup;
// it must not be deleted while a process runs.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

var _ ledger.Store = (*Store)(nil)

// Store is the ledger in a file. Its methods may be called from many goroutines.
type Store struct {
	path   string
	locks  *locks
	writer *writer
	reader *sql.DB
	texts  statements
}

// readers is the number of connections that read; they don't wait for the writer, nor it for them.
const readers = 4

// Open opens the ledger in a file and makes it if it isn't there; its folder must be. A file of an older release is
// brought up to date, one of a newer release is refused with contract.KindConflict.
func Open(ctx context.Context, path string) (*Store, error) {
	if path == "" {
		return nil, contract.Invalid("the ledger has no file").At("path").Advise("name the file")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	if folder := filepath.Dir(path); !isFolder(folder) {
		return nil, contract.Invalid("the ledger %s can't be opened: %s is no folder", path, folder).
			At("path").
			Advise("make the folder first, or name another")
	}
	s := &Store{path: path}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(s.fault("open the ledger", err), s.Close())
	}
	return s, nil
}

// open holds a lock, because processes that start together would trip over each other when they make the file.
func (s *Store) open(ctx context.Context) (err error) {
	if s.locks, err = openLocks(s.path + ".locks"); err != nil {
		return err
	}
	unlock, err := s.locks.lock(ctx, "")
	if err != nil {
		return err
	}
	defer unlock()

	if err := errors.Join(create(s.path), keepPrivate(s.path)); err != nil {
		return err
	}
	if err := inspect(ctx, s.path); err != nil {
		return err
	}
	db, err := connect(s.path, 1, "journal_mode(wal)", "synchronous(full)")
	if err != nil {
		return err
	}
	s.writer = startWriter(context.WithoutCancel(ctx), db)
	if err := migrate(ctx, db, s.path); err != nil {
		return err
	}
	if s.reader, err = connect(s.path, readers, "query_only(1)"); err != nil {
		return err
	}
	return s.texts.prepare(ctx, db, s.reader)
}

// Close lets go of the file and of all holdings. Calls that come later fail, except another Close.
func (s *Store) Close() error {
	var faults []error
	if s.writer != nil {
		faults = append(faults, s.writer.close())
	}
	if s.reader != nil {
		faults = append(faults, s.reader.Close())
	}
	if s.locks != nil {
		faults = append(faults, s.locks.file.close())
	}
	return errors.Join(faults...)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// keepPrivate takes the files of a ledger from others who can read them, because somebody made or copied them so. A group
// may be there for processes of several users. It opens no file, as create says.
func keepPrivate(path string) error {
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case info.Mode().Perm()&0o007 != 0:
			if err := os.Chmod(file, info.Mode().Perm()&^0o007); err != nil {
				return fmt.Errorf("others can read %s: %w", file, err)
			}
		}
	}
	return nil
}

// create makes an empty file that only its owner can read; SQLite gives its other files the same rights. A file that
// exists is not even opened: closing it would drop the locks that SQLite has on it in this process.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// connect opens a pool that keeps its connections. Another process has the write lock for milliseconds; who waits four
// seconds for it waits for a process that hangs.
func connect(path string, connections int, pragmas ...string) (*sql.DB, error) {
	source := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")}
	source.RawQuery = url.Values{
		"_pragma": append(pragmas, "busy_timeout(4000)"),
		"_txlock": {"immediate"},
	}.Encode()
	db, err := sql.Open("sqlite", source.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}
