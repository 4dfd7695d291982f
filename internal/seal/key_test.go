package seal_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

func privateOf(t testing.TB, text []byte) ed25519.PrivateKey {
	t.Helper()
	block, _ := pem.Decode(text)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	private, ok := parsed.(ed25519.PrivateKey)
	require.True(t, ok)
	return private
}

// RFC 8037, appendices A.1 to A.5.
func TestTheKeyAndSignatureOfRFC8037AreUnderstood(t *testing.T) {
	t.Parallel()
	const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
	keys, err := seal.ParseKeys(
		fmt.Appendf(nil, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"%s","kid":"90facafea9b15566",
		"use":"sig","alg":"EdDSA","curfew_role":"server"}]}`, x),
	)
	require.NoError(t, err, "the thumbprint is kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
	seed, err := base64.RawURLEncoding.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	require.NoError(t, err)
	private := ed25519.NewKeyFromSeed(seed)
	require.Equal(t, private.Public(), keys[0].Public)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	signer, err := seal.ParseSigner(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
	require.NoError(t, err)
	require.Equal(t, keys[0].ID, signer.KeyID())

	const signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc." +
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
	parsed, err := jose.ParseSignedCompact(signed, []jose.SignatureAlgorithm{jose.EdDSA})
	require.NoError(t, err)
	payload, err := parsed.Verify(keys[0].Public)
	require.NoError(t, err)
	require.Equal(t, "Example of Ed25519 signing", string(payload))
}

// The server changes to a new key while requests sleep that the former one has sealed.
func TestKeysAreRotatedWithAnOverlap(t *testing.T) {
	t.Parallel()
	o := open(t)
	matter := seal.OfRequest(request())
	sealedAt := func(signer *seal.Signer, at time.Time) string {
		text, err := signer.Seal(matter, at, request())
		require.NoError(t, err)
		return text
	}
	verify := func(keys seal.Keys, at time.Time, text string) error {
		_, err := verifier(t, keys, at).Verify(matter, request(), text)
		return err
	}
	former, id := o.server, o.server.KeyID()
	old := sealedAt(former, now)
	today := o.hire(t, seal.RoleServer)

	both := o.keys
	require.NoError(t, verify(both, now, old))
	require.NoError(t, verify(both, now, sealedAt(today, now)), "the new one counts before the former one goes")

	gone := now.Add(48 * time.Hour)
	retiring, err := both.Retire(id, gone, now)
	require.NoError(t, err)
	require.Zero(t, both[0].Retired, "a set that was read before is not changed")
	require.NoError(t, verify(retiring, gone.Add(-time.Second), old), "what sleeps still counts")
	later := now.Add(time.Hour)
	requireRefused(t, verify(retiring, later, sealedAt(former, later)), "when the key "+id+" had expired")
	require.NoError(t, verify(retiring, later, sealedAt(today, later)))

	requireRefused(t, verify(retiring, gone, old), "the key "+id+", which is retired")
	requireRefused(t, verify(retiring, gone, sealedAt(former, now)), "which is retired")
	require.NoError(t, verify(retiring, gone, sealedAt(today, gone)))

	require.Equal(
		t,
		[]seal.Phase{seal.PhaseActive, seal.PhaseRetiring, seal.PhaseRetired, seal.PhaseWaiting},
		[]seal.Phase{
			retiring[0].Phase(
				now,
			),
			retiring[0].Phase(later),
			retiring[0].Phase(gone),
			retiring[0].Phase(now.Add(-2 * time.Hour)),
		},
	)
}

func TestAStolenKeyIsRetiredAtOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	keys, err := o.keys.Retire(o.server.KeyID(), now, now)
	require.NoError(t, err)
	backdated, err := o.server.Seal(seal.OfRequest(request()), now.Add(-30*time.Minute), request())
	require.NoError(t, err)

	_, err = verifier(t, keys, now).Verify(seal.OfRequest(request()), request(), backdated)

	requireRefused(t, err, "retired")
}

func TestRetiringIsNeverPutOff(t *testing.T) {
	t.Parallel()
	o := open(t)
	id := o.server.KeyID()
	keys, err := o.keys.Retire(id, now.Add(time.Hour), now)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		id   string
		at   time.Time
		kind contract.Kind
	}{
		"later":           {id, now.Add(2 * time.Hour), contract.KindConflict},
		"the same":        {id, now.Add(time.Hour), contract.KindConflict},
		"a key of no one": {"ffff", now, contract.KindNotFound},
	} {
		_, err := keys.Retire(test.id, test.at, now)
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok, name)
		require.Equal(t, test.kind, problem.Kind, name)
	}
	sooner, err := keys.Retire(id, now.Add(time.Minute), now.Add(30*time.Second))
	require.NoError(t, err)
	require.Equal(t, now.Add(time.Minute), sooner[0].Retired)
	require.Equal(t, now, sooner[0].NotAfter, "and it may not seal again")
	o.keys[0].NotAfter = now.AddDate(1, 0, 0)
	keys, err = o.keys.Retire(id, now.Add(time.Hour), now)
	require.NoError(t, err)
	require.Equal(t, now, keys[0].NotAfter, "also when it was to expire later")
}

func TestSealsOfAnotherTimeAreRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	for name, test := range map[string]struct {
		at   time.Time
		says string
	}{
		"from a clock a little ahead":  {now.Add(59 * time.Second), ""},
		"from the future":              {now.Add(61 * time.Second), "still to come"},
		"from before the key was made": {now.Add(-62 * time.Minute), "before the key"},
		"from just before":             {now.Add(-60*time.Minute - 30*time.Second), ""},
	} {
		text, err := o.server.Seal(seal.OfRequest(request()), test.at, request())
		require.NoError(t, err)
		_, err = o.verifier.Verify(seal.OfRequest(request()), request(), text)
		if test.says == "" {
			require.NoError(t, err, name)
			continue
		}
		if name == "from the future" {
			problem, ok := contract.ProblemOf(err)
			require.True(t, ok)
			require.Equal(t, contract.KindUnavailable, problem.Kind, "a clock is wrong, and nobody has forged anything")
			require.True(t, seal.Ahead(problem))
			require.ErrorContains(t, err, test.says)
			_, err = o.verifier.AnyDate().Verify(seal.OfRequest(request()), request(), text)
			require.NoError(t, err)
			continue
		}
		requireRefused(t, err, test.says)
	}
}

func TestAKeySetIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	o := open(t)
	keys, err := o.keys.Retire(o.decider.KeyID(), now.Add(time.Hour), now)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "keys.json")

	require.NoError(t, o.keys.WriteFile(path))
	require.NoError(t, keys.WriteFile(path))
	read, err := seal.ReadKeys(path)

	require.NoError(t, err)
	require.Equal(t, keys, read)
	folder, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, folder, 1, "nothing else is left behind")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode().Perm())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var others jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(text, &others), "other programs read it as a JWK set")
	require.Len(t, others.Key(o.server.KeyID()), 1)
}

func TestMistakesInAKeySetAreNamed(t *testing.T) {
	t.Parallel()
	o := open(t)
	text, err := json.Marshal(o.keys[:1])
	require.NoError(t, err)
	good := string(text)
	one := strings.TrimSuffix(strings.TrimPrefix(good, `{"keys":[`), `]}`)
	for name, test := range map[string]struct{ text, says string }{
		"nothing":             {"", "keys: is no set"},
		"no JSON":             {"{", "keys: is no set"},
		"two sets":            {good + good, "keys: is no set"},
		"too large":           {strings.Repeat(" ", 1<<20+1), "larger than 1024 KiB"},
		"a mistyped member":   {strings.Replace(good, `"nbf"`, `"retird"`, 1), "retird"},
		"another type":        {strings.Replace(good, `"OKP"`, `"EC"`, 1), "keys[0].kty: "},
		"another curve":       {strings.Replace(good, `"Ed25519"`, `"X25519"`, 1), "keys[0].kty: "},
		"another algorithm":   {strings.Replace(good, `"EdDSA"`, `"none"`, 1), "keys[0].kty: "},
		"another use":         {strings.Replace(good, `"sig"`, `"enc"`, 1), "keys[0].kty: "},
		"a short key":         {strings.Replace(good, `"x":"`, `"x":"-`, 1), "keys[0].x: "},
		"a member twice":      {strings.Replace(good, `"nbf"`, `"retired":1,"retired":99999999999,"nbf"`, 1), "/keys/0/retired is there twice"},
		"a member's case":     {strings.Replace(good, `"nbf"`, `"NBF"`, 1), "there is no key /keys/0/NBF"},
		"another key's id":    {strings.Replace(good, `"kid":"`, `"kid":"0`, 1), "keys[0].kid: "},
		"another role":        {strings.Replace(good, `"server"`, `"owner"`, 1), `keys[0].curfew_role: "owner" is no role`},
		"a time that is none": {strings.Replace(good, `"nbf":`, `"nbf":"`, 1), "keys: is no set"},
		"a private half":      {strings.Replace(good, `"use"`, `"d":"c2VjcmV0","use"`, 1), "keys[0].d: is the private half"},
		"a key twice":         {`{"keys":[` + one + `,` + one + `]}`, "keys[1].kid: the key"},
		"very many":           {`{"keys":[` + strings.Repeat(one+",", 1000) + one + `]}`, "more than 1000"},
	} {
		keys, err := seal.ParseKeys([]byte(test.text))
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok, name)
		require.Equal(t, contract.KindInvalid, problem.Kind, name)
		require.Contains(t, problem.Error(), test.says, name)
		require.NotContains(t, problem.Error(), "c2VjcmV0", name)
		require.NotEmpty(t, problem.Fix, name)
		require.Nil(t, keys, name)
	}
	_, err = seal.NewVerifier(seal.Keys{{ID: "x", Role: seal.RoleServer}}, time.Now)
	require.ErrorContains(t, err, "keys[0].x")
	_, err = seal.NewVerifier(append(o.keys, o.keys[0]), time.Now)
	require.ErrorContains(t, err, "twice")
}

