package postgres

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is the operating system's user that the server runs as; nil for our own.
type account struct{ uid, gid int }

// serverUser finds another user when we are root, because PostgreSQL refuses to run as root.
func serverUser() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(found.Uid)
		gid, gidErr := strconv.Atoi(found.Gid)
		return &account{uid: uid, gid: gid}, errors.Join(uidErr, gidErr)
	}
	return nil, errors.New(
		"PostgreSQL refuses to run as root: add a user named postgres, or run the tests as another user",
	)
}

// own gives files to the user.
func (a *account) own(paths ...string) error {
	if a == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, a.uid, a.gid); err != nil {
			return err
		}
	}
	return nil
}

// attributes makes a process the user's, and has it signalled when we die.
func (a *account) attributes(death syscall.Signal) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Pdeathsig: death}
	if a != nil {
		attributes.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attributes
}
