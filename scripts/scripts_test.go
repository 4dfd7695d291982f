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

// repository is one whose newest commit is a release, without a tag.
func repository(t *testing.T) (dir, history string) {
	t.Helper()
	dir = t.TempDir()
	history = filepath.Join(dir, "workflows", "grant", "testdata", "replay", "v0.1.0", "extended.json.gz")
	put(t, filepath.Join(dir, "CHANGELOG.md"), "# Changelog\n\n## [Unreleased]\n\n- All of it.\n")
	put(t, filepath.Join(dir, ".gitignore"), "/bin/\n")
	git(t, dir, "init", "-q")
	commit(t, dir, "A change")
	put(t, history, "a history")
	commit(t, dir, "A release")
	return dir, history
}

func commit(t *testing.T, dir, subject string) {
	t.Helper()
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-qm", subject)
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
			commit(t, dir, "A mistake")
			require.Error(t, script(t, dir, "histories.sh").Run(), "a commit hides nothing")
		})
	}
}

func TestARecordedHistoryWithoutItsTagIsNotTakenForUnchanged(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t)
	git(t, dir, "tag", "v0.1.0")
	put(t, filepath.Join(dir, "other"), "")
	commit(t, dir, "Another change")
	require.NoError(t, script(t, dir, "histories.sh").Run())

	shallow := filepath.Join(t.TempDir(), "shallow")
	git(t, dir, "clone", "-q", "--depth", "1", "file://"+dir, shallow)
	requireMissingTag(t, shallow)
	git(t, dir, "tag", "-d", "v0.1.0")
	requireMissingTag(t, dir)

	// A folder of the source alone can be linted.
	require.NoError(t, os.RemoveAll(filepath.Join(dir, ".git")))
	require.NoError(t, script(t, dir, "histories.sh").Run())
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".git"), 0o755))
	require.Error(t, script(t, dir, "histories.sh").Run(), "a repository that git can't read proves nothing")
}

func requireMissingTag(t *testing.T, dir string) {
	t.Helper()
	output, err := script(t, dir, "histories.sh").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), "the tag of v0.1.0 is missing")
}

// tools stand in for those that take minutes. What they do goes to the file "calls".
var tools = map[string]string{
	"bin/go": `#!/bin/sh
case $1 in
env) case $2 in GOOS) echo linux ;; *) echo amd64 ;; esac ;;
version) echo "build CGO_ENABLED=$(cat bin/built)" ;;
build)
	echo "$CGO_ENABLED" >bin/built
	while [ "$1" != -o ]; do shift; done
	printf '#!/bin/sh\necho "curfew v1.0.0" # for %s on %s\n' "$GOOS" "$GOARCH" >"$2"
	chmod +x "$2" ;;
esac
`,
	"bin/make": `#!/bin/sh
echo "$@" >>bin/calls
[ "$1" = record ] || exit 0
mkdir -p workflows/grant/testdata/replay/v1.0.0
echo "a history by $3" >workflows/grant/testdata/replay/v1.0.0/extended.json.gz
[ ! -e bin/fails ]
`,
	"bin/tools/cyclonedx-gomod-v1.10.0": `#!/bin/sh
while [ "$1" != -output ]; do shift; done
echo "the parts of $3" >"$2"
`,
}

// release runs the script in a repository of its own, beside tools that stand in.
func release(t *testing.T, dir, version string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", "scripts/release.sh", version)
	command.Dir = dir
	command.Env = append(os.Environ(), "GO="+dir+"/bin/go", "MAKE="+dir+"/bin/make")
	output, err := command.CombinedOutput()
	return string(output), err
}

// releasable is a repository with all that the script calls.
func releasable(t *testing.T) string {
	t.Helper()
	dir, _ := repository(t)
	git(t, dir, "tag", "v0.1.0")
	for _, name := range []string{"release.sh", "binaries.sh", "histories.sh"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		putScript(t, filepath.Join(dir, "scripts", name), string(text))
	}
	for name, text := range tools {
		putScript(t, filepath.Join(dir, name), text)
	}
	commit(t, dir, "The scripts")
	return dir
}

