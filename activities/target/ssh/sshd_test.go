package ssh_test

import (
	"bufio"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	gossh "golang.org/x/crypto/ssh"
)

const (
	patience = 20 * time.Second
	// portAttempts is how often another port is tried: somebody may take it between our look and the server's.
	portAttempts = 5
)

// sshd is a real OpenSSH server on loopback that trusts one authority.
type sshd struct {
	address string
	hostKey gossh.PublicKey
	login   string // the only account that it can let in: our own

	mu  sync.Mutex
	log strings.Builder
}

// program finds a program of OpenSSH. Debian keeps the server out of the PATH of ordinary users.
func program(t testing.TB, name string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if found, err := exec.LookPath(candidate); err == nil {
			return found
		}
	}
	t.Fatalf("no %s here: run scripts/test-deps.sh, or install OpenSSH's server and client", name)
	return ""
}

const configuration = `
HostKey %[1]s/host
TrustedUserCAKeys %[1]s/ca.pub
AuthorizedPrincipalsFile %[1]s/principals
RevokedKeys %[2]s
AuthorizedKeysFile none
AuthenticationMethods publickey
PermitRootLogin prohibit-password
PidFile none
UsePAM no
StrictModes no
MaxStartups 1000
LogLevel VERBOSE
`

// startSSHD starts a server whose files are in a folder, and ends it with the test.
func startSSHD(t testing.TB, folder, list string) *sshd {
	t.Helper()
	if os.Geteuid() == 0 {
		require.NoError(t, os.MkdirAll("/run/sshd", 0o755)) // where the server locks its unprivileged part in
	}
	account, err := user.Current()
	require.NoError(t, err)
	s := &sshd{login: account.Username}
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer, err := gossh.NewSignerFromKey(private)
	require.NoError(t, err)
	s.hostKey = signer.PublicKey()
	block, err := gossh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	write(t, filepath.Join(folder, "host"), string(pem.EncodeToMemory(block)))
	write(t, filepath.Join(folder, "sshd_config"), fmt.Sprintf(configuration, folder, list))
	for range portAttempts {
		if s.run(t, filepath.Join(folder, "sshd_config")) {
			return s
		}
	}
	require.Fail(t, "sshd did not start", s.said())
	return nil
}

// run starts the server on a free port and returns whether it listens.
func (s *sshd) run(t testing.TB, config string) bool {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.address = listener.Addr().String()
	require.NoError(t, listener.Close())
	options := []string{"-D", "-e", "-f", config, "-o", "ListenAddress=" + s.address}
	// Newer servers make whoever was refused wait, and older ones don't know the word.
	if exec.CommandContext(t.Context(), program(t, "sshd"), "-t", "-f", config, "-o", "PerSourcePenalties=no").
		Run() ==
		nil {
		options = append(options, "-o", "PerSourcePenalties=no")
	}
	cmd := exec.CommandContext(t.Context(), program(t, "sshd"), options...)
	cmd.SysProcAttr = endWithParent()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // when the test has ended
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	started, exited := make(chan error), make(chan struct{})
	go func() {
		// The kernel sends the signal of a dying parent when the thread ends that forked.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(exited)
	}()
	require.NoError(t, <-started)
	t.Cleanup(func() { <-exited })
	return s.listens(log)
}

// listens reads the server's log until it says so, and goes on reading so that the server can go on writing.
func (s *sshd) listens(log io.Reader) bool {
	up := make(chan bool, 1)
	go func() {
		for lines := bufio.NewScanner(log); lines.Scan(); {
			s.mu.Lock()
			s.log.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if strings.HasPrefix(lines.Text(), "Server listening on 127.0.0.1") {
				up <- true
			}
		}
		up <- false
	}()
	select {
	case isUp := <-up:
		return isUp
	case <-time.After(patience):
		return false
	}
}

// said is the server's log.
func (s *sshd) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// dial logs in with a certificate. The error is nil or a refusal; anything else fails the test.
func (s *sshd) dial(t testing.TB, private gossh.Signer, line []byte) (*gossh.Client, error) {
	t.Helper()
	signer, err := gossh.NewCertSigner(parse(t, line), private)
	require.NoError(t, err)
	client, err := gossh.Dial("tcp", s.address, &gossh.ClientConfig{
		User:            s.login,
		Auth:            []gossh.AuthMethod{gossh.PublicKeys(signer)},
		HostKeyCallback: gossh.FixedHostKey(s.hostKey),
		Timeout:         patience,
	})
	if err != nil {
		require.ErrorContains(t, err, "unable to authenticate")
		return nil, err
	}
	t.Cleanup(func() { _ = client.Close() })
	return client, nil
}

func (s *sshd) letsIn(t testing.TB, private gossh.Signer, line []byte) bool {
	t.Helper()
	client, err := s.dial(t, private, line)
	if err != nil {
		return false
	}
	_ = client.Close()
	return true
}

func parse(t testing.TB, line []byte) *gossh.Certificate {
	t.Helper()
	key, _, _, _, err := gossh.ParseAuthorizedKey(line)
	require.NoError(t, err)
	require.IsType(t, &gossh.Certificate{}, key)
	return key.(*gossh.Certificate)
}

func write(t testing.TB, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}
