package scim

import "syscall"

// dieWithParent leaves no server behind when the test itself is killed.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
