package kubernetes

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// logTail is how much of a program's log is told when it did not start, in bytes.
const logTail = 2 << 10

// process is a running program, and the file that it writes its log to.
type process struct {
	cmd    *exec.Cmd
	log    string
	exited chan struct{}
}

// launch starts a program in a folder.
func launch(folder, program string, arguments ...string) (*process, error) {
	name := filepath.Base(program)
	p := &process{log: filepath.Join(folder, name+".log"), exited: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()          // the program has its own
	p.cmd = exec.Command(program, arguments...) //nolint:noctx // it lives as long as the tests
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = folder, log, log, dieWithParent()
	if err := p.startOnOwnThread(); err != nil {
		return nil, err
	}
	return p, nil
}

// startOnOwnThread keeps the thread that forked for as long as the program runs: the kernel sends the signal of a dying
// parent when that thread ends, not when the process does.
func (p *process) startOnOwnThread() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_, _ = p.cmd.Process.Wait()
		}
		close(p.exited)
	}()
	return <-started
}

// kill ends the program and returns when it is gone. There is nothing that it would have to write.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// failed is an error with the end of the program's log.
func (p *process) failed(why string) error {
	return fmt.Errorf("%s %s: %s", filepath.Base(p.cmd.Path), why, tail(p.log))
}

func tail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.Size() > logTail {
		_, _ = file.Seek(-logTail, io.SeekEnd)
	}
	text, _ := io.ReadAll(io.LimitReader(file, logTail))
	return string(text)
}

// freeAddress is a loopback address that nothing listened on a moment ago.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
