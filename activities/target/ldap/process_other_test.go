//go:build !linux

package ldap_test

import "syscall"

func dieWithParent() *syscall.SysProcAttr { return nil }
