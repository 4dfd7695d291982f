//go:build linux && !curfew_flock

package sqlite

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// lockFile keeps each lock as one byte of an empty file, locked for the open file rather than for the process: closing
// another descriptor of the file doesn't let go of it, and two stores in one process exclude each other too.
type lockFile struct {
	path string
	file *os.File
	conn syscall.RawConn
}

func openLockFile(path string) (*lockFile, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &lockFile{path: path, file: file, conn: conn}, nil
}

func (f *lockFile) tryLock(key int64) (bool, error) {
	err := f.set(unix.F_WRLCK, key)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return false, nil
	}
	return err == nil, err
}

// unlock can only fail when the file is closed, and then the lock is gone as well.
func (f *lockFile) unlock(key int64) { _ = f.set(unix.F_UNLCK, key) }

func (f *lockFile) set(kind int16, key int64) error {
	var failed error
	err := f.conn.Control(func(fd uintptr) {
		failed = unix.FcntlFlock(fd, unix.F_OFD_SETLK, &unix.Flock_t{Type: kind, Start: key, Len: 1})
	})
	if err != nil {
		return err
	}
	return failed
}

func (f *lockFile) close() error {
	if err := f.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
