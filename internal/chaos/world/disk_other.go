//go:build !linux

package world

import (
	"errors"
	"os"
)

// Disk is a folder like any other: a small file system of one's own is Linux's.
type Disk struct{ path string }

func newDisk(path string) (*Disk, error) {
	if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // PostgreSQL's own user has to get through
		return nil, err
	}
	return &Disk{path}, errors.New("a small file system can be mounted on Linux only")
}

// Fill is not to be had here.
func (*Disk) Fill() error { return errors.ErrUnsupported }

// Clear has nothing to do here.
func (*Disk) Clear() error { return nil }
func (*Disk) close() error { return nil }
