package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// keyring runs `curfew keys` at a desk without a server.
type keyring struct {
	folder string
	now    time.Time
}

func (k *keyring) run(t *testing.T, args ...string) result {
	t.Helper()
	var out, errors bytes.Buffer
	code := run(t.Context(), append([]string{"keys"}, args...), surroundings{
		stdout: &out, stderr: &errors, getenv: func(string) string { return "" },
		now: func() time.Time { return k.now }, zone: time.UTC,
	})
	return result{code, out.String(), errors.String()}
}

func (k *keyring) file(name string) string { return filepath.Join(k.folder, name) }

// made makes a key and returns its id.
func (k *keyring) made(t *testing.T, role, private string) string {
	t.Helper()
	ran := k.run(t, "new", "--role", role, "--private", k.file(private), "--public", k.file("keys.json"), "-o", "json")
	require.Equal(t, result{0, ran.out, ""}, ran)
	var made madeKey
	require.NoError(t, json.Unmarshal([]byte(ran.out), &made))
	require.Equal(t, k.file(private), made.Private)
	return made.ID
}

func desk(t *testing.T) *keyring {
	t.Helper()
	return &keyring{folder: t.TempDir(), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
}

func TestKeysAreMadeListedAndRetired(t *testing.T) {
	t.Parallel()
	k := desk(t)
	require.Contains(t, k.run(t, "list", "--public", k.file("keys.json")).errors, "curfew keys new")

	old, decider := k.made(t, "server", "server-1.pem"), k.made(t, "decider", "decider.pem")
	today := k.made(t, "server", "server-2.pem")
	retired := k.run(t, "retire", old, "--public", k.file("keys.json"), "--at", "2026-11-25T12:00:00+01:00")

	require.Equal(t, result{0, "" +
		"KEY               ROLE     PHASE   VALID FROM            SEALS UNTIL           COUNTS UNTIL\n" +
		old + "  server   active  2026-11-23 12:00 UTC  2026-11-23 12:00 UTC  2026-11-25 11:00 UTC\n" +
		decider + "  decider  active  2026-11-23 12:00 UTC  -                     -\n" +
		today + "  server   active  2026-11-23 12:00 UTC  -                     -\n", ""}, retired)
	k.now = k.now.Add(time.Minute)
	require.Contains(t, k.run(t, "list", "--public", k.file("keys.json")).out, old+"  server   retiring")
	k.now = k.now.Add(48 * time.Hour)
	listed := k.run(t, "list", "--public", k.file("keys.json"), "-o", "json")
	require.JSONEq(t, `{"id":"`+old+`","role":"server","phase":"retired","notBefore":"2026-11-23T12:00:00Z",
		"notAfter":"2026-11-23T12:00:00Z","retired":"2026-11-25T11:00:00Z"}`, first(t, field(t, listed.out, "keys")))
}

func first(t *testing.T, list string) string {
	t.Helper()
	var items []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(list), &items))
	return string(items[0])
}

func TestWhatANewKeySealsIsOpenedByTheSet(t *testing.T) {
	t.Parallel()
	k := desk(t)
	k.made(t, "server", "server.pem")
	private, err := os.ReadFile(k.file("server.pem"))
	require.NoError(t, err)
	signer, err := seal.ParseSigner(string(private))
	require.NoError(t, err)
	keys, err := seal.ReadKeys(k.file("keys.json"))
	require.NoError(t, err)
	verifier, err := seal.NewVerifier(keys, func() time.Time { return k.now })
	require.NoError(t, err)
	fact := contract.Extension{Request: "01", By: "p-alice"}
	matter := seal.OfExtension(fact, "digest")

	sealed, err := seal.Of(signer, matter, k.now, fact)
	require.NoError(t, err)
	_, _, err = seal.Open(verifier, matter, sealed)
	require.NoError(t, err)
}

func TestNoKeyIsLost(t *testing.T) {
	t.Parallel()
	k := desk(t)
	k.made(t, "server", "server.pem")
	before, err := os.ReadFile(k.file("server.pem"))
	require.NoError(t, err)
	info, err := os.Stat(k.file("server.pem"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.WriteFile(k.file("broken.json"), []byte("{"), 0o600))
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"the private file is there":      {[]string{"new", "--role", "server", "--private", k.file("server.pem"), "--public", k.file("keys.json")}, "is not overwritten"},
		"no role":                        {[]string{"new", "--private", k.file("a.pem"), "--public", k.file("keys.json")}, "write server or decider"},
		"a role that is none":            {[]string{"new", "--role", "owner", "--private", k.file("a.pem"), "--public", k.file("keys.json")}, `role: "owner" is no role`},
		"a broken key set":               {[]string{"new", "--role", "server", "--private", k.file("a.pem"), "--public", k.file("broken.json")}, "broken.json: keys:"},
		"a key set that can't be":        {[]string{"new", "--role", "server", "--private", k.file("a.pem"), "--public", k.file("none/keys.json")}, "public: it can't be written"},
		"a folder that is not there":     {[]string{"new", "--role", "server", "--private", k.file("none/a.pem"), "--public", k.file("keys.json")}, "private: it can't be written"},
		"a key of nobody":                {[]string{"retire", "ffff", "--public", k.file("keys.json")}, `there is no key "ffff"`},
		"a time that is none":            {[]string{"retire", "ffff", "--public", k.file("keys.json"), "--at", "tomorrow"}, "at:"},
		"a set that is not there":        {[]string{"retire", "ffff", "--public", k.file("others.json")}, "there is no file"},
		"a list of what is not there":    {[]string{"list", "--public", k.file("others.json")}, "there is no file"},
		"a set with the private half in": {[]string{"list", "--public", k.file("server.pem")}, "is no set of public keys"},
	} {
		ran := k.run(t, test.args...)
		require.Equal(t, 2, ran.code, name)
		require.Contains(t, ran.errors, test.says, name)
		require.NotContains(t, ran.errors, string(before[30:60]), name)
		require.NoFileExists(t, k.file("a.pem"), "%s: the same command can be given again", name)
	}
	after, err := os.ReadFile(k.file("server.pem"))
	require.NoError(t, err)
	require.Equal(t, before, after)
	keys, err := seal.ReadKeys(k.file("keys.json"))
	require.NoError(t, err)
	require.Len(t, keys, 1)
}

func TestANewKeyHasAFileNamedAfterItsRole(t *testing.T) {
	k := desk(t)
	t.Chdir(k.folder)

	ran := k.run(t, "new", "--role", "decider")

	require.Equal(t, 0, ran.code, ran.errors)
	require.Contains(t, ran.out, "private half  decider-key.pem\npublic half   keys.json\n")
	require.FileExists(t, "decider-key.pem")
	require.Contains(t, k.run(t, "list").out, "decider  active")
}
