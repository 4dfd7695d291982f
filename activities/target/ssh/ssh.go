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
	"curfew/internal/strictyaml"
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
		Use:         "curfew ssh-cert {request} --target {target}, then ssh",
		Settings:    func() target.Settings { return new(Settings) },
		Entitlement: entitlement{},
		Normalize:   normalize,
		// A call changes nothing unless it has the lock and its time is not over, so what was cut off is settled.
		Limits: target.Limits{EnforcesExpiry: true},
	}
}

// Settings say what a certificate authority signs with, and where it keeps what it has given.
type Settings struct {
	CAKey          config.Secret `yaml:"caKey" required:"refer to a private key, as from ssh-keygen -t ed25519 -N '' -f ca" doc:"The authority's private key, in PEM or OpenSSH's format, without a passphrase."`
	State          string        `yaml:"state" required:"write the whole path of a folder, like /var/lib/curfew/ssh-prod" doc:"A folder that exists, shared by all workers of the target and used by no other target."`
	KRL            string        `yaml:"krl" otherwise:"revoked.krl in the state folder" doc:"The file of revoked certificates that hosts read."`
	AccountPattern string        `yaml:"accountPattern" otherwise:"ordinary login names" doc:"A regular expression that the whole name of an account must match."`
}

// Validate names what is wrong with the settings. It touches no file.
func (s *Settings) Validate() error {
	_, err := s.connector()
	return err
}

// Open makes the connector. It touches no file.
func (s *Settings) Open() (target.Connector, error) { return s.connector() }

func (s *Settings) connector() (*connector, error) {
	if err := strictyaml.Complete(s); err != nil {
		return nil, err
	}
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
	if s.CAKey.IsOpen() {
		return nil, contract.Invalid("is in a file that others can read or change").
			At("caKey").
			Advise("chmod 600 it; in a container, mount it with the mode 0400 or 0440")
	}
	authority, err := ssh.ParsePrivateKey([]byte(s.CAKey.Reveal()))
	if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) {
		return nil, contract.Invalid("has a passphrase").
			At("caKey").
			Advise("take it off with ssh-keygen -p, and let nobody else read the file")
	}
	if err != nil { // which may show parts of the key
		return nil, contract.Invalid("is no private key").At("caKey").Advise(fix)
	}
	if fault := weakness(authority.PublicKey()); fault != "" {
		return nil, contract.Invalid("%s", fault).At("caKey").Advise(fix)
	}
	return authority, nil
}

func (s *Settings) accounts() (*regexp.Regexp, error) {
	pattern := s.AccountPattern
	if pattern == "" {
		pattern = defaultAccountPattern
	}
	if len(pattern) > longestPattern {
		return nil, contract.Invalid("has more than %d bytes", longestPattern).
			At("accountPattern").
			Advise("write a shorter one")
	}
	accounts, err := regexp.Compile(`^(?:` + pattern + `)$`)
	if err != nil {
		return nil, contract.Invalid("can't be read: %v", err).
			At("accountPattern").
			Advise("write a regular expression, like [a-z]+")
	}
	return accounts, nil
}

func (s *Settings) store(authority ssh.PublicKey) (*store, error) {
	if !filepath.IsAbs(s.State) {
		return nil, contract.Invalid("is no absolute path").
			At("state").
			Advise("write the whole path of a folder, like /var/lib/curfew/ssh-prod")
	}
	kept := newStore(filepath.Clean(s.State), authority)
	if s.KRL == "" {
		return kept, nil
	}
	if !filepath.IsAbs(s.KRL) {
		return nil, contract.Invalid("is no absolute path").
			At("krl").
			Advise("write the whole path of a file, or leave it out for " + kept.list)
	}
	kept.list = filepath.Clean(s.KRL)
	if kept.list == kept.file || kept.list == kept.lock || kept.list == kept.folder {
		return nil, contract.Invalid("is where the state itself is kept").At("krl").Advise("name another file")
	}
	return kept, nil
}
