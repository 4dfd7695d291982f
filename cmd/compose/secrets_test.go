package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/keyring"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// nameBy is what a ring calls one thing.
func nameBy(t *testing.T, ring keyring.Ring) [][]byte {
	t.Helper()
	names, err := ring.Names("test", "one thing")
	require.NoError(t, err)
	return names
}

func kept(t *testing.T, mode os.FileMode, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	require.NoError(t, os.Chmod(path, mode))
	return path
}

func newSigner(t *testing.T) *seal.Signer {
	t.Helper()
	_, private, err := seal.NewKey(seal.RoleServer, time.Now())
	require.NoError(t, err)
	signer, err := seal.ParseSigner(string(private))
	require.NoError(t, err)
	return signer
}

func TestServersShareTheirSecretsByFilesTheSealingKeyOrTheirSources(t *testing.T) {
	t.Parallel()
	old, young := kept(t, 0o600, strings.Repeat("o", 32)+"\n"), kept(t, 0o440, strings.Repeat("y", 32))
	of := func(c *config.Config, signer *seal.Signer) [][]byte {
		ring, err := secrets(c, signer)
		require.NoError(t, err)
		return nameBy(t, ring)
	}
	files := func(files ...string) *config.Config { return &config.Config{Server: config.Server{SecretFiles: files}} }
	signer := newSigner(t)

	require.Equal(t, of(files(), signer), of(files(), signer), "the key is enough")
	require.NotEqual(t, of(files(), signer), of(files(), newSigner(t)))
	require.Equal(t, of(files(old), nil)[0], of(files(young, old), nil)[1], "the one before is still known")
	require.Equal(t, of(files(), signer)[0], of(files(old), signer)[1], "and so is what the key gives")

	source := func(secret string) *config.Config {
		return &config.Config{Hooks: map[string]config.Hook{"pd": {Secrets: []config.Secret{config.SecretOf(secret)}}}}
	}
	require.Equal(
		t,
		of(source("one"), nil),
		of(source("one"), nil),
		"servers without a key share the secrets of their sources",
	)
	require.NotEqual(t, of(source("one"), nil), of(source("two"), nil))
	require.NotEqual(t, of(files(), nil), of(files(), nil), "a server that shares nothing has a secret of its own")
}

func TestAKeyThatOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o644, 0o604, 0o602, 0o660, 0o777} {
		file := kept(t, mode, strings.Repeat("x", 32))
		_, err := secrets(&config.Config{Server: config.Server{SecretFiles: []string{file}}}, nil)
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok, "%04o", mode)
		require.Equal(t, "server.secretFiles[0]", problem.Field)
		require.Contains(t, problem.Error(), "others can read or change it; chmod 600 it")
		require.NotContains(t, problem.Error(), "xxx")
	}
	key, private, err := seal.NewKey(seal.RoleServer, time.Now())
	require.NoError(t, err)
	verifier, err := seal.NewVerifier(seal.Keys{key}, time.Now)
	require.NoError(t, err)
	for mode, refused := range map[os.FileMode]bool{0o644: true, 0o600: false, 0o400: false, 0o440: false} {
		_, err := server(config.Seals{Key: kept(t, mode, string(private))}, verifier)
		require.Equal(t, refused, err != nil, "%04o: %v", mode, err)
	}
}

func TestASecretThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for file, says := range map[string]string{
		kept(t, 0o600, "short"):       "shorter than 32 bytes",
		filepath.Join(folder, "none"): "no such file",
		folder:                        "no ordinary file",
	} {
		_, err := secrets(&config.Config{Server: config.Server{SecretFiles: []string{file}}}, nil)
		require.ErrorContains(t, err, says)
	}
}

func TestKeysAreOpenedBeforeAnybodyNeedsThem(t *testing.T) {
	t.Parallel()
	pair := func(role seal.Role) (seal.Key, string) {
		key, private, err := seal.NewKey(role, time.Now())
		require.NoError(t, err)
		return key, kept(t, 0o600, string(private))
	}
	server, serverFile := pair(seal.RoleServer)
	decider, deciderFile := pair(seal.RoleDecider)
	_, strangerFile := pair(seal.RoleServer)
	set := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, seal.Keys{server, decider}.WriteFile(set))
	readable := kept(t, 0o600, "")
	text, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(readable, text, 0o600))
	require.NoError(t, os.Chmod(readable, 0o644))
	good := config.Seals{Key: serverFile, Decider: deciderFile, Keys: set}
	require.Empty(t, OpenKeys("curfew.yaml", &config.Config{Seals: good}))
	require.Empty(t, OpenKeys("curfew.yaml", &config.Config{}))

	for name, test := range map[string]struct {
		change      func(*config.Config)
		field, says string
	}{
		"no set":              {func(c *config.Config) { c.Seals.Keys = set + ".old" }, "seals.keys", "there is no file"},
		"a key set that none": {func(c *config.Config) { c.Seals.Keys = serverFile }, "seals.keys", "no set of public keys"},
		"no key":              {func(c *config.Config) { c.Seals.Key = set + ".pem" }, "seals.key", "no such file"},
		"a key of others":     {func(c *config.Config) { c.Seals.Key = readable }, "seals.key", "others can read"},
		"no private key":      {func(c *config.Config) { c.Seals.Key = kept(t, 0o600, "x") }, "seals.key", "not one private key"},
		"an unknown key":      {func(c *config.Config) { c.Seals.Key = strangerFile }, "seals.keys", "nobody would believe"},
		"the wrong role":      {func(c *config.Config) { c.Seals.Decider = serverFile }, "seals.keys", "nobody would believe"},
		"a short secret":      {func(c *config.Config) { c.Server.SecretFiles = []string{kept(t, 0o600, "x")} }, "server.secretFiles[0]", "shorter"},
	} {
		changed := &config.Config{Seals: good}
		test.change(changed)
		mistakes := OpenKeys("curfew.yaml", changed)
		require.Len(t, mistakes, 1, name)
		require.Equal(t, test.field, mistakes[0].Field, name)
		require.Contains(t, mistakes[0].Fault, test.says, name)
		require.NotEmpty(t, mistakes[0].Fix, name)
	}
}
