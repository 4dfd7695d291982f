package promises

import "syscall"

// dieWithParent leaves no worker behind when the tests themselves are killed.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
