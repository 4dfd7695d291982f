//go:build !linux

package test

import "syscall"

func dieWithParent() *syscall.SysProcAttr { return nil }
