//go:build !linux

package postgres

import "syscall"

// account is our own user: elsewhere nobody runs tests as root.
type account struct{}

func serverUser() (*account, error) { return nil, nil }

func (*account) own(...string) error { return nil }

func (*account) attributes(syscall.Signal) *syscall.SysProcAttr { return nil }
