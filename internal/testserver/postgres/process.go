package postgres

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// patience bounds how long a server may take to start or to end.
	patience = 30 * time.Second
	// portAttempts is how often another port is tried: somebody may take it between our look and the server's.
	portAttempts = 5
	readyLine    = "database system is ready to accept connections"
)

// process is a server process and the folder that holds its data.
type process struct {
	address string
	dir     string
	bin     string
	owner   *account
	extra   []string // settings, like max_connections=10
	cmd     *exec.Cmd
	exited  chan struct{}
}

// launch makes a data folder below another one and starts a server on it.
func launch(password, below string, settings ...string) (*process, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	owner, err := serverUser()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(below, "curfew-postgres-")
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir, bin: bin, owner: owner, extra: settings}
	if err := p.initialize(password); err != nil {
		return nil, p.failed(err)
	}
	for range portAttempts {
		if p.address, err = freeAddress(); err != nil {
			break
		}
		if err = p.run(); err == nil {
			return p, nil
		}
	}
	return nil, p.failed(err)
}

func (p *process) failed(err error) error {
	_ = os.RemoveAll(p.dir)
	return fmt.Errorf("start PostgreSQL for tests: %w", err)
}

func (p *process) data() string { return filepath.Join(p.dir, "data") }

func (p *process) initialize(password string) error {
	secret := filepath.Join(p.dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	if err := p.owner.own(p.dir, secret); err != nil {
		return err
	}
	initdb := exec.Command(filepath.Join(p.bin, "initdb"), //nolint:noctx // it ends by itself, or with the tests
		"--pgdata="+p.data(), "--username="+Superuser, "--pwfile="+secret,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = p.dir, p.owner.attributes(syscall.SIGKILL)
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return os.Remove(secret)
}

// run starts the server on its port and returns when it accepts connections.
func (p *process) run() error {
	host, port, err := net.SplitHostPort(p.address)
	if err != nil {
		return err
	}
	p.exited = make(chan struct{})
	arguments := []string{"-D", p.data()}
	for _, setting := range append([]string{
		"listen_addresses=" + host, "port=" + port, "unix_socket_directories=", "max_connections=500", "fsync=off", "full_page_writes=off",
	}, p.extra...) {
		arguments = append(arguments, "-c", setting)
	}
	p.cmd = exec.Command(filepath.Join(p.bin, "postgres"), arguments...) //nolint:noctx // it lives as long as the tests
	// SIGINT is PostgreSQL's fast shutdown: it takes its own children along.
	p.cmd.Dir, p.cmd.SysProcAttr = p.dir, p.owner.attributes(syscall.SIGINT)
	log, err := p.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := p.startOnOwnThread(); err != nil {
		return err
	}
	return p.ready(log)
}

// startOnOwnThread keeps the thread that forked for as long as the server lives: the kernel sends the signal of a
// dying parent when that thread ends, not when the process does.
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

// ready reads the server's log until it says that it is up, and goes on reading so that the server can go on writing.
func (p *process) ready(log io.Reader) error {
	up, said := make(chan bool, 1), &strings.Builder{}
	go func() {
		lines, isUp := bufio.NewScanner(log), false
		for lines.Scan() {
			if isUp {
				continue
			}
			fmt.Fprintln(said, lines.Text())
			if isUp = strings.HasSuffix(lines.Text(), readyLine); isUp {
				up <- true
			}
		}
		if !isUp {
			up <- false
		}
	}()
	select {
	case isUp := <-up:
		if isUp {
			return nil
		}
		p.end()
		return fmt.Errorf("postgres ended: %s", said)
	case <-time.After(patience):
		p.end()
		return fmt.Errorf("postgres was not ready within %s", patience)
	}
}

// stop ends the server and removes its data.
func (p *process) stop() {
	p.end()
	_ = os.RemoveAll(p.dir)
}

func (p *process) end() { p.shut(syscall.SIGINT) }

// shut ends the server and its children: SIGINT lets them write what they know, SIGQUIT is a crash.
func (p *process) shut(how syscall.Signal) {
	_ = p.cmd.Process.Signal(how)
	select {
	case <-p.exited:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}
