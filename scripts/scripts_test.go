// Package scripts has the scripts of the Makefile, and tests of those that can do harm.
package scripts

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/pace"
)

// repository is one with a released history.
func repository(t *testing.T) (dir, history string) {
	t.Helper()
	dir = t.TempDir()
	history = filepath.Join(dir, "workflows", "grant", "testdata", "replay", "v0.1.0", "extended.json.gz")
	put(t, history, "a history")
	put(t, filepath.Join(dir, "CHANGELOG.md"), "# Changelog\n\n## [Unreleased]\n\n- All of it.\n")
	git(t, dir, "init", "-q")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-qm", "A release")
	return dir, history
}

func put(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func git(t *testing.T, dir string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", append([]string{
		"-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false",
	}, arguments...)...)
	command.Dir = dir
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func script(t *testing.T, dir, name string, arguments ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(name)
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), path, arguments...)
	command.Dir = dir
	return command
}

func TestARecordedHistoryIsNeverChangedNorRemoved(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct {
		do      func(t *testing.T, history string)
		refused string
	}{
		"nothing":       {func(*testing.T, string) {}, ""},
		"another added": {func(t *testing.T, history string) { t.Helper(); put(t, history+".other", "a second one") }, ""},
		"changed":       {func(t *testing.T, history string) { t.Helper(); put(t, history, "another history") }, "M\t"},
		"removed":       {func(t *testing.T, history string) { t.Helper(); require.NoError(t, os.Remove(history)) }, "D\t"},
		"renamed": {func(t *testing.T, history string) {
			t.Helper()
			require.NoError(t, os.Rename(history, history+".old"))
		}, "D\t"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, history := repository(t)
			change.do(t, history)
			output, err := script(t, dir, "histories.sh").CombinedOutput()
			require.NoError(t, err, "nothing is released: %s", output)
			require.NoError(t, os.RemoveAll(filepath.Join(dir, ".git", "index.lock")))

			git(t, dir, "tag", "v0.1.0", "HEAD")
			output, err = script(t, dir, "histories.sh").CombinedOutput()
			if change.refused == "" {
				require.NoError(t, err, "%s", output)
				return
			}
			require.Error(t, err)
			require.Contains(t, string(output), "recorded histories differ from those of v0.1.0")
			require.Contains(
				t,
				string(output),
				change.refused+"workflows/grant/testdata/replay/v0.1.0/extended.json.gz",
			)
			git(t, dir, "add", "-A")
			git(t, dir, "commit", "-qm", "A mistake")
			require.Error(t, script(t, dir, "histories.sh").Run(), "a commit hides nothing")
		})
	}
}

func TestAReleaseThatIsNotReadyIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version, says string
		spoil         func(t *testing.T, dir string)
	}{
		"a version that is none": {"1.2", `"1.2" is no version`, func(*testing.T, string) {}},
		"a tag that exists": {"v1.0.0", "the tag v1.0.0 exists", func(t *testing.T, dir string) {
			t.Helper()
			git(t, dir, "tag", "v1.0.0")
		}},
		"a commit that is released": {"v1.0.1", "released already", func(t *testing.T, dir string) {
			t.Helper()
			git(t, dir, "tag", "v1.0.0")
		}},
		"changes that are not committed": {"v1.0.0", "the tree has changes", func(t *testing.T, dir string) {
			t.Helper()
			put(t, filepath.Join(dir, "new"), "")
		}},
		"nothing that is new": {"v1.0.0", "no entries under [Unreleased]", func(t *testing.T, dir string) {
			t.Helper()
			put(t, filepath.Join(dir, "CHANGELOG.md"), "## [Unreleased]\n\n## [0.1.0]\n\n- All of it.\n")
			git(t, dir, "commit", "-aqm", "Nothing new")
		}},
		"histories that are there": {"v0.1.0", "histories of v0.1.0 are recorded already", func(*testing.T, string) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := repository(t)
			text, err := os.ReadFile("release.sh")
			require.NoError(t, err)
			put(t, filepath.Join(dir, "scripts", "release.sh"), string(text))
			git(t, dir, "add", "-A")
			git(t, dir, "commit", "-qm", "The script")
			test.spoil(t, dir)
			command := exec.CommandContext(t.Context(), "bash", "scripts/release.sh", test.version)
			command.Dir = dir
			output, err := command.CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(output), test.says)
		})
	}
}

func TestBusyProcessesEndWithTheCommandThatTheyAreBeside(t *testing.T) {
	t.Parallel()
	command := script(t, ".", "busy.sh", "2", "sh", "-c", "echo $PPID; exit 3")
	output, err := command.Output()
	var failed *exec.ExitError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, 3, failed.ExitCode(), "it is the command's")
	requireNoGroupOf(t, strings.TrimSpace(string(output)))
}

func TestBusyProcessesEndOnCtrlC(t *testing.T) {
	t.Parallel()
	command := script(t, ".", "busy.sh", "2", "sh", "-c", "echo started; exec sleep 600")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	first := make([]byte, len("started"))
	_, err = out.Read(first)
	require.NoError(t, err, &said)
	require.NoError(t, syscall.Kill(-command.Process.Pid, syscall.SIGINT), "a terminal tells the whole group")
	var failed *exec.ExitError
	require.ErrorAs(t, command.Wait(), &failed)
	require.Equal(t, 130, failed.ExitCode())
	require.Eventually(t, func() bool { return syscall.Kill(-command.Process.Pid, 0) != nil }, pace.Patience(), 1e7)
}

// requireNoGroupOf wants no child of a process that has ended.
func requireNoGroupOf(t *testing.T, parent string) {
	t.Helper()
	_, err := strconv.Atoi(parent)
	require.NoError(t, err)
	output, err := exec.CommandContext(t.Context(), "ps", "--ppid", parent, "-o", "pid=").Output()
	require.Error(t, err, "%s", output)
}
