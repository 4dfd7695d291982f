package ldap_test

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

const (
	suffix  = "dc=example,dc=org"
	adminDN = "cn=admin," + suffix
	broker  = "cn=curfew," + suffix
	// patience bounds how long a server may take to start or to end.
	patience = 30 * time.Second
)

// Each server has one set of passwords, which no error may show.
var adminPassword, brokerPassword, personPassword = rand.Text(), rand.Text(), rand.Text()

// slapd is a directory of its own: process, files and address.
type slapd struct {
	url, tlsURL string
	dir         string
	cmd         *exec.Cmd
	exited      chan struct{}
}

// servers are those of this test binary, by what of the page they are configured with.
var servers struct {
	sync.Mutex
	running map[string]*slapd
}

func TestMain(m *testing.M) {
	servers.running = map[string]*slapd{}
	code := m.Run()
	for _, server := range servers.running {
		server.stop()
	}
	os.Exit(code)
}

// shared is the server with these blocks of the page, started for the first test that asks.
func shared(t testing.TB, blocks ...string) *slapd {
	t.Helper()
	return sharedWith(t, "", blocks...)
}

// sharedWith is one with more configuration at its end.
func sharedWith(t testing.TB, more string, blocks ...string) *slapd {
	t.Helper()
	servers.Lock()
	defer servers.Unlock()
	key := strings.Join(append(blocks, more), ", ")
	if servers.running[key] == nil {
		servers.running[key] = start(t, fromPage(t, blocks...)+more)
	}
	return servers.running[key]
}

// start starts a server whose configuration ends with some more; the caller or TestMain stops it.
func start(t testing.TB, more string) *slapd {
	t.Helper()
	program, err := findSlapd()
	if err != nil {
		t.Fatal(err)
	}
	//nolint:usetesting // a shared server outlives the test that starts it
	dir, err := os.MkdirTemp(
		"",
		"curfew-slapd-",
	)
	if err != nil {
		t.Fatal(err)
	}
	server := &slapd{dir: dir}
	if err := server.configure(more); err != nil {
		t.Fatal(errors.Join(err, os.RemoveAll(dir)))
	}
	if err := server.run(program); err != nil {
		t.Fatal(errors.Join(err, os.RemoveAll(dir)))
	}
	server.fill(t)
	return server
}

func findSlapd() (string, error) {
	for _, name := range []string{"slapd", "/usr/sbin/slapd"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("no slapd here: run scripts/test-deps.sh, or apt-get install slapd")
}

// run starts the server on free ports, and returns when it listens.
func (s *slapd) run(program string) error {
	plain, err := freeAddress()
	if err != nil {
		return err
	}
	encrypted, err := freeAddress()
	if err != nil {
		return err
	}
	s.url, s.tlsURL, s.exited = "ldap://"+plain, "ldaps://"+encrypted, make(chan struct{})
	s.cmd = exec.Command(program, //nolint:noctx // it lives as long as the tests
		"-f", filepath.Join(s.dir, "slapd.conf"), "-h", s.url+" "+s.tlsURL, "-d", "none")
	s.cmd.SysProcAttr = dieWithParent()
	log, err := s.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.startOnOwnThread(); err != nil {
		return err
	}
	up, said := make(chan bool, 1), &strings.Builder{}
	go func() {
		lines := bufio.NewScanner(log)
		for isUp := false; lines.Scan(); {
			if !isUp {
				fmt.Fprintln(said, lines.Text())
				if isUp = strings.Contains(lines.Text(), "slapd starting"); isUp {
					up <- true
				}
			}
		}
		close(up)
	}()
	select {
	case isUp := <-up:
		if !isUp {
			return fmt.Errorf("slapd ended: %s", said)
		}
		return s.listens(plain, encrypted)
	case <-time.After(patience):
		s.stop()
		return fmt.Errorf("slapd did not start within %s", patience)
	}
}

// listens waits until connections are taken: slapd says that it starts a moment before that.
func (s *slapd) listens(addresses ...string) error {
	deadline := time.After(patience)
	for _, address := range addresses {
		for {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				_ = conn.Close()
				break
			}
			select {
			case <-deadline:
				s.stop()
				return fmt.Errorf("slapd does not listen: %w", err)
			case <-time.After(time.Millisecond):
			}
		}
	}
	return nil
}

// startOnOwnThread keeps the thread that forked for as long as the server lives: the kernel signals the death of that
// thread, not of the process.
func (s *slapd) startOnOwnThread() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_, _ = s.cmd.Process.Wait()
		}
		close(s.exited)
	}()
	return <-started
}

func (s *slapd) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
	_ = os.RemoveAll(s.dir)
}

// bind is a connection of somebody's, until the test ends.
func (s *slapd) bind(t testing.TB, dn, password string) *goldap.Conn {
	t.Helper()
	conn, err := goldap.DialURL(s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.Bind(dn, password); err != nil {
		t.Fatal(err)
	}
	return conn
}

func (s *slapd) address() string { return strings.TrimPrefix(s.url, "ldap://") }

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
