package compose

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"curfew/internal/config"
	"curfew/internal/keyring"
	"curfew/internal/seal"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

const (
	// maxKey is far more than a private key takes, in bytes.
	maxKey = 64 << 10
	// shortestSecret is what nobody guesses, in bytes.
	shortestSecret = 32
)

// secrets are those that all servers share: the files that the configuration names, and what the key to seal with
// gives. Where there are neither, the secrets that sources of webhooks sign with tell the requests that they start from
// others.
func secrets(configured *config.Config, signer *seal.Signer) (keyring.Ring, error) {
	var all [][]byte
	for i, file := range configured.Server.SecretFiles {
		field := fmt.Sprintf("server.secretFiles[%d]", i)
		text, err := readKey(field, "make one with `openssl rand -hex 32`", file)
		if err != nil {
			return keyring.Ring{}, err
		}
		if text = strings.TrimSpace(text); len(text) < shortestSecret {
			return keyring.Ring{}, contract.Invalid("is shorter than %d bytes", shortestSecret).
				At(field).
				Advise("make one with `openssl rand -hex 32`")
		}
		all = append(all, []byte(text))
	}
	if signer != nil {
		derived, err := signer.Secret()
		if err != nil {
			return keyring.Ring{}, err
		}
		all = append(all, derived)
	}
	if len(all) == 0 && len(configured.Hooks) > 0 {
		all = append(all, ofSources(configured.Hooks))
	}
	if len(all) == 0 {
		return keyring.Random(), nil
	}
	return keyring.New(all...), nil
}

// ofSources is made of the first secrets of all sources of webhooks.
func ofSources(sources map[string]config.Hook) []byte {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		for _, secret := range sources[name].Secrets[:min(1, len(sources[name].Secrets))] {
			digest := sha256.Sum256([]byte(secret.Reveal()))
			sum.Write(digest[:])
		}
	}
	return sum.Sum(nil)
}

// readKey reads a key that nobody but its owner, and those whom the owner's group lets read it, may have.
func readKey(field, fix, path string) (string, error) {
	text, mode, err := readFile(path)
	switch {
	case err != nil:
		return "", contract.Invalid("%v", err).At(field).Advise(fix)
	case strictyaml.OpenToOthers(mode):
		return "", contract.Invalid("%s has the mode %04o: others can read or change it", path, mode.Perm()).
			At(field).
			Advise("chmod 600 it; in a container, mount it with the mode 0400 or 0440")
	}
	return text, nil
}

func readFile(path string) (text string, mode fs.FileMode, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() { // opening a pipe could wait for ever
		return "", 0, fmt.Errorf("%s is no ordinary file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer file.Close() //nolint:errcheck // only read from
	if info, err = file.Stat(); err != nil {
		return "", 0, err
	}
	content, err := io.ReadAll(io.LimitReader(file, maxKey))
	return string(content), info.Mode(), err
}
