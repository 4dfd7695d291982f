package world

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Disk is a small file system of its own, which can be filled.
type Disk struct {
	path    string
	mounted bool
}

const diskSize = "192m"

// newDisk mounts a small file system at a folder. Where that is not allowed the folder is used as it is, and why says
// so.
func newDisk(path string) (d *Disk, why error) {
	d = &Disk{path: path}
	if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // PostgreSQL's own user has to get through
		return d, err
	}
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "mode=0755,size="+diskSize); err != nil {
		return d, fmt.Errorf("a small file system can't be mounted here: %w", err)
	}
	d.mounted = true
	return d, nil
}

// Fill leaves no room.
func (d *Disk) Fill() error {
	ballast, err := os.Create(filepath.Join(d.path, "ballast"))
	if err != nil {
		return err
	}
	defer func() { _ = ballast.Close() }() // nobody reads it
	for block := make([]byte, 1<<16); err == nil; {
		_, err = ballast.Write(block)
		if errors.Is(err, syscall.ENOSPC) && len(block) > 1 {
			block, err = block[:len(block)/2], nil // to the last byte
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return nil
}

// Clear takes the ballast away, if there is any.
func (d *Disk) Clear() error { return os.RemoveAll(filepath.Join(d.path, "ballast")) }

func (d *Disk) close() error {
	if !d.mounted {
		return nil
	}
	return syscall.Unmount(d.path, syscall.MNT_DETACH)
}
