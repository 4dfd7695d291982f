package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"curfew/workflows/contract"
)

// remedies say what a person can do about SQLite's errors. Those that retries help as well are KindUnavailable.
var remedies = map[int]struct {
	kind       contract.Kind
	fault, fix string
}{
	codes.SQLITE_BUSY: {
		contract.KindUnavailable, "another process has the file locked",
		"end what keeps a transaction open on it, a backup or a shell",
	},
	codes.SQLITE_FULL:  {contract.KindUnavailable, "its disk is full", "make room"},
	codes.SQLITE_IOERR: {contract.KindUnavailable, "its disk fails", "look at the disk and the system's log"},
	codes.SQLITE_CANTOPEN: {
		contract.KindUnavailable,
		"it can't be opened",
		"let Curfew's account read and write the file and its folder",
	},
	codes.SQLITE_READONLY: {
		contract.KindUnavailable,
		"it can't be written",
		"let Curfew's account read and write the file and its folder",
	},
	codes.SQLITE_CORRUPT: {contract.KindInternal, "the file is damaged", "restore a backup"},
	codes.SQLITE_NOTADB:  {contract.KindInvalid, "it is no SQLite file", "name another file"},
}

// fault says what was done with which file when an error came, and what helps, if that is known.
func (s *Store) fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	var problem *contract.Problem
	if errors.As(err, &problem) {
		return err
	}
	var failed *sqlite.Error
	if errors.As(err, &failed) {
		if remedy, found := remedies[failed.Code()&0xff]; found {
			return fmt.Errorf("%s: %w (%w)", doing,
				remedy.kind.Problem("the ledger %s: %s", s.path, remedy.fault).Advise(remedy.fix), err)
		}
	}
	return fmt.Errorf("%s in %s: %w", doing, s.path, err)
}
