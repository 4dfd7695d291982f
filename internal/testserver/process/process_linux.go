package process

import "syscall"

func attributes(traced bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Ptrace: traced}
}
