package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
)

func FuzzLoadNeverPanicsAndExplainsEveryRefusal(f *testing.F) {
	example, err := os.ReadFile("../../examples/curfew.yaml")
	require.NoError(f, err)
	for _, seed := range []string{
		string(example), template + world, "", "a: *a", "a: &a [*a]", "people: {a: &x {}, b: *x}", "<<: {}", "? {}\n: {}", "- a",
		"people: {'': {}}", "people: {a.b: {token: file:}}", "tickets: {jira: ~}", "targets: {a: {kind: postgres, connections: 0x10}}",
		"templates: {t: {entitlements: [{target: {}, role: [1, 1.5, .nan, 2001-01-01, !!binary aGk=]}]}}", "server: {listen: ':'}",
		"server: {url: 'http://%zz'}", "\xff\xfea\x00", "a: |\n b", "%YAML 1.2\n---\n{}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "curfew.yaml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		c, err := config.Load(file, kinds)
		if err == nil {
			require.NotNil(t, c)
			return
		}
		var mistakes config.Errors
		require.ErrorAs(t, err, &mistakes)
		require.NotEmpty(t, mistakes)
		for _, mistake := range mistakes {
			require.NotEmpty(t, mistake.Fault)
			require.GreaterOrEqual(t, mistake.Line, 0)
		}
	})
}
