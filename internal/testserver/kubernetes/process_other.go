//go:build !linux

package kubernetes

import "syscall"

func dieWithParent() *syscall.SysProcAttr { return nil }
