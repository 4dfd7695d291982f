package ssh_test

import (
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
	gossh "golang.org/x/crypto/ssh"

	"curfew/activities/target"
	"curfew/activities/target/ssh"
	"curfew/activities/target/targettest"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

var oddAccounts = []string{
	"_",
	"9lives",
	"svc-2_x",
	"UPPER",
	"ada.lovelace+night@example.com",
	strings.Repeat("x", 128),
}

// authority is a folder with an authority's state and the list for hosts.
type authority struct {
	folder   string
	settings ssh.Settings
	public   gossh.PublicKey
	subject  gossh.Signer // the key that every subject uses
	sequence atomic.Int64
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{folder: t.TempDir()}
	secret, signer := newCAKey(t)
	a.public = signer.PublicKey()
	var quoted []string
	for _, account := range oddAccounts {
		quoted = append(quoted, regexp.QuoteMeta(account))
	}
	a.settings = ssh.Settings{
		CAKey: secret, State: filepath.Join(a.folder, "state"), KRL: filepath.Join(a.folder, "krl"),
		AccountPattern: "subject-[0-9]+|" + strings.Join(quoted, "|"),
	}
	require.NoError(t, os.Mkdir(a.settings.State, 0o700))
	_, a.subject = newKey(t)
	return a
}

func newKey(t testing.TB) (ed25519.PrivateKey, gossh.Signer) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer, err := gossh.NewSignerFromKey(private)
	require.NoError(t, err)
	return private, signer
}

// newCAKey is a private key as the configuration reads it from a file: without the last line feed.
func newCAKey(t testing.TB) (config.Secret, gossh.Signer) {
	t.Helper()
	private, signer := newKey(t)
	return secretOf(t, private), signer
}

func secretOf(t testing.TB, private crypto.PrivateKey) config.Secret {
	t.Helper()
	block, err := gossh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	return config.SecretOf(strings.TrimSpace(string(pem.EncodeToMemory(block))))
}

// connector is what one worker has.
func connector(t testing.TB, settings ssh.Settings) target.Connector {
	t.Helper()
	opened, err := settings.Open()
	require.NoError(t, err)
	return opened
}

func (a *authority) connector(t testing.TB) target.Connector {
	t.Helper()
	return connector(t, a.settings)
}

func (a *authority) issue(t testing.TB, by target.Connector, access target.Access) ([]byte, error) {
	t.Helper()
	return by.(target.CertificateIssuer).Issue(t.Context(), access, gossh.MarshalAuthorizedKey(a.subject.PublicKey()))
}

func (a *authority) account() string { return fmt.Sprintf("subject-%d", a.sequence.Add(1)) }

// accessOf has the key that the conformance suite gives it.
func accessOf(account, entitlement string, until time.Time) target.Access {
	whole := contract.Access{Target: "conformance", Entitlement: json.RawMessage(entitlement), Account: account}
	return target.Access{
		Key:         whole.Digest(),
		Entitlement: whole.Entitlement,
		Account:     account,
		Until:       until,
		Reference:   "OPS-7",
	}
}

// usual is the entitlement of a template that says nothing more.
const usual = `{"extensions":["permit-pty"],"principals":["{account}"]}`

// recorded is the state as it is on disk.
type recorded struct {
	Openings map[string]opening `json:"openings"`
}

type opening struct {
	Account      string    `json:"account"`
	Until        time.Time `json:"until"`
	Certificates []struct {
		Serial uint64 `json:"serial,string"`
	} `json:"certificates"`
}

func (a *authority) file() string { return filepath.Join(a.settings.State, "accesses.json") }

func (a *authority) recorded(t testing.TB) (found recorded) {
	t.Helper()
	text, err := os.ReadFile(a.file())
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &found))
	return found
}

// revoked are the serial numbers in the list, as OpenSSH reads it.
func (a *authority) revoked(t testing.TB) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program(t, "ssh-keygen"), "-Q", "-l", "-f", a.settings.KRL).
		CombinedOutput()
	require.NoError(t, err, "%s", out)
	var serials []string
	for line := range strings.Lines(string(out)) {
		if serial, found := strings.CutPrefix(strings.TrimSpace(line), "serial: "); found {
			serials = append(serials, serial)
		}
	}
	return serials
}

