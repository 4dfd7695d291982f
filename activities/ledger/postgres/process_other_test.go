//go:build !linux

package postgres_test

import "syscall"

func dieWithParent() *syscall.SysProcAttr { return nil }
