package configdoc_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"curfew/activities/kinds"
	"curfew/internal/configdoc"
	"curfew/workflows/contract"
)

var update = flag.Bool("update", false, "write docs/config.md")

func TestThePageHasEveryKeyOfTheConfiguration(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "config.md")
	want := configdoc.Page(configdoc.Describe(kinds.ForConfig()))
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
	}
	have, err := os.ReadFile(file)
	require.NoError(t, err)
	const anew = "write it anew: go test ./internal/configdoc -run TestThePageHasEveryKey -update"
	require.Equal(t, want, string(have), anew)
}

// each calls a function for every key, with its path.
func each(path string, shape configdoc.Shape, call func(path string, key configdoc.Key)) {
	for _, key := range shape.Keys {
		call(path+"."+key.Name, key)
		each(path+"."+key.Name, key.Shape, call)
	}
	if shape.Of != nil {
		each(path, *shape.Of, call)
	}
	for _, form := range shape.Forms {
		each(path, form, call)
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	t.Parallel()
	looked := 0
	whole := configdoc.Shape{Keys: configdoc.Describe(kinds.ForConfig())}
	each("", whole, func(path string, key configdoc.Key) {
		looked++
		require.Regexp(t, `^[A-Za-z0-9].*[^.]\.$`, key.Doc, "%s: say in a sentence what it means", path)
		for _, text := range []string{key.Default, key.Shape.Min, key.Shape.Max} {
			var length contract.Duration
			switch _, err := strconv.Atoi(text); {
			case text == "":
			case key.Shape.Type == configdoc.Duration:
				require.NoError(t, length.UnmarshalText([]byte(text)), path)
			case key.Shape.Type == configdoc.Number, key.Shape.Type == configdoc.List:
				require.NoError(t, err, path)
			case key.Shape.Choices != nil:
				require.Contains(t, key.Shape.Choices, text, path)
			}
		}
	})
	require.Greater(t, looked, 150)
}

// compiled is the schema as editors read it.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := configdoc.Schema(configdoc.Describe(kinds.ForConfig()))
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("curfew.schema.json", document))
	schema, err := compiler.Compile("curfew.schema.json")
	require.NoError(t, err, "it is a schema of its draft")
	require.Equal(t, "https://json-schema.org/draft/2020-12/schema", document.(map[string]any)["$schema"])
	return schema
}

func read(t *testing.T, text string) any {
	t.Helper()
	var value any
	require.NoError(t, yaml.Load([]byte(text), &value))
	return value
}

func TestTheSchemaTakesTheConfigurationsOfTheProject(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for name, text := range configurations(t) {
		require.NoError(t, schema.Validate(read(t, text)), name)
	}
}

// configurations are those that the project shows: whole files, the demonstration's, and the examples of its pages that
// begin with a section.
func configurations(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, file := range []string{"deploy/curfew.yaml", "examples/curfew.yaml", "examples/oncall.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		require.NoError(t, err)
		all[file] = string(text)
	}
	stage, err := os.ReadFile(filepath.Join("..", "..", "cmd", "demo", "stage.go"))
	require.NoError(t, err)
	_, demo, found := strings.Cut(string(stage), `New("curfew.yaml").Parse(`+"`")
	require.True(t, found)
	demo, _, _ = strings.Cut(demo, "`")
	all["the demonstration"] = regexp.MustCompile(`\{\{[^}]*}}`).ReplaceAllString(demo, "x")
	block := regexp.MustCompile("(?s)```yaml\n([a-z].*?)```")
	for _, page := range []string{"README.md", "docs/hooks.md", "docs/notify.md", "docs/configure.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", page))
		require.NoError(t, err)
		blocks := block.FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, blocks, page)
		for i, one := range blocks {
			all[page+" "+strconv.Itoa(i)] = one[1]
		}
	}
	return all
}

// gives is what no template can be without.
const gives = "entitlements: [{target: db, role: reader}]"

