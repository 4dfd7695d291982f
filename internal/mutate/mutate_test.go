package mutate_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/mutate"
)

var root = filepath.Join("..", "..")

// A mutation that fits nothing any more would be reported as tried by nobody.
func TestEveryMutationFitsTheProduct(t *testing.T) {
	t.Parallel()
	all, err := mutate.All()
	require.NoError(t, err)
	promises := map[string]int{}
	for _, m := range all {
		_, err := m.Broken(root)
		require.NoError(t, err, m.Breaks)
		require.NotEqual(t, m.From, m.To, m.Breaks)
		require.True(t, hasTest(t, m), "%s: there is no test %s in %s", m.Breaks, m.Test, m.Package)
		promises[m.Promise]++
	}
	for _, promise := range []string{"P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9"} {
		require.NotZero(t, promises[promise], "nothing breaks %s", promise)
	}
}

func hasTest(t *testing.T, m mutate.Mutation) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, m.Package, "*_test.go"))
	require.NoError(t, err)
	begins := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(m.Test) + `\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if begins.Match(text) {
			return true
		}
	}
	return false
}

// The table is only worth something when it tells a test that fails from one that passes, and from one that never ran.
func TestAMutationIsKilledByATestThatFailsAndByNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module tried\n\ngo 1.26\n",
		"sum.go":      "package tried\n\nfunc sum(a, b int) int { return a + b }\n",
		"sum_test.go": "package tried\n\nimport \"testing\"\n\nfunc TestSum(t *testing.T) {\n\tif sum(1, 2) != 3 {\n\t\tt.Fatal(\"wrong\")\n\t}\n}\n\nfunc TestNothing(*testing.T) {}\n",
		"die_test.go": "package tried\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestDie(*testing.T) {\n\tif sum(0, 0) != 0 {\n\t\tos.Exit(3)\n\t}\n}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for name, tc := range map[string]struct {
		to, test string
		want     mutate.Outcome
	}{
		"a test fails":          {"a - b", "TestSum", mutate.Killed},
		"a test passes":         {"a - b", "TestNothing", mutate.Survived},
		"the test is not there": {"a - b", "TestGone", mutate.NotTried},
		"it does not compile":   {"a -", "TestSum", mutate.NotTried},
		"a test has no end":     {"a + b + 1", "TestDie", mutate.Died},
	} {
		m := mutate.Mutation{In: "sum.go", From: "a + b", To: tc.to, Package: ".", Test: tc.test}
		result, err := m.Try(t.Context(), dir, 5*time.Minute)
		require.NoError(t, err, name)
		require.Equal(t, tc.want, result.Outcome, "%s:\n%s", name, result.Output)
	}
	text, err := os.ReadFile(filepath.Join(dir, "sum.go"))
	require.NoError(t, err)
	require.Contains(t, string(text), "a + b", "the files stay as they are")
}