func TestWhatIsNoPrivateKeyIsRefused(t *testing.T) {
	t.Parallel()
	_, good, err := seal.NewKey(seal.RoleServer, now)
	require.NoError(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	other, err := x509.MarshalPKCS8PrivateKey(curve)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"nothing":         "",
		"no PEM":          "s3cr3t",
		"a public key":    strings.ReplaceAll(string(good), "PRIVATE", "PUBLIC"),
		"two keys":        string(good) + string(good),
		"a broken key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("s3cr3t")})),
		"another curve's": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: other})),
	} {
		_, err := seal.ParseSigner(text)
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok, name)
		require.Equal(t, contract.KindInvalid, problem.Kind, name)
		require.NotContains(t, err.Error(), "s3cr3t")
	}
	_, err = seal.ParseSigner(strings.TrimSpace(string(good)))
	require.NoError(t, err, "a secret is read without its last line break")
	_, _, err = seal.NewKey("owner", now)
	require.ErrorContains(t, err, `role: "owner" is no role`)
}

func TestASignerDoesNotShowItsKey(t *testing.T) {
	t.Parallel()
	_, text, err := seal.NewKey(seal.RoleServer, now)
	require.NoError(t, err)
	signer, err := seal.ParseSigner(string(text))
	require.NoError(t, err)
	private := privateOf(t, text)
	for _, verb := range []string{"%v", "%+v", "%#v", "%d", "%x", "%s"} {
		for _, value := range []any{signer, *signer} {
			shown := fmt.Sprintf(verb, value)
			require.NotContains(t, shown, strings.Trim(fmt.Sprint([]byte(private[:8])), "[]"), verb)
			require.NotContains(t, shown, fmt.Sprintf("%x", []byte(private[:8])), verb)
		}
	}
	encoded, err := json.Marshal(map[string]any{"signer": signer})
	require.NoError(t, err)
	require.JSONEq(t, `{"signer":{}}`, string(encoded))
}

func TestAPrivateKeyIsForItsOwnerAndNeverOverwritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "server-key.pem")
	require.NoError(t, seal.WritePrivate(path, []byte("the only copy")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	err = seal.WritePrivate(path, []byte("another"))

	require.ErrorContains(t, err, "is not overwritten")
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "the only copy", string(kept))
	require.Error(t, seal.WritePrivate(filepath.Join(path, "below"), nil))
}

func TestAKeySetThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	broken := filepath.Join(folder, "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte(`{"keys":[{"kty":"EC"}]}`), 0o600))
	for path, test := range map[string]struct {
		kind contract.Kind
		says string
	}{
		filepath.Join(folder, "none.json"): {contract.KindNotFound, "there is no file"},
		folder:                             {contract.KindInvalid, "no ordinary file"},
		broken:                             {contract.KindInvalid, "broken.json: keys[0].kty"},
	} {
		_, err := seal.ReadKeys(path)
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok, path)
		require.Equal(t, test.kind, problem.Kind)
		require.Contains(t, problem.Error(), test.says)
	}
	require.Error(t, seal.Keys{}.WriteFile(filepath.Join(folder, "none", "keys.json")))
}
