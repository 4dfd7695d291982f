package ssh_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	gossh "golang.org/x/crypto/ssh"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

func TestOpenSSHReadsTheList(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	worker := a.connector(t)
	revoked, live := accessOf(a.account(), usual, inAnHour()), accessOf(a.account(), usual, inAnHour())
	files := map[string][]byte{"revoked-cert.pub": a.give(t, worker, revoked), "live-cert.pub": a.give(t, worker, live)}
	_, err := worker.Revoke(t.Context(), revoked)
	require.NoError(t, err)
	for name, line := range files {
		file := filepath.Join(a.folder, name)
		require.NoError(t, os.WriteFile(file, line, 0o600))
		out, err := exec.CommandContext(t.Context(), program(t, "ssh-keygen"), "-Q", "-f", a.settings.KRL, file).
			CombinedOutput()
		if name == "live-cert.pub" {
			require.NoError(t, err, "%s", out)
			continue
		}
		require.Error(t, err)
		require.Contains(t, string(out), "REVOKED")
	}
	info, err := os.Stat(a.settings.KRL)
	require.NoError(t, err)
	require.EqualValues(t, 0o644, info.Mode().Perm(), "hosts read it")
	info, err = os.Stat(a.file())
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
}

func TestListStaysTheSameWhileNothingIsRevoked(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	worker := a.connector(t)
	a.give(t, worker, accessOf(a.account(), usual, inAnHour()))
	before := a.list(t)
	a.give(t, worker, accessOf(a.account(), usual, inAnHour()))
	require.Equal(t, before, a.list(t))
}

func TestListThatWasLostOrChangedIsMendedBeforeAnythingIsSaid(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	worker, access := a.connector(t), accessOf(a.account(), usual, inAnHour())
	a.give(t, worker, access)
	early := a.list(t)
	_, err := worker.Revoke(t.Context(), access)
	require.NoError(t, err)
	want := a.list(t)
	for name, spoil := range map[string]func() error{
		"removed":   func() error { return os.Remove(a.settings.KRL) },
		"emptied":   func() error { return os.Truncate(a.settings.KRL, 0) },
		"put back":  func() error { return os.WriteFile(a.settings.KRL, early, 0o600) },
		"cut short": func() error { return os.Truncate(a.settings.KRL, int64(len(want)-8)) },
	} {
		require.NoError(t, spoil(), name)
		state, err := worker.Inspect(t.Context(), access)
		require.NoError(t, err, name)
		require.False(t, state.Held, name)
		require.Equal(t, want, a.list(t), name)
	}
}

// Otherwise a certificate could be out that nobody can take back.
func TestNothingIsGrantedOrIssuedWhenTheListCanNotBeWritten(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.settings.KRL = filepath.Join(a.folder, "absent", "krl")
	worker, access := a.connector(t), accessOf(a.account(), usual, inAnHour())
	_, err := worker.Grant(t.Context(), access)
	require.Contains(t, requireProblem(t, err, contract.KindUnavailable).Fault, a.settings.KRL)
	_, err = a.issue(t, worker, access)
	requireProblem(t, err, contract.KindUnavailable)
	requireProblem(t, worker.(target.Checker).Check(t.Context()), contract.KindUnavailable)
}

func TestRevokeGoesOnUntilTheListIsWritten(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	shelf := filepath.Join(a.folder, "shelf")
	require.NoError(t, os.Mkdir(shelf, 0o755))
	a.settings.KRL = filepath.Join(shelf, "krl")
	worker, access := a.connector(t), accessOf(a.account(), usual, inAnHour())
	a.give(t, worker, access)
	require.NoError(t, os.Rename(shelf, shelf+" moved"))
	for range 2 {
		_, err := worker.Revoke(t.Context(), access)
		requireProblem(t, err, contract.KindUnavailable)
		_, err = worker.Inspect(t.Context(), access)
		requireProblem(t, err, contract.KindUnavailable)
	}
	require.NoError(t, os.Rename(shelf+" moved", shelf))
	_, err := worker.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Len(t, a.revoked(t), 1)
}

func TestListOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	other := newAuthority(t)
	revoked := accessOf(other.account(), usual, inAnHour())
	other.give(t, other.connector(t), revoked)
	_, err := other.connector(t).Revoke(t.Context(), revoked)
	require.NoError(t, err)
	byHand := filepath.Join(other.folder, "by hand")
	ca := filepath.Join(other.folder, "ca.pub")
	require.NoError(t, os.WriteFile(ca, gossh.MarshalAuthorizedKey(other.public), 0o600))
	require.NoError(t, exec.CommandContext(t.Context(), program(t, "ssh-keygen"), "-k", "-f", byHand, ca).Run())

	for name, content := range map[string][]byte{
		"another target's": other.list(t),
		"one made by hand": readFile(t, byHand),
		"no list at all":   []byte("ssh-ed25519 AAAA"),
		"too large":        bytes.Repeat([]byte("x"), 4<<20+1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			require.NoError(t, os.WriteFile(a.settings.KRL, content, 0o600))
			_, err := a.connector(t).Grant(t.Context(), accessOf(a.account(), usual, inAnHour()))
			require.Contains(t, requireProblem(t, err, contract.KindUnavailable).Fault, a.settings.KRL)
			requireProblem(t, a.connector(t).(target.Checker).Check(t.Context()), contract.KindUnavailable)
			require.Equal(t, content, a.list(t))
			require.NoFileExists(t, a.file())
		})
	}
}

