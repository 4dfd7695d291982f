// Package archtest holds the whole tree, devserver included, to its architecture: which room may use which, where the
// words that processes share are written, and how a package presents itself.
package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// source is one Go file.
type source struct {
	path   string // from the root, with slashes
	room   string // the folder of its package, from the root
	test   bool
	lines  int
	syntax *ast.File
}

// tree is all Go files, on every platform and in both modules.
type tree struct {
	files   *token.FileSet
	sources []source
}

var read = sync.OnceValues(func() (*tree, error) {
	t := &tree{files: token.NewFileSet()}
	return t, fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (entry.Name() == "testdata" || entry.Name() == "bin" || strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		return t.add(name)
	})
})

func (t *tree) add(name string) error {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(t.files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.sources = append(t.sources, source{
		path: name, room: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
		lines: bytes.Count(text, []byte("\n")), syntax: syntax,
	})
	return nil
}

func load(t *testing.T) *tree {
	t.Helper()
	loaded, err := read()
	require.NoError(t, err)
	require.NotEmpty(t, loaded.sources)
	return loaded
}
