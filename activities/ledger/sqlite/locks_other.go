//go:build !linux || curfew_flock

package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// stripes is the number of lock files. Two grants on one stripe wait for each other, which is fair enough for the
// machines of developers.
const stripes = 1024

// lockFile is a folder of lock files, for systems that can't lock single bytes for an open file. On Linux the build tag
// curfew_flock chooses it, so that it can be tested there.
type lockFile struct {
	path string

	mu     sync.Mutex
	locked map[int64]*flock.Flock // by stripe
	closed bool
}

func openLockFile(path string) (*lockFile, error) {
	folder := path + ".d"
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	return &lockFile{path: folder, locked: map[int64]*flock.Flock{}}, nil
}

func (f *lockFile) tryLock(key int64) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	stripe := key % stripes
	if f.closed {
		return false, os.ErrClosed
	}
	if f.locked[stripe] != nil {
		return false, nil
	}
	file := flock.New(filepath.Join(f.path, fmt.Sprintf("%04d", stripe)), flock.SetPermissions(0o600))
	got, err := file.TryLock()
	if err != nil || !got {
		return false, err
	}
	f.locked[stripe] = file
	return true, nil
}

// unlock can only fail when the file is closed, and then the lock is gone as well.
func (f *lockFile) unlock(key int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	stripe := key % stripes
	if file := f.locked[stripe]; file != nil {
		_ = file.Unlock()
		delete(f.locked, stripe)
	}
}

func (f *lockFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for stripe, file := range f.locked {
		_ = file.Unlock()
		delete(f.locked, stripe)
	}
	return nil
}
