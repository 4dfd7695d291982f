//go:build !linux

package scim

import "syscall"

func dieWithParent() *syscall.SysProcAttr { return nil }