// snapshot is what is open and issued, and what hosts refuse, of all accounts but one.
func (a *authority) snapshot(t testing.TB, except string) string {
	t.Helper()
	state, revoked := a.recorded(t), a.revoked(t)
	maps.DeleteFunc(state.Openings, func(_ string, found opening) bool {
		if found.Account != except {
			return false
		}
		for _, issued := range found.Certificates {
			revoked = slices.DeleteFunc(
				revoked,
				func(serial string) bool { return serial == fmt.Sprint(issued.Serial) },
			)
		}
		return true
	})
	text, err := json.Marshal(state)
	require.NoError(t, err)
	return fmt.Sprintf("%s\n%s", text, revoked)
}

// world is an authority, a host that trusts it, and the certificates that subjects hold.
type world struct {
	*authority
	sshd *sshd
	held map[string][]byte // the last certificate of an account
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{authority: newAuthority(t), held: map[string][]byte{}}
	write(t, filepath.Join(w.folder, "ca.pub"), string(gossh.MarshalAuthorizedKey(w.public)))
	write(t, filepath.Join(w.folder, "principals"), strings.Join(oddAccounts, "\n")+"\n")
	// The first call makes the list; a server without one lets nobody in.
	_, err := w.connector(t).Inspect(t.Context(), accessOf("subject-0", usual, time.Time{}))
	require.NoError(t, err)
	w.sshd = startSSHD(t, w.folder, w.settings.KRL)
	return w
}

// known makes an account that the host lets in.
func (w *world) known(t testing.TB) string {
	t.Helper()
	account := w.account()
	file, err := os.OpenFile(filepath.Join(w.folder, "principals"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString(account + "\n")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	return account
}

// can logs in as a subject would: with the certificate at hand, and with a new one when that is refused.
func (w *world) can(t *testing.T, account string) bool {
	t.Helper()
	if held := w.held[account]; held != nil && w.sshd.letsIn(t, w.subject, held) {
		return true
	}
	issued, err := w.issue(t, w.connector(t), accessOf(account, usual, time.Time{}))
	if err != nil {
		requireProblem(t, err, contract.KindConflict)
		return false
	}
	w.held[account] = issued
	require.True(
		t,
		w.sshd.letsIn(t, w.subject, issued),
		"a certificate that was just issued is refused: %s",
		w.sshd.said(),
	)
	return true
}

func (w *world) fixture(t *testing.T) targettest.Fixture {
	t.Helper()
	wrong, down, slow := w.settings, w.settings, newAuthority(t).settings
	wrong.CAKey, _ = newCAKey(t)
	down.State = filepath.Join(w.folder, "not mounted")
	hold(t, slow)
	disk := newDisk(t, w.settings)
	return targettest.Fixture{
		Connector:        disk,
		Entitlement:      json.RawMessage(usual),
		Limits:           ssh.Kind().Limits,
		Accounts:         func(t *testing.T) string { return w.known(t) },
		OddAccounts:      func(*testing.T) []string { return oddAccounts },
		UnknownAccount:   "stranger",
		Can:              w.can,
		Snapshot:         func(t *testing.T, except string) string { return w.snapshot(t, except) },
		WrongCredentials: connector(t, wrong),
		Down:             connector(t, down),
		Slow:             connector(t, slow),
		Secrets:          slices.Concat(linesOf(w.settings.CAKey), linesOf(wrong.CAKey), linesOf(slow.CAKey)),
		Nameless:         true,
		Lie:              func(*testing.T) func() { return disk.lie() },
	}
}

// hold takes the lock of a state, as a worker does that hangs, and gives it back with the returned function.
func hold(t testing.TB, settings ssh.Settings) (release func()) {
	t.Helper()
	lock := flock.New(filepath.Join(settings.State, "lock"))
	require.NoError(t, lock.Lock())
	t.Cleanup(func() { _ = lock.Close() })
	return func() { require.NoError(t, lock.Unlock()) }
}

// linesOf are the lines of a private key that say something.
func linesOf(key config.Secret) []string {
	lines := strings.Split(key.Reveal(), "\n")
	return lines[1 : len(lines)-1]
}

func requireProblem(t testing.TB, err error, kinds ...contract.Kind) *contract.Problem {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "%v", err)
	require.Contains(t, kinds, problem.Kind, "%v", err)
	require.NotEmpty(t, problem.Fix)
	return problem
}

// requireState wants access to work until an end; zero when none is to be there.
func requireState(t testing.TB, until time.Time, state target.State) {
	t.Helper()
	require.Equal(t, !until.IsZero(), state.Held)
	require.True(t, until.Equal(state.Until), "until %s, not %s", state.Until, until)
}
