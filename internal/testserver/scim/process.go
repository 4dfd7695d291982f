package scim

import (
	"bufio"
	"bytes"
	_ "embed" // the server's script
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

var (
	//go:embed peer/server.mjs
	script string
	//go:embed peer/package-lock.json
	lockfile []byte
)

// startWithin is far more than a server needs, also on a machine that is busy with other tests.
const startWithin = time.Minute

var errNotInstalled = errors.New(
	"the packages of the SCIM server are not in bin/scim-peer, or node is missing: run scripts/test-deps.sh",
)

// process is a running server.
type process struct {
	address string
	cmd     *exec.Cmd
	exited  chan struct{}
}

// launch runs the script in the folder of its packages, and returns when it listens.
func launch() (*process, error) {
	folder, err := packages()
	if err != nil {
		return nil, err
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errNotInstalled
	}
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.Command(node, "--input-type=module") //nolint:noctx // it lives as long as the tests
	p.cmd.Dir, p.cmd.Stdin, p.cmd.Stderr, p.cmd.SysProcAttr = folder, strings.NewReader(
		script,
	), os.Stderr, dieWithParent()
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.startOnOwnThread(); err != nil {
		return nil, err
	}
	late := time.AfterFunc(startWithin, p.stop)
	defer late.Stop()
	line, err := bufio.NewReader(output).ReadString('\n')
	port, notNumber := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || notNumber != nil {
		p.stop()
		return nil, fmt.Errorf("the SCIM server did not tell its port, but %q", line)
	}
	p.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return p, nil
}

// startOnOwnThread keeps the thread that forked for as long as the server lives: the kernel sends the signal of a dying
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

// stop ends the server and returns when its process is gone.
func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// packages finds the folder that the lockfile's packages are installed in.
func packages() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			break
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", errNotInstalled
		}
		folder = above
	}
	folder = filepath.Join(folder, "bin", "scim-peer")
	installed, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil || !bytes.Equal(installed, lockfile) {
		return "", errNotInstalled
	}
	return folder, nil
}
