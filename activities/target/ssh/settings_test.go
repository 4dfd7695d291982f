package ssh_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	gossh "golang.org/x/crypto/ssh"

	"curfew/activities/target"
	"curfew/activities/target/ssh"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

func TestNormalizeWritesTheDefaultsOut(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		`{}`: usual,
		`{"extensions":[],"forceCommand":"","principals":null}`:         `{"extensions":[],"principals":["{account}"]}`,
		`{"principals":["b","{account}","b","x-{account}.y"]}`:          `{"extensions":["permit-pty"],"principals":["b","x-{account}.y","{account}"]}`,
		`{"sourceAddresses":["10.1.2.3","10.1.2.3/8","2001:DB8::/32"]}`: `{"extensions":["permit-pty"],"principals":["{account}"],"sourceAddresses":["10.0.0.0/8","10.1.2.3/32","2001:db8::/32"]}`,
		`{"forceCommand":"a \"b\" <c>"}`:                                `{"extensions":["permit-pty"],"forceCommand":"a \"b\" \u003cc\u003e","principals":["{account}"]}`,
		`{"extensions":["permit-user-rc","permit-pty","permit-pty"]}`:   `{"extensions":["permit-pty","permit-user-rc"],"principals":["{account}"]}`,
	} {
		canonical, err := ssh.Kind().Normalize([]byte(written))
		require.NoError(t, err, written)
		require.Equal(t, want, string(canonical))
		again, err := ssh.Kind().Normalize(canonical)
		require.NoError(t, err)
		require.Equal(t, string(canonical), string(again))
	}
}

func TestNormalizeNamesTheFieldAtFault(t *testing.T) {
	t.Parallel()
	for written, field := range map[string]string{
		``:                                 "",
		`[]`:                               "",
		`{"role":"a"}`:                     "role",
		`{"principals":"deploy"}`:          "principals",
		`{"principals":[]}`:                "principals",
		`{"principals":[""]}`:              "principals",
		`{"principals":["a b"]}`:           "principals",
		`{"principals":["-a"]}`:            "principals",
		`{"principals":["a,b"]}`:           "principals",
		`{"principals":["{person}"]}`:      "principals",
		`{"principals":["*"]}`:             "principals",
		`{"principals":` + list(17) + `}`:  "principals",
		`{"extensions":["permit-all"]}`:    "extensions",
		`{"extensions":["permit-pty ",1]}`: "extensions",
		`{"forceCommand":"a\nb"}`:          "forceCommand",
		`{"forceCommand":"` + strings.Repeat("a", 1025) + `"}`:   "forceCommand",
		`{"sourceAddresses":[]}`:                                 "sourceAddresses",
		`{"sourceAddresses":["example.com"]}`:                    "sourceAddresses",
		`{"sourceAddresses":["10.0.0.0/33"]}`:                    "sourceAddresses",
		`{"sourceAddresses":["fe80::1%eth0"]}`:                   "sourceAddresses",
		`{"sourceAddresses":["10.0.0.1,10.0.0.2"]}`:              "sourceAddresses",
		`{"principals":["` + strings.Repeat("a", 17<<10) + `"]}`: "",
	} {
		_, err := ssh.Kind().Normalize([]byte(written))
		require.Error(t, err, written)
		require.Equal(t, field, strings.SplitN(requireProblem(t, err, contract.KindInvalid).Field, ".", 2)[0], written)
	}
}

func list(length int) string {
	names := make([]string, length)
	for i := range names {
		names[i] = fmt.Sprintf("%q", fmt.Sprint("p", i))
	}
	return "[" + strings.Join(names, ",") + "]"
}

func TestFieldsOfTheEntitlementAreDescribed(t *testing.T) {
	t.Parallel()
	for _, field := range target.FieldsOf(ssh.Kind().Entitlement) {
		require.True(t, field.Optional, field.Name)
		require.NotEmpty(t, field.Meaning, field.Name)
	}
}

