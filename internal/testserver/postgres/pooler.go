package postgres

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// swallowed is what people have a pooler ignore so that their programs can connect.
const swallowed = "extra_float_digits,statement_timeout,search_path,enable_seqscan,options"

// StartPooler starts a PgBouncer before the server, in session mode, until the test ends, and returns its address. It
// takes the settings that programs begin their sessions with, and drops them. The users have the password that URL
// assumes.
func (s *Server) StartPooler(t testing.TB, users ...string) string {
	t.Helper()
	return s.startPooler(t, swallowed, users)
}

// StartStrictPooler starts one that refuses what it does not know.
func (s *Server) StartStrictPooler(t testing.TB, users ...string) string {
	t.Helper()
	return s.startPooler(t, "extra_float_digits", users)
}

func (s *Server) startPooler(t testing.TB, ignored string, users []string) string {
	t.Helper()
	program, err := poolerProgram()
	require.NoError(t, err)
	owner, err := serverUser()
	require.NoError(t, err)
	//nolint:usetesting // the pooler's user may not look into a test's own folder
	dir, err := os.MkdirTemp(
		"",
		"curfew-pgbouncer-",
	)
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	address, err := freeAddress()
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	host, serverPort, err := net.SplitHostPort(s.address)
	require.NoError(t, err)
	var logins strings.Builder
	for _, user := range users {
		fmt.Fprintf(&logins, "%q %q\n", user, s.password)
	}
	settings, list := filepath.Join(dir, "pgbouncer.ini"), filepath.Join(dir, "users")
	require.NoError(t, os.WriteFile(list, []byte(logins.String()), 0o600))
	require.NoError(t, os.WriteFile(settings, fmt.Appendf(nil, `[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = scram-sha-256
auth_file = %s
pool_mode = session
ignore_startup_parameters = %s
`, host, serverPort, port, list, ignored), 0o600))
	require.NoError(t, owner.own(dir, settings, list))
	p := &process{
		exited: make(chan struct{}),
		//nolint:noctx // it ends with the test
		cmd: exec.Command(program, "--quiet", settings),
	}
	p.cmd.Dir, p.cmd.SysProcAttr = dir, owner.attributes(syscall.SIGKILL)
	require.NoError(t, p.startOnOwnThread())
	t.Cleanup(func() { // it would wait for its clients to go
		_ = p.cmd.Process.Kill()
		<-p.exited
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, patience, 20*time.Millisecond, "PgBouncer does not listen")
	return address
}

func poolerProgram() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errors.New("no PgBouncer here: run scripts/test-deps.sh, or apt-get install pgbouncer")
}
