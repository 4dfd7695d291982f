package archtest

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module   = "curfew/"
	temporal = "go.temporal.io/"
)

// allowance is what the packages of a room may import. Patterns are paths: * stands for one name, /... for all below
// and the folder itself, and .. for the folder above the importing package.
type allowance struct {
	room     string
	ours     []string // from the root of the module
	temporal []string // from go.temporal.io
}

// The first row that fits a package counts. What is not allowed here is forbidden, and so is a package without a row.
var allowances = []allowance{
	{"workflows/contract", nil, []string{"sdk/temporal"}},
	{"workflows/replaytest", []string{"workflows/..."}, []string{"api/...", "sdk/..."}},
	{
		"workflows/...",
		[]string{"workflows/contract", "workflows/step", "workflows/wait"},
		[]string{"sdk/converter", "sdk/log", "sdk/temporal", "sdk/workflow"},
	},

	{
		"internal/testserver/...",
		[]string{"internal/testserver/process", "workflows/contract"},
		[]string{"sdk/client", "sdk/log"},
	},
	{"internal/chaos/people", []string{"internal/chaos/...", "workflows/contract"}, []string{"api/...", "sdk/client"}},
	{"internal/chaos/judge", []string{"workflows/contract"}, nil},
	{"internal/chaos/plan", nil, nil},
	{"internal/chaos/observer", []string{"internal/chaos/judge", "workflows/contract"}, nil},
	{"internal/metrics/temporal", nil, []string{"sdk/client"}},
	{"internal/strictyaml", []string{"internal/outbound", "workflows/contract"}, nil},
	{"internal/people", []string{"internal/strictyaml", "workflows/contract"}, nil},
	{
		"internal/config",
		[]string{
			"internal/people",
			"internal/policy/condition",
			"internal/signing",
			"internal/strictyaml",
			"workflows/contract",
		},
		nil,
	},
	{
		"internal/identity",
		[]string{
			"internal/exactjson",
			"internal/keepalive",
			"internal/people",
			"internal/strictyaml",
			"workflows/contract",
		},
		nil,
	},
	{"internal/reload", []string{"internal/config", "internal/strictyaml"}, nil},
	{"internal/...", []string{"internal/...", "workflows/contract"}, nil},

	{"activities", []string{"workflows/contract"}, nil},
	{
		"activities/lease",
		[]string{"activities", "activities/ledger", "internal/...", "workflows/contract"},
		[]string{"api/...", "sdk/activity", "sdk/client", "sdk/temporal"},
	},
	{
		"activities/sweep",
		[]string{"activities", "activities/ledger", "activities/target", "internal/config", "workflows/contract"},
		[]string{"api/...", "sdk/client", "sdk/converter"},
	},
	{"activities/clock", []string{"activities/ledger", "workflows/contract"}, []string{"api/...", "sdk/client"}},
	{"activities/facts", []string{"activities/*", "internal/...", "workflows/contract"}, nil},
	{
		"activities/policy",
		[]string{"activities", "activities/*", "internal/...", "workflows/contract"},
		[]string{"sdk/activity"},
	},
	{"activities/kinds", []string{"activities/...", "internal/config", "internal/people", "workflows/contract"}, nil},
	{"activities/story", []string{"workflows/contract"}, nil},
	{"activities/narrate", []string{"activities", "activities/story", "workflows/contract"}, []string{"sdk/activity"}},
	{
		"activities/*",
		[]string{
			"activities",
			"activities/ledger",
			"activities/narrate",
			"activities/story",
			"internal/...",
			"workflows/contract",
		},
		[]string{"sdk/activity"},
	},
	{
		"activities/target/targettest",
		[]string{
			"..",
			"activities/ledger",
			"activities/ledger/sqlite",
			"internal/testserver/pace",
			"workflows/contract",
		},
		[]string{"sdk/temporal", "sdk/testsuite"},
	},
	{"activities/*/*", []string{"..", "activities/story", "internal/...", "workflows/contract"}, nil},

	{"worker", []string{"activities", "activities/*", "internal/...", "workflows/..."}, []string{"api/...", "sdk/..."}},

	{
		"starter",
		[]string{"activities", "activities/*", "internal/...", "starter/answer", "workflows/contract"},
		[]string{"api/...", "sdk/..."},
	},
	{
		"starter/startertest",
		[]string{"activities/...", "internal/...", "starter", "workflows/contract"},
		[]string{"sdk/client"},
	},
	{"starter/...", []string{"activities/*", "internal/...", "starter/...", "workflows/contract"}, nil},

	{
		"cmd/...",
		[]string{"activities/...", "cmd/...", "internal/...", "starter/...", "worker", "workflows/contract"},
		[]string{"api/...", "sdk/client", "sdk/contrib/envconfig"},
	},
	{"examples/...", nil, nil},
	{"devserver/...", []string{"..."}, []string{"..."}},
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	var faults []string
	for _, s := range load(t).sources {
		if s.test {
			continue
		}
		allowed, ok := allowanceOf(s.room)
		require.True(t, ok, "%s: say in allowances what this room may import", s.path)
		for _, imported := range s.imports() {
			name, ours := strings.CutPrefix(imported, module)
			if ours && !allowed.allowsOurs(s.room, name) {
				faults = append(faults, s.path+" may not import "+imported)
			}
			name, theirs := strings.CutPrefix(imported, temporal)
			if theirs && !fitsAny(allowed.temporal, name) {
				faults = append(faults, s.path+" may not import "+imported)
			}
		}
	}
	require.Empty(t, faults)
}

// Tests reach further than what they test, but no test of the product may link the embedded server: it would make
// each such test binary 200 MB.
func TestNothingOfTheProductLinksTheServer(t *testing.T) {
	t.Parallel()
	var faults []string
	for _, s := range load(t).sources {
		for _, imported := range s.imports() {
			server := fits("curfew/devserver/...", imported) || fits("go.temporal.io/server/...", imported)
			if server && !fits("devserver/...", s.room) {
				faults = append(faults, s.path+" may not import "+imported)
			}
		}
	}
	require.Empty(t, faults)
}

func TestEveryAllowanceIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, s := range load(t).sources {
		if allowed, ok := allowanceOf(s.room); ok {
			used[allowed.room] = true
		}
	}
	for _, a := range allowances {
		require.True(t, used[a.room], "no package is left for the row of %s: take it out", a.room)
	}
}

func allowanceOf(room string) (allowance, bool) {
	for _, row := range allowances {
		if fits(row.room, room) {
			return row, true
		}
	}
	return allowance{}, false
}

func (s source) imports() []string {
	var imports []string
	for _, spec := range s.syntax.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err == nil {
			imports = append(imports, imported)
		}
	}
	return imports
}

func (a allowance) allowsOurs(room, imported string) bool {
	return fitsAny(a.ours, imported) || slices.Contains(a.ours, "..") && imported == path.Dir(room)
}

func fitsAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return fits(pattern, name) })
}

// fits is true when a pattern stands for a path.
func fits(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if tree, ok := strings.CutSuffix(pattern, "/..."); ok {
		steps := strings.Split(name, "/")
		depth := min(len(steps), strings.Count(tree, "/")+1)
		pattern, name = tree, strings.Join(steps[:depth], "/")
	}
	matched, err := path.Match(pattern, name)
	return err == nil && matched
}
