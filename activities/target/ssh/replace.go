package ssh

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// replace writes a file such that everybody sees either the former content or the new one, also after a power cut. Two
// calls for one name must not overlap.
func replace(name string, content []byte, mode fs.FileMode) error {
	next := name + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a worker that died
		return err
	}
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, onlyForUs)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

// syncFolder makes a renaming last.
func syncFolder(name string) error {
	folder, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// writable tells why no file can be made in a folder.
func writable(folder string) error {
	probe, err := os.CreateTemp(folder, ".curfew-check-")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
