package ssh_test

import "syscall"

// endWithParent leaves no process behind when the test itself is killed.
func endWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