func TestEmptyListOfAnAdministratorIsTakenOver(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string][]string{"by ssh-keygen": {"ssh-keygen", "-k", "-f"}, "by touch": {"touch"}} {
		a := newAuthority(t)
		require.NoError(
			t,
			exec.CommandContext(t.Context(), program(t, arguments[0]), append(arguments[1:], a.settings.KRL)...).Run(),
			name,
		)
		access := accessOf(a.account(), usual, inAnHour())
		a.give(t, a.connector(t), access)
		_, err := a.connector(t).Revoke(t.Context(), access)
		require.NoError(t, err, name)
		require.Len(t, a.revoked(t), 1, name)
	}
}

func TestStateFromABackupDoesNotBringRevokedCertificatesBack(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	worker, access := a.connector(t), accessOf(a.account(), usual, inAnHour())
	a.give(t, worker, access)
	backup := readFile(t, a.file())
	_, err := worker.Revoke(t.Context(), access)
	require.NoError(t, err)
	after := a.list(t)
	require.NoError(t, os.WriteFile(a.file(), backup, 0o600))
	_, err = worker.Inspect(t.Context(), access)
	require.Contains(t, requireProblem(t, err, contract.KindUnavailable).Fault, "newer")
	require.Equal(t, after, a.list(t))

	require.NoError(t, os.Remove(a.file()))
	_, err = worker.Inspect(t.Context(), access)
	requireProblem(t, err, contract.KindUnavailable)
	require.Equal(t, after, a.list(t), "nor does a state that was lost")
}

func TestDamagedStateIsToldAndNotReplaced(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, damage := range []string{"", "{", "null", "{}", `{"openings":null}`} {
		require.NoError(t, os.WriteFile(a.file(), []byte(damage), 0o600))
		_, err := a.connector(t).Revoke(t.Context(), accessOf(a.account(), usual, time.Time{}))
		require.Contains(t, requireProblem(t, err, contract.KindUnavailable).Fault, a.file())
		require.Equal(t, damage, string(readFile(t, a.file())))
	}
}

// This is what lets the kind say that a call that was cut off has settled.
func TestCallWhoseTimeIsOverWhileItWaitsGivesUpAndChangesNothing(t *testing.T) {
	t.Parallel()
	const patient = 4
	a := newAuthority(t)
	worker, release := a.connector(t), hold(t, a.settings)
	waited := make(chan error, patient)
	for range patient { // one waits for the lock, the others for their turn
		access := accessOf(a.account(), usual, inAnHour())
		go func() {
			_, err := worker.Grant(t.Context(), access)
			waited <- err
		}()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	access, gaveUp := accessOf(a.account(), usual, inAnHour()), make(chan error, 1)
	go func() {
		_, err := worker.Grant(ctx, access)
		gaveUp <- err
	}()
	select {
	case err := <-gaveUp:
		requireProblem(t, err, contract.KindUnavailable)
	case <-time.After(patience):
		require.Fail(t, "it still waits")
	}
	release()
	for range patient {
		require.NoError(t, <-waited)
	}
	requireState(t, time.Time{}, inspect(t, worker, access.Account))
}

// stopped is a context of a process that was stopped past its deadline and goes on before its timers have gone off.
type stopped struct{ context.Context }

func (stopped) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }

func TestCallThatSleptPastItsDeadlineChangesNothing(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	access := accessOf(a.account(), usual, inAnHour())
	_, err := a.connector(t).Grant(stopped{t.Context()}, access)
	requireProblem(t, err, contract.KindUnavailable)
	requireState(t, time.Time{}, inspect(t, a.connector(t), access.Account))
}

func TestWorkerThatDiedWhileWritingIsNoObstacle(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, file := range []string{a.file(), a.settings.KRL} {
		require.NoError(t, os.WriteFile(file+".new", []byte("half of a rec"), 0o400))
	}
	a.give(t, a.connector(t), accessOf(a.account(), usual, inAnHour()))
	require.NoFileExists(t, a.file()+".new")
	require.NoFileExists(t, a.settings.KRL+".new")
}

func TestCheckTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	require.NoError(t, a.connector(t).(target.Checker).Check(t.Context()))
	entries, err := os.ReadDir(a.settings.State)
	require.NoError(t, err)
	require.Len(t, entries, 1, "only the lock")
	require.NoError(t, os.RemoveAll(a.settings.State))
	problem := requireProblem(t, a.connector(t).(target.Checker).Check(t.Context()), contract.KindUnavailable)
	require.Contains(t, problem.Fault, a.settings.State)
	require.NoDirExists(t, a.settings.State, "a folder that is not mounted must not be made")
}

func TestOpenAccessesAreBounded(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	first := accessOf(a.account(), usual, inAnHour())
	a.give(t, a.connector(t), first)
	text := string(readFile(t, a.file()))
	one := text[strings.Index(text, `"`+first.Key):strings.LastIndex(text, "}}")]
	var many []string
	for range 4999 {
		many = append(many, strings.Replace(one, first.Key, accessOf(a.account(), usual, first.Until).Key, 1))
	}
	filled := strings.TrimSuffix(text, "}}") + "," + strings.Join(many, ",") + "}}"
	require.NoError(t, os.WriteFile(a.file(), []byte(filled), 0o600))
	_, err := a.connector(t).Grant(t.Context(), accessOf(a.account(), usual, inAnHour()))
	requireProblem(t, err, contract.KindCapacity)
	_, err = a.connector(t).Revoke(t.Context(), first)
	require.NoError(t, err)
}

func (a *authority) list(t testing.TB) []byte {
	t.Helper()
	return readFile(t, a.settings.KRL)
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	return content
}
