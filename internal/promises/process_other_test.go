//go:build !linux

package promises

import "syscall"

func dieWithParent() *syscall.SysProcAttr { return nil }
