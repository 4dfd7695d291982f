// Package ssh gives access to hosts that trust a certificate authority. While an access is open, its subject can have
// public keys signed until the access's end, and hosts refuse by themselves a certificate that has run out.
//
// What is open and what was issued is kept in a folder that all workers of a target share, under a lock. The list of
// revoked certificates that the hosts read, in OpenSSH's own format, follows from it.
package ssh

import (
	"errors"
	"path/filepath"
	"regexp"

	"golang.org/x/crypto/ssh"

	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

const (
	// defaultAccountPattern is what Debian's adduser and most others take for a login name.
	defaultAccountPattern = `[a-z_][a-z0-9_-]{0,31}`
	longestPattern        = 512 // in bytes
)

// Kind describes hosts with OpenSSH that trust one certificate authority: the kind "ssh".
func Kind() target.Kind {
	return target.Kind{
		Name:        "ssh",
		Settings:    func() target.Settings { return new(Settings) },
		Entitlement: entitlement{},
		Normalize:   normalize,
		// A call changes nothing unless it has the lock and its time is not over, so what was cut off is settled.
		Limits: target.Limits{EnforcesExpiry: true},
	}
}

// Settings say what a certificate authority signs with, and where it keeps what it has given.
type Settings struct {
	// CAKey is the authority's private key, in PEM or OpenSSH's format, without a passphrase.
	CAKey config.Secret `yaml:"caKey"`
	// State is a folder that exists, shared by all workers of the target and used by no other target.
	State string `yaml:"state"`
	// KRL is the file of revoked certificates that hosts read; empty means revoked.krl in the state folder.
	KRL string `yaml:"krl"`
	// AccountPattern is a regular expression that the whole name of an account must match; empty means ordinary login names.
	AccountPattern string `yaml:"accountPattern"`
}

// Validate names what is wrong with the settings. It touches no file.
func (s *Settings) Validate() error {
	_, err := s.connector()
	return err
}

// Open makes the connector. It touches no file.
func (s *Settings) Open() (target.Connector, error) { return s.connector() }

func (s *Settings) connector() (*connector, error) {
	authority, err := s.authority()
	if err != nil {
		return nil, err
	}
	accounts, err := s.accounts()
	if err != nil {
		return nil, err
	}
	kept, err := s.store(authority.PublicKey())
	if err != nil {
		return nil, err
	}
	return &connector{authority: authority, accounts: accounts, store: kept}, nil
}

func (s *Settings) authority() (ssh.Signer, error) {
	const fix = "refer to a private key, as from ssh-keygen -t ed25519 -N '' -f ca"
	if s.CAKey.IsZero() {
		return nil, invalid("caKey", fix, "is missing")
	}
	if s.CAKey.IsOpen() {
		return nil, invalid("caKey", "chmod 600 it; in a container, mount it with the mode 0400 or 0440", "is in a file that others can read or change")
	}
	authority, err := ssh.ParsePrivateKey([]byte(s.CAKey.Reveal()))
	if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) {
		return nil, invalid("caKey", "take it off with ssh-keygen -p, and let nobody else read the file", "has a passphrase")
	}
	if err != nil { // which may show parts of the key
		return nil, invalid("caKey", fix, "is no private key")
	}
	if fault := weakness(authority.PublicKey()); fault != "" {
		return nil, invalid("caKey", fix, "%s", fault)
	}
	return authority, nil
}

func (s *Settings) accounts() (*regexp.Regexp, error) {
	pattern := s.AccountPattern
	if pattern == "" {
		pattern = defaultAccountPattern
	}
	if len(pattern) > longestPattern {
		return nil, invalid("accountPattern", "write a shorter one", "has more than %d bytes", longestPattern)
	}
	accounts, err := regexp.Compile(`^(?:` + pattern + `)$`)
	if err != nil {
		return nil, invalid("accountPattern", "write a regular expression, like [a-z]+", "can't be read: %v", err)
	}
	return accounts, nil
}

func (s *Settings) store(authority ssh.PublicKey) (*store, error) {
	if !filepath.IsAbs(s.State) {
		return nil, invalid("state", "write the whole path of a folder, like /var/lib/curfew/ssh-prod", "is no absolute path")
	}
	kept := newStore(filepath.Clean(s.State), authority)
	if s.KRL == "" {
		return kept, nil
	}
	if !filepath.IsAbs(s.KRL) {
		return nil, invalid("krl", "write the whole path of a file, or leave it out for "+kept.list, "is no absolute path")
	}
	kept.list = filepath.Clean(s.KRL)
	if kept.list == kept.file || kept.list == kept.lock || kept.list == kept.folder {
		return nil, invalid("krl", "name another file", "is where the state itself is kept")
	}
	return kept, nil
}

func invalid(field, fix, fault string, args ...any) error {
	return contract.Problemf(contract.KindInvalid, field, fix, fault, args...)
}
