package strictyaml

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"curfew/workflows/contract"
)

// Secret is a secret that the configuration refers to ("env:NAME" or "file:/path"), resolved when the file is read. It
// never shows itself: not when printed, marshalled or logged.
type Secret struct {
	// value is behind a pointer because fmt can't call the methods of an unexported field, but prints such a pointer as
	// an address.
	value *string
	open  bool
}

// SecretOf is a secret that is at hand already, as in tests and the demo.
func SecretOf(value string) Secret { return Secret{value: &value} }

// Reveal returns the secret, for the one place that sends it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsOpen is true for a secret of a file that others than its owner and group can read, or than its owner can change.
// Keys with which somebody could sign are refused then; where a container mounts its secrets so, passwords and tokens
// are not.
func (s Secret) IsOpen() bool { return s.open }

// IsZero is true when there is no secret.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Reveal returns secrets, for the one place that uses them.
func Reveal(secrets []Secret) []string {
	texts := make([]string, len(secrets))
	for i, secret := range secrets {
		texts[i] = secret.Reveal()
	}
	return texts
}

// String hides the secret.
func (s Secret) String() string { return "(secret)" }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

const maxSecret = 64 << 10

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Resolve reads the secret that a reference leads to; relative files start at a folder. A text that is no reference
// may be the secret itself, so the error does not repeat it.
func Resolve(reference, folder string) (Secret, error) {
	scheme, name, _ := strings.Cut(reference, ":")
	switch {
	case scheme == "env" && variableName.MatchString(name):
		return fromEnvironment(name)
	case scheme == "file" && name != "":
		return fromFile(Beside(folder, name))
	}
	return Secret{}, contract.Invalid("is no reference to a secret").
		Advise("write env:NAME or file:/path, and keep the secret there")
}

func fromEnvironment(name string) (Secret, error) {
	value := os.Getenv(name)
	switch {
	case value == "":
		return Secret{}, contract.Invalid("the environment variable %s is not set or empty", name).
			Advise("set it before Curfew starts")
	case len(value) > maxSecret:
		return Secret{}, tooLarge("the environment variable " + name)
	}
	return SecretOf(value), nil
}

func fromFile(name string) (Secret, error) {
	content, open, err := readSecret(name)
	if err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return Secret{}, contract.Invalid("the file %s can't be read: %v", name, err).
			Advise("write the path of a file that Curfew may read")
	}
	if len(content) > maxSecret {
		return Secret{}, tooLarge("the file " + name)
	}
	value, cut := strings.CutSuffix(string(content), "\n")
	if cut {
		value = strings.TrimSuffix(value, "\r")
	}
	if value == "" {
		return Secret{}, contract.Invalid("the file %s is empty", name).Advise("put the secret into it")
	}
	return Secret{value: &value, open: open}, nil
}

// OpenToOthers is true for the mode of a file that others than its owner and group can read, or than its owner can
// change.
func OpenToOthers(mode fs.FileMode) bool { return mode.Perm()&0o027 != 0 }

// readSecret reads one byte more than is allowed. Opening a pipe or device could wait for ever, so only ordinary files
// are.
func readSecret(name string) (content []byte, open bool, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, false, err
	}
	if !info.Mode().IsRegular() {
		return nil, false, errors.New("it is no ordinary file")
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, false, err
	}
	content, err = io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, false, fmt.Errorf("read secret: %w", err)
	}
	return content, OpenToOthers(info.Mode()), nil
}

func tooLarge(source string) error {
	return contract.Invalid("%s is larger than %d KiB", source, maxSecret>>10).Advise("keep only the secret there")
}

// Beside makes a path that the file gives absolute.
func Beside(folder, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(folder, name)
}
