package archtest

import (
	"go/ast"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testName is how pages refer to what shows that they are true.
var testName = regexp.MustCompile(`\bTest[A-Z][A-Za-z0-9_]*`)

func TestPagesNameTestsThatExist(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, s := range load(t).sources {
		for _, declaration := range s.syntax.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && s.test {
				there[function.Name.Name] = true
			}
		}
	}
	named, missing := 0, []string{}
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (entry.Name() == "node_modules" || entry.Name() == "bin" || strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".md":
			return nil
		}
		text, err := os.ReadFile(path.Join(root, name))
		if err != nil {
			return err
		}
		for _, test := range testName.FindAllString(string(text), -1) {
			named++
			if !there[test] {
				missing = append(missing, name+" names "+test)
			}
		}
		return nil
	}))
	require.NotZero(t, named)
	require.Empty(t, missing)
}
