package seal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"curfew/workflows/contract"
)

// ReadKeys reads a key set from a file. It fails with contract.KindNotFound when there is none, and with
// contract.KindInvalid when it can't be read or is no key set.
func ReadKeys(path string) (Keys, error) {
	text, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, contract.NotFound("there is no file %s", path).
			At("public").
			Advise("name the key set; `curfew keys new` makes one")
	}
	if err != nil {
		return nil, contract.Invalid("the key set can't be read: %v", err).
			At("public").
			Advise("name a file that you may read")
	}
	keys, err := ParseKeys(text)
	if problem, ok := contract.ProblemOf(err); ok {
		return nil, problem.Kind.Problem("%s", problem.Fault).At(path + ": " + problem.Field).Advise(problem.Fix)
	}
	return keys, err
}

// readFile reads one byte more than a key set may have. Opening a pipe could wait for ever, so only ordinary files are.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no ordinary file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeySet+1))
	return text, errors.Join(err, file.Close())
}

// WriteFile replaces the file of a key set, such that readers see the former set or the new one, also after a power
// cut. Everybody may read it.
func (k Keys) WriteFile(path string) error {
	text, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return fmt.Errorf("write the key set: %w", err)
	}
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return unwritable("public", err)
	}
	_, err = next.Write(append(text, '\n'))
	err = errors.Join(err, next.Chmod(0o644), next.Sync(), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		return unwritable("public", errors.Join(err, os.Remove(next.Name())))
	}
	return nil
}

// WritePrivate writes the private half of a key into a file that only its owner may read. A file that is there already
// is never overwritten: it may be the only copy of a key.
func WritePrivate(path string, private []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return contract.Conflict("%s is there already, and is not overwritten", path).
			At("private").
			Advise("name a new file")
	case err != nil:
		return unwritable("private", err)
	}
	_, err = file.Write(private)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return unwritable("private", errors.Join(err, os.Remove(path)))
	}
	return nil
}

func unwritable(field string, cause error) error {
	return contract.Invalid("it can't be written: %v", cause).
		At(field).
		Advise("name a file in a folder that you may write to")
}

// WriteNew makes a key for each role that seals, and writes them into a folder: the private ones as <role>.pem, which it
// does not overwrite, and the set of the public ones as keys.json.
func WriteNew(dir string, since time.Time) error {
	var set Keys
	for _, role := range []Role{RoleServer, RoleDecider} {
		key, private, err := NewKey(role, since)
		if err != nil {
			return err
		}
		if err := WritePrivate(filepath.Join(dir, string(role)+".pem"), private); err != nil {
			return err
		}
		set = append(set, key)
	}
	return set.WriteFile(filepath.Join(dir, "keys.json"))
}