func TestSettingsTellTheFieldAtFaultAndNoSecret(t *testing.T) {
	t.Parallel()
	good, _ := newCAKey(t)
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	for name, test := range map[string]struct {
		field, says string
		settings    ssh.Settings
	}{
		"no key":              {"caKey", "missing", ssh.Settings{State: folder}},
		"no private key":      {"caKey", "no private key", ssh.Settings{CAKey: config.SecretOf("-----BEGIN canary-----"), State: folder}},
		"a passphrase":        {"caKey", "passphrase", ssh.Settings{CAKey: locked(t), State: folder}},
		"a weak key":          {"caKey", "1024 bits", ssh.Settings{CAKey: weak(t), State: folder}},
		"no folder":           {"state", "missing", ssh.Settings{CAKey: good}},
		"a relative folder":   {"state", "absolute", ssh.Settings{CAKey: good, State: "state"}},
		"a relative list":     {"krl", "absolute", ssh.Settings{CAKey: good, State: folder, KRL: "krl"}},
		"the record as list":  {"krl", "state itself", ssh.Settings{CAKey: good, State: folder, KRL: in("accesses.json")}},
		"the lock as list":    {"krl", "state itself", ssh.Settings{CAKey: good, State: folder, KRL: in("x/../lock")}},
		"the folder as list":  {"krl", "state itself", ssh.Settings{CAKey: good, State: folder, KRL: folder + "/"}},
		"a broken expression": {"accountPattern", "missing closing", ssh.Settings{CAKey: good, State: folder, AccountPattern: "[a"}},
		"a long expression":   {"accountPattern", "512", ssh.Settings{CAKey: good, State: folder, AccountPattern: strings.Repeat("a", 513)}},
	} {
		err := test.settings.Validate()
		problem := requireProblem(t, err, contract.KindInvalid)
		require.Equal(t, test.field, problem.Field, name)
		require.Contains(t, problem.Fault, test.says, name)
		require.NotContains(t, problem.Error(), "canary", name)
		for _, line := range linesOf(good) {
			require.NotContains(t, problem.Error(), line)
		}
		_, err = test.settings.Open()
		require.Equal(t, problem, err, name)
	}
	require.NoError(t, (&ssh.Settings{CAKey: good, State: folder}).Validate())
}

func TestAKeyThatOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	key, _ := newCAKey(t)
	file := filepath.Join(folder, "ca")
	require.NoError(t, os.WriteFile(file, []byte(key.Reveal()), 0o600))
	written := filepath.Join(folder, "curfew.yaml")
	require.NoError(
		t,
		os.WriteFile(written, []byte("targets: {shells: {kind: ssh, caKey: file:ca, state: "+folder+"/state}}"), 0o600),
	)
	kinds := config.Kinds{
		Targets: map[string]config.Kind{"ssh": {Settings: func() any { return new(ssh.Settings) }}},
	}
	for mode, refused := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o440: false, 0o644: true, 0o604: true, 0o660: true} {
		require.NoError(t, os.Chmod(file, mode))
		_, err := config.Load(written, kinds)
		require.Equal(t, refused, err != nil, "%04o: %v", mode, err)
		if refused {
			require.ErrorContains(t, err, "targets.shells.caKey: is in a file that others can read or change")
		}
	}
}

func TestAuthorityMayHaveAnRSAKey(t *testing.T) {
	t.Parallel()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	a := newAuthority(t)
	a.settings.CAKey = secretOf(t, private)
	signed := parse(t, a.give(t, a.connector(t), accessOf(a.account(), usual, inAnHour())))
	require.Contains(t, signed.Signature.Format, "rsa-sha2-", "hosts refuse SHA-1")
}

func locked(t *testing.T) config.Secret {
	t.Helper()
	private, _ := newKey(t)
	block, err := gossh.MarshalPrivateKeyWithPassphrase(private, "", []byte("canary"))
	require.NoError(t, err)
	return config.SecretOf(string(pem.EncodeToMemory(block)))
}

// weak is a key that Go itself would not make.
func weak(t *testing.T) config.Secret {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca")
	require.NoError(
		t,
		exec.CommandContext(t.Context(), program(t, "ssh-keygen"), "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", file).
			Run(),
	)
	return config.SecretOf(string(readFile(t, file)))
}
