package archtest

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vendors are systems that Curfew works with, as people and code write them.
var vendors = regexp.MustCompile(
	`(?i)pager_?duty|service_?now|\bjira|slack|\bteams\b|microsoft|smtp|zephyr|atlassian|lightrun|kubernetes`,
)

// The configuration reads what a kind brings along. A tracker, incident system or channel that is added changes nothing
// there.
func TestTheConfigurationKnowsNoVendor(t *testing.T) {
	t.Parallel()
	for _, room := range []string{"config", "people", "reload", "strictyaml"} {
		files, err := filepath.Glob(path.Join(root, "internal", room, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, room)
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				namesNoVendor(t, file)
			}
		}
	}
}

func namesNoVendor(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for number, line := range strings.Split(string(text), "\n") {
		require.False(t, vendors.MatchString(line), "%s:%d: %q belongs to the package of the kind: %s",
			file, number+1, vendors.FindString(line), line)
	}
}

// One package lists the kinds. Whoever else imports one has a list of its own.
func TestOnlyTheListOfKindsKnowsThem(t *testing.T) {
	t.Parallel()
	ports := []string{"activities/target/*", "activities/ticket/*", "activities/incident/*", "activities/notify/*"}
	var faults []string
	for _, s := range load(t).sources {
		inPort := false
		for _, port := range ports {
			inPort = inPort || fits(port, s.room)
		}
		if s.test || inPort || s.room == "activities/kinds" || isTestSupport(s.room) {
			continue
		}
		for _, imported := range s.imports() {
			if fitsAny(ports, strings.TrimPrefix(imported, module)) {
				faults = append(faults, s.path+" imports "+imported+": take it from activities/kinds")
			}
		}
	}
	require.Empty(t, faults)
}

// isTestSupport is true for packages that only tests use.
func isTestSupport(room string) bool {
	return strings.HasSuffix(room, "test") || fits("internal/chaos/...", room)
}

// Entry points find out what a system can do by asking it, not by its name.
func TestEntryPointsNameNoKind(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	// What stands for a ticket is called zephyr in a request, whatever it is.
	for _, name := range []string{
		"jira", "pagerduty", "servicenow", "slack", "teams", "smtp", "lightrun", "scim", "ldap", "kubernetes",
	} {
		names[name] = true
	}
	for _, s := range load(t).sources {
		if s.test || !fitsAny([]string{"cmd/compose", "cmd/curfew", "starter", "starter/...", "worker"}, s.room) ||
			isTestSupport(s.room) {
			continue
		}
		ast.Inspect(s.syntax, func(node ast.Node) bool {
			text, ok := literal(node)
			require.False(t, ok && names[text], "%s has a list of kinds of its own: %q", s.path, text)
			return true
		})
	}
}