func putScript(t *testing.T, path, text string) {
	t.Helper()
	put(t, path, text)
	require.NoError(t, os.Chmod(path, 0o700))
}

func TestAReleaseHasBinariesChecksumsPartsHistoriesAndAHeading(t *testing.T) {
	t.Parallel()
	dir := releasable(t)
	output, err := release(t, dir, "v1.0.0")
	require.NoError(t, err, output)

	out := filepath.Join(dir, "bin", "release", "v1.0.0")
	sums, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	require.NoError(t, err)
	for _, platform := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"} {
		require.FileExists(t, filepath.Join(out, "curfew-v1.0.0-"+platform))
		require.Contains(t, string(sums), "  curfew-v1.0.0-"+platform+"\n")
		require.Contains(t, string(sums), "  curfew-v1.0.0-"+platform+".cdx.json\n")
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = out
	require.NoError(t, check.Run())
	changelog, err := os.ReadFile(filepath.Join(dir, "CHANGELOG.md"))
	require.NoError(t, err)
	require.Regexp(t, `## \[Unreleased\]\n\n## \[1\.0\.0\] - 20\d\d-\d\d-\d\d\n\n- All of it\.`, string(changelog))
	history, err := os.ReadFile(dir + "/workflows/grant/testdata/replay/v1.0.0/extended.json.gz")
	require.NoError(t, err)
	require.Contains(t, string(history), "CURFEW=bin/release/v1.0.0/curfew-v1.0.0-linux-amd64")

	output, err = release(t, dir, "v1.0.0")
	require.Error(t, err)
	require.Contains(t, output, "the tree has changes")
	commit(t, dir, "Release v1.0.0")
	output, err = release(t, dir, "v1.0.0")
	require.Error(t, err)
	require.Contains(t, output, "histories of v1.0.0 are recorded already")
}

func TestAReleaseRestsOnChecksOfItsOwnCommit(t *testing.T) {
	t.Parallel()
	dir := releasable(t)
	put(t, filepath.Join(dir, "bin", "passed"), head(t, dir))
	output, err := release(t, dir, "v1.0.0")
	require.NoError(t, err, output)
	require.NotContains(t, calls(t, dir), "lint test", "CI has done that")

	dir = releasable(t)
	put(t, filepath.Join(dir, "bin", "passed"), head(t, dir))
	put(t, filepath.Join(dir, "other"), "")
	commit(t, dir, "After the checks")
	output, err = release(t, dir, "v1.0.0")
	require.NoError(t, err, output)
	require.Equal(t, "lint test", strings.Split(calls(t, dir), "\n")[0])
}

func TestAReleaseThatFailsLeavesNothingAndCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	dir := releasable(t)
	fails := filepath.Join(dir, "bin", "fails")
	put(t, fails, "")
	output, err := release(t, dir, "v1.0.0")
	require.Error(t, err)
	require.Contains(t, output, "v1.0.0 failed, and left nothing behind")
	require.NoDirExists(t, filepath.Join(dir, "bin", "release", "v1.0.0"))
	require.NoDirExists(t, dir+"/workflows/grant/testdata/replay/v1.0.0")

	require.NoError(t, os.Remove(fails))
	output, err = release(t, dir, "v1.0.0")
	require.NoError(t, err, output)
}

func head(t *testing.T, dir string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", "rev-parse", "HEAD")
	command.Dir = dir
	output, err := command.Output()
	require.NoError(t, err)
	return string(output)
}

func calls(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "bin", "calls"))
	require.NoError(t, err)
	return string(text)
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
		"histories that are there": {"v0.2.0", "histories of v0.2.0 are recorded already", func(t *testing.T, dir string) {
			t.Helper()
			put(t, dir+"/workflows/grant/testdata/replay/v0.2.0/extended.json.gz", "a history")
			commit(t, dir, "Release v0.2.0, which has no tag yet")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := releasable(t)
			test.spoil(t, dir)
			output, err := release(t, dir, test.version)
			require.Error(t, err)
			require.Contains(t, output, test.says)
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
