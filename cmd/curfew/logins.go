package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"curfew/workflows/contract"
)

const (
	loginsEnv = "CURFEW_LOGINS"
	maxLogins = 4 << 20
)

// login is a sign-in of curfew login at one server.
type login struct {
	Issuer       string    `json:"issuer"`
	ClientID     string    `json:"clientId"`
	IDToken      string    `json:"idToken"`
	RefreshToken string    `json:"refreshToken,omitempty"`
	Ends         time.Time `json:"ends"` // of the ID token
}

// logins is the file that keeps sign-ins, by the server's address. Commands that run at the same time take turns: a
// refresh token may count only once.
type logins struct{ path string }

// logins is the user's file.
func (p *program) logins() (logins, error) {
	if path := p.getenv(loginsEnv); path != "" {
		return logins{path}, nil
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return logins{}, contract.Invalid("there is no folder to keep sign-ins in: %v", err).
			At("token").
			Advise("set $" + tokenEnv + " to a token, or $" + loginsEnv + " to a file for sign-ins")
	}
	return logins{filepath.Join(folder, "curfew", "logins.json")}, nil
}

// keep stores a sign-in.
func (l logins) keep(server string, fresh login) error {
	return l.change(func(all map[string]login) error {
		all[server] = fresh
		return nil
	})
}

// forget drops the sign-in at a server.
func (l logins) forget(server string) error {
	return l.change(func(all map[string]login) error {
		delete(all, server)
		return nil
	})
}

// renewed returns the sign-in at a server, as renew has left it.
func (l logins) renewed(server string, renew func(login) (login, error)) (login, error) {
	none := contract.Invalid("there is none").
		At("token").
		Advise("sign in with curfew login, set $" + tokenEnv + ", or name a file with --token-file")
	if _, err := os.Stat(l.path); errors.Is(err, fs.ErrNotExist) {
		return login{}, none
	}
	var kept login
	err := l.change(func(all map[string]login) error {
		old, found := all[server]
		if !found {
			return none
		}
		var err error
		kept, err = renew(old)
		if err == nil {
			all[server] = kept
		}
		return err
	})
	return kept, err
}

// change reads the file, and writes it again if it has changed.
func (l logins) change(change func(map[string]login) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return fmt.Errorf("make a folder for sign-ins: %w", err)
	}
	turn := flock.New(l.path+".lock", flock.SetPermissions(0o600))
	if err := turn.Lock(); err != nil {
		return fmt.Errorf("wait for other commands: %w", err)
	}
	defer func() { err = errors.Join(err, turn.Unlock()) }()
	all, before, err := l.read()
	if err != nil {
		return err
	}
	if err := change(all); err != nil {
		return err
	}
	after, err := json.MarshalIndent(all, "", "  ") //nolint:gosec // to keep it is what the file is for
	if err != nil {
		return fmt.Errorf("write sign-ins: %w", err)
	}
	if string(after) == before {
		return nil
	}
	return l.write(after)
}

func (l logins) read() (all map[string]login, text string, err error) {
	all = map[string]login{}
	file, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return all, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("read sign-ins: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxLogins))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, "", fmt.Errorf("read sign-ins: %w", err)
	}
	if err := json.Unmarshal(content, &all); err != nil || all == nil {
		return nil, "", contract.Invalid("the file %s holds no sign-ins", l.path).
			At("token").
			Advise("remove it and sign in again with curfew login")
	}
	return all, string(content), nil
}

// write replaces the file at once, so that a command that is broken off leaves the old one. Such files are made for
// their owner alone.
func (l logins) write(text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(l.path), ".logins-*")
	if err != nil {
		return fmt.Errorf("write sign-ins: %w", err)
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), l.path)
	}
	if err != nil {
		return fmt.Errorf("write sign-ins: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}
