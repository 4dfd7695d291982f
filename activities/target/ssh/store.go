package ssh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/crypto/ssh"

	"curfew/workflows/contract"
)

const (
	longestRecord = 64 << 20 // in bytes; the bounds of a record keep it below
	longestList   = 4 << 20
	lockPoll      = 5 * time.Millisecond
	onlyForUs     = 0o600
	forHosts      = 0o644
)

// store keeps a record in a folder that other workers use as well, and the list of revoked certificates beside it.
type store struct {
	authority ssh.PublicKey
	folder    string
	file      string // the record
	lock      string
	list      string // for hosts; may be elsewhere
	// turn has a token for who may ask for the lock, so that the calls of this process stand in line.
	turn chan struct{}
}

func newStore(folder string, authority ssh.PublicKey) *store {
	return &store{
		authority: authority,
		folder:    folder,
		turn:      make(chan struct{}, 1),
		file: filepath.Join(
			folder,
			"accesses.json",
		),
		lock: filepath.Join(folder, "lock"),
		list: filepath.Join(folder, "revoked.krl"),
	}
}

// with hands the record to work, alone over all workers, and keeps what work made of it. When with returns without an
// error, the list on disk is the one that follows from the record, whoever had changed it.
func (s *store) with(ctx context.Context, work func(r *record, now time.Time) error) error {
	unlock, err := s.locked(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	now := time.Now()
	kept, before, err := s.load(now)
	if err != nil {
		return err
	}
	list, err := s.loadList(kept)
	if err != nil {
		return err
	}
	revoked := kept.revoked()
	if err := work(kept, now); err != nil {
		return err
	}
	if !slices.Equal(revoked, kept.revoked()) {
		kept.List = edition{Version: kept.List.Version + 1, MadeAt: now.UTC().Truncate(time.Second)}
	}
	// The list is written last: until it is, every attempt finds that it does not follow, and writes it.
	return s.keep(kept, before, list)
}

func (s *store) keep(kept *record, before, list []byte) error {
	after, err := json.Marshal(kept)
	if err != nil {
		return s.failed("written", err)
	}
	if !bytes.Equal(before, after) {
		if err := replace(s.file, after, onlyForUs); err != nil {
			return s.failed("written", err)
		}
	}
	if follows := kept.krl(s.authority); !bytes.Equal(list, follows) {
		if err := replace(s.list, follows, forHosts); err != nil {
			return s.failedList("written", err)
		}
	}
	return nil
}

// locked waits for the lock for as long as the call has. A call whose time is over never gets it: what comes after may
// rely on that.
func (s *store) locked(ctx context.Context) (unlock func(), err error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, busy()
	}
	lock := flock.New(s.lock, flock.SetPermissions(onlyForUs), flock.SetFlag(os.O_CREATE|os.O_RDWR))
	unlock = func() {
		_ = lock.Close()
		<-s.turn
	}
	got, err := lock.TryLockContext(ctx, lockPoll)
	switch {
	case over(ctx):
		unlock()
		return nil, busy()
	case err != nil || !got:
		unlock()
		return nil, s.failed("locked", err)
	}
	return unlock, nil
}

// over is true when a call's time has passed, also when its timer has not gone off yet: this process may have been
// stopped for a while.
func over(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(deadline)
}

// load reads the record, or makes the first.
func (s *store) load(now time.Time) (kept *record, text []byte, err error) {
	ca := ssh.FingerprintSHA256(s.authority)
	text, err = read(s.file, longestRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return newRecord(ca, now), nil, nil
	}
	if err != nil {
		return nil, nil, s.failed("read", err)
	}
	kept = &record{}
	if err := json.Unmarshal(text, kept); err != nil || kept.Openings == nil {
		return nil, nil, contract.Unavailable("%s is damaged", s.file).Advise("bring it back from a backup")
	}
	if kept.CA != ca {
		return nil, nil, contract.Unavailable("the state in %s belongs to the authority %s, and the target's caKey is %s", s.folder, kept.CA, ca).
			Advise("give each caKey a state folder of its own")
	}
	return kept, text, nil
}

// loadList reads the list that hosts see, and refuses to go on with one that must not be replaced.
func (s *store) loadList(kept *record) ([]byte, error) {
	list, err := read(s.list, longestList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, s.failedList("read", err)
	}
	if fault, fix := kept.follows(list); fault != "" {
		return nil, contract.Unavailable("%s %s", s.list, fault).Advise(fix)
	}
	return list, nil
}

// check tries everything that a change needs, and leaves all as it was.
func (s *store) check(ctx context.Context) error {
	unlock, err := s.locked(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	kept, _, err := s.load(time.Now())
	if err != nil {
		return err
	}
	if _, err := s.loadList(kept); err != nil {
		return err
	}
	if err := writable(s.folder); err != nil {
		return s.failed("written", err)
	}
	if err := writable(filepath.Dir(s.list)); err != nil {
		return s.failedList("written", err)
	}
	return nil
}

// read reads a whole file that is not longer than a limit.
func read(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("the file is too large")}
	}
	return content, errors.Join(err, file.Close())
}

func (s *store) failed(what string, cause error) error {
	return contract.Unavailable("the state in %s can't be %s: %v", s.folder, what, cause).
		Advise("see that the folder exists and that Curfew may write there")
}

func (s *store) failedList(what string, cause error) error {
	return contract.Unavailable("the list of revoked certificates can't be %s: %v", what, cause).
		Advise("see that its folder exists and that Curfew may write there")
}

func busy() error {
	return contract.Unavailable("the state was in use for longer than the call had").Advise("try again")
}
