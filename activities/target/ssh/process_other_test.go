//go:build !linux

package ssh_test

import "syscall"

func endWithParent() *syscall.SysProcAttr { return nil }