func TestTheSchemaRequiresWhatTheReaderRequires(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	const (
		token  = "person: ada, hash: h, scopes: [ask], expires: e"
		hook   = "verify: bearer, secrets: ['env:S']"
		rule   = "name: a, groups: [ops]"
		access = "groups: [ops], maxDuration: 30m, reviewWithin: 24h"
	)
	// The first of each is right, and every other one lacks a key.
	for _, section := range [][]string{
		{"templates: {t: {" + gives + "}}", "templates: {t: {}}", "templates: {t: {entitlements: [{role: reader}]}}"},
		{"serviceTokens: {ci: {" + token + "}}", "serviceTokens: {ci: {" + strings.Replace(token, "person: ada, ", "", 1) + "}}"},
		{"hooks: {h: {" + hook + "}}", "hooks: {h: {verify: bearer}}", "hooks: {h: {secrets: ['env:S']}}"},
		{"hooks: {h: {" + hook + ", routes: [{template: t}]}}", "hooks: {h: {" + hook + ", routes: [{service: S}]}}"},
		{
			"templates: {t: {" + gives + ", approvals: [{" + rule + "}]}}",
			"templates: {t: {" + gives + ", approvals: [{groups: [ops]}]}}",
		},
		{"targets: {db: {kind: postgres, dsn: 'env:DSN'}}", "targets: {db: {kind: postgres}}"},
		{
			"targets: {d: {kind: ldap, url: 'ldaps://d', bindDN: cn=c, password: 'env:P'}}",
			"targets: {d: {kind: ldap, url: 'ldaps://d', bindDN: cn=c}}",
			"targets: {d: {kind: ldap, bindDN: cn=c, password: 'env:P'}}",
		},
		{"notify: {m: {smtp: {address: 'mail:25', from: a@b.c}}}", "notify: {m: {smtp: {from: a@b.c}}}"},
		// What templates inherit may be in the defaults alone, and the defaults need not say all of it.
		{"defaults: {breakGlass: {" + access + "}}"},
		{"defaults: {breakGlass: {groups: [ops]}}"},
		{"templates: {t: {" + gives + ", breakGlass: {maxDuration: 10m}}}"},
		{"templates: {t: {" + gives + ", duration: {max: 2h}}}"},
	} {
		require.NoError(t, schema.Validate(read(t, section[0])), section[0])
		for _, lacking := range section[1:] {
			require.Error(t, schema.Validate(read(t, lacking)), lacking)
		}
	}
}

func TestTheSchemaHasTheBoundsOfNumbersAndLists(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	const postgres = "targets: {db: {kind: postgres, dsn: 'env:DSN', maxConnections: %d}}"
	require.NoError(t, schema.Validate(read(t, fmt.Sprintf(postgres, 100))))
	require.Error(t, schema.Validate(read(t, fmt.Sprintf(postgres, 101))))
	require.Error(t, schema.Validate(read(t, fmt.Sprintf(postgres, 0))))
	require.NoError(t, schema.Validate(read(t, "server: {secretFiles: [a, b, c, d]}")))
	require.Error(t, schema.Validate(read(t, "server: {secretFiles: [a, b, c, d, e]}")))
}

func TestTheSchemaRefusesTypicalMistakes(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for name, text := range map[string]string{
		"an unknown section":            "targest: {}",
		"an unknown key":                "server: {lisen: '127.0.0.1:8300'}",
		"an unknown key of a template":  "templates: {t: {" + gives + ", durations: {max: 1h}}}",
		"an unknown key of a target":    "targets: {db: {kind: postgres, dns: 'env:DSN'}}",
		"an unknown key of a tracker":   "tickets: {jira: {urls: 'https://jira.example.com'}}",
		"an unknown key in a rule":      "templates: {t: {" + gives + ", approval: {counts: 1}}}",
		"a key of another kind":         "targets: {db: {kind: postgres, kubeconfig: /etc/kube}}",
		"an unknown kind":               "targets: {db: {kind: oracle}}",
		"a target without a kind":       "targets: {db: {dsn: 'env:DSN'}}",
		"an unknown tracker":            "tickets: {jra: {}}",
		"a tracker without its token":   "tickets: {jira: {url: 'https://jira.example.com', deployment: cloud}}",
		"two kinds of one channel":      "notify: {c: {teams: {url: 'env:U'}, slack: {token: 'env:T', channel: C012ABCDEF}}}",
		"a channel of no kind":          "notify: {c: {}}",
		"a secret in the file":          "targets: {db: {kind: postgres, dsn: 'postgres://curfew:secret@db'}}",
		"a number for a duration":       "drift: {every: 15}",
		"a word for a duration":         "drift: {every: soon}",
		"a text for a number":           "sweep: {maxRemovals: many}",
		"a number that is too small":    "sweep: {maxRemovals: 0}",
		"a word for true or false":      "sweep: {remove: perhaps}",
		"a text for a list":             "roles: {admins: ada}",
		"a list for a section":          "server: [listen]",
		"a choice that there is not":    "templates: {t: {" + gives + ", sessions: kill}}",
		"a ticket's short form, wrong":  "templates: {t: {" + gives + ", ticket: requierd}}",
		"a scope that there is not":     "serviceTokens: {ci: {scopes: [write]}}",
		"an entitlement's unknown key":  "templates: {t: {entitlements: [{target: db, rle: reader}]}}",
		"a kind that knows no members":  "directories: {d: {kind: postgres}}",
		"an end that nothing can bring": "templates: {t: {" + gives + ", endWith: [tickets]}}",
	} {
		require.Error(t, schema.Validate(read(t, text)), name)
	}
}
