package config_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	registry "curfew/activities/kinds"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

// The settings and entitlements have the shape of real connectors'.
type lightrunSettings struct {
	URL      string            `yaml:"url"`
	Token    config.Secret     `yaml:"token"`
	Lead     contract.Duration `yaml:"lead"`
	Insecure bool              `yaml:"insecure"`
	Pools    []string          `yaml:"pools"`
}

func (s *lightrunSettings) Validate() error {
	if s.URL == "" {
		return contract.Invalid("is missing").At("url").Advise("write the address of your Lightrun")
	}
	return nil
}

type postgresSettings struct {
	DSN         config.Secret `yaml:"dsn"`
	Connections int           `yaml:"connections"`
}

type lightrunEntitlement struct {
	AgentPoolIDs []string `json:"agentPoolIds"`
	Roles        []string `json:"roles"`
}

type postgresEntitlement struct {
	Role  string `json:"role"`
	Known bool   `json:"known,omitempty"`
}

func roleOf(spec json.RawMessage) string {
	var entitlement postgresEntitlement
	_ = json.Unmarshal(spec, &entitlement)
	return entitlement.Role
}

// The kinds of systems beside the targets are those of the program.
var kinds = func() config.Kinds {
	all := registry.ForConfig()
	all.Targets = targetKinds
	return all
}()

var targetKinds = map[string]config.Kind{
	"lightrun": {
		Settings:    func() any { return &lightrunSettings{} },
		Normalize:   normalize(func(e *lightrunEntitlement) bool { return len(e.AgentPoolIDs) > 0 }, "agentPoolIds"),
		MaxDuration: 31 * 24 * time.Hour,
	},
	"postgres": {
		Settings:  func() any { return &postgresSettings{} },
		Normalize: normalize(func(e *postgresEntitlement) bool { return e.Role != "" }, "role"),
		Names:     roleOf,

		KnowsHolders: true,
	},
}

func normalize[T any](complete func(*T) bool, field string) func(json.RawMessage) (json.RawMessage, error) {
	return func(raw json.RawMessage) (json.RawMessage, error) {
		var entitlement T
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&entitlement); err != nil {
			return nil, contract.Invalid("is no entitlement: %v", err).Advise("write " + field)
		}
		if !complete(&entitlement) {
			return nil, contract.Invalid("is empty").At(field).Advise("name one")
		}
		return json.Marshal(entitlement)
	}
}

// canary is what every secret of these tests contains.
const canary = "c4n4ry"

// folder holds a configuration and the secrets that it may refer to.
func folder(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"curfew.yaml": text,
		"one":         canary + "-one\n", "two": canary + "-two\r\n", "also-one": canary + "-one", "lines": canary + "\n\n",
		"short": "too short", "long": canary + "-that-is-long-enough", "standard": "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32)),
		"empty": "\n", "large": canary + strings.Repeat("x", 64<<10),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return dir
}

func load(t testing.TB, text string) (*config.Config, error) {
	t.Helper()
	return config.Load(filepath.Join(folder(t, text), "curfew.yaml"), kinds)
}

// mistakes loads a file that is wrong, and returns the lines of the error without the name of its folder.
func mistakes(t testing.TB, text string) []string {
	t.Helper()
	dir := folder(t, text)
	_, err := config.Load(filepath.Join(dir, "curfew.yaml"), kinds)
	require.Error(t, err)
	var all config.Errors
	require.ErrorAs(t, err, &all)
	require.NotEmpty(t, all)
	require.NotContains(t, err.Error(), canary)
	return strings.Split(
		strings.NewReplacer(dir+string(filepath.Separator), "", dir, "FOLDER").Replace(err.Error()),
		"\n",
	)
}
