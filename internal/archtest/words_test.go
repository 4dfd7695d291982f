package archtest

import (
	"fmt"
	"go/ast"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// retired are words that have given way to the field's own, with what they are called now. A pattern is a regular
// expression; docs/glossary.md has the words that are used.
var retired = map[string]string{
	`[Bb]ehind the glass|[Gg]lass was broken|[Bb]r(eak|oke|oken|eaking|eaks) the glass|brokeGlass|glass-broken`:     "break-glass access",
	`\b(ballot|SignInput|SignBy|GroundsInput|AbandonCommand|LookCommand|LookReceipt|TellInput|TellIncidentInput)\b`: "see workflows/contract",
	`\b(StartFor|Unended|askedToExtend|mustBeStuck|judgeExtension|tellPeople|answersForIt)\b`:                       "see docs/glossary.md",
	`policy\.(Sign|Grounds)"|target\.(Look|Abandon)"|(ticket|incident|notify)\.Tell"`:                               "see workflows/contract/names.go",
	`\b(releaseStuck|stuck/release|lookEvery|tellIncident)\b`:                                                       "takeOverStuck, stuck/takeover, driftCheckInterval, updateIncident",
	`\b[Vv]ouched\b`: "verified, or sealed",
}

// spellings are where a retired word is written because it is retired.
var spellings = map[string]bool{"internal/archtest/words_test.go": true, "CHANGELOG.md": true}

func TestRetiredWordsAreUsedNowhere(t *testing.T) {
	t.Parallel()
	patterns := map[string]*regexp.Regexp{}
	for pattern := range retired {
		patterns[pattern] = regexp.MustCompile(pattern)
	}
	faults := []string{}
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && skippedFolders(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || spellings[name] || !isProse(name):
			return nil
		}
		text, err := os.ReadFile(path.Join(root, name))
		if err != nil {
			return err
		}
		for number, line := range strings.Split(string(text), "\n") {
			for pattern, now := range retired {
				if found := patterns[pattern].FindString(line); found != "" {
					faults = append(
						faults,
						fmt.Sprintf("%s:%d: %q has a word of its own now: %s", name, number+1, found, now),
					)
				}
			}
		}
		return nil
	}))
	require.Empty(t, faults)
}

func skippedFolders(name string) bool {
	return name == "node_modules" || name == "testdata" || name == "bin" || strings.HasPrefix(name, ".")
}

func isProse(name string) bool {
	switch path.Ext(name) {
	case ".go", ".md", ".html", ".yaml", ".yml", ".css", ".js", ".sh":
		return true
	}
	return path.Base(name) == "Makefile"
}

// participle is how a procedure must not begin: it reads as a predicate.
var participle = regexp.MustCompile(`^[a-z]+ed([A-Z]|$)`)

func TestProceduresOfWorkflowsAreVerbsInTheImperative(t *testing.T) {
	t.Parallel()
	looked, faults := 0, []string{}
	for _, s := range load(t).sources {
		if s.test || !strings.HasPrefix(s.room, "workflows/") {
			continue
		}
		for _, declaration := range s.syntax.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || !takesContext(function) {
				continue
			}
			looked++
			if participle.MatchString(function.Name.Name) {
				faults = append(
					faults,
					fmt.Sprintf("%s: %s may block, and reads as if it asked something", s.path, function.Name.Name),
				)
			}
		}
	}
	require.NotZero(t, looked)
	require.Empty(t, faults)
}

// takesContext is true for what can block a workflow.
func takesContext(function *ast.FuncDecl) bool {
	for _, parameter := range function.Type.Params.List {
		if kind, ok := parameter.Type.(*ast.SelectorExpr); ok && kind.Sel.Name == "Context" {
			return true
		}
	}
	return false
}

func TestEveryUpdateHasAValidatorAndAHandlerOfOneName(t *testing.T) {
	t.Parallel()
	all := load(t)
	updates, faults := 0, []string{}
	for _, s := range all.sources {
		if s.test || !strings.HasPrefix(s.room, "workflows/") {
			continue
		}
		ast.Inspect(s.syntax, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || !strings.HasPrefix(nameOf(call.Fun), "SetUpdateHandler") {
				return true
			}
			updates++
			handler, handles := strings.CutPrefix(nameOf(call.Args[2]), "handle")
			validator, validates := strings.CutPrefix(validatorOf(call), "validate")
			if !handles || !validates || handler != validator {
				faults = append(
					faults,
					fmt.Sprintf("%s: an update needs handleX and validateX", all.files.Position(call.Pos())),
				)
			}
			return true
		})
	}
	require.NotZero(t, updates)
	require.Empty(t, faults)
}

// validatorOf is the name of the validator in the options of an update.
func validatorOf(call *ast.CallExpr) (name string) {
	options, ok := call.Args[len(call.Args)-1].(*ast.CompositeLit)
	if !ok {
		return ""
	}
	for _, element := range options.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok && nameOf(pair.Key) == "Validator" {
			name = nameOf(pair.Value)
		}
	}
	return name
}

func nameOf(node ast.Expr) string {
	switch node := node.(type) {
	case *ast.Ident:
		return node.Name
	case *ast.SelectorExpr:
		return node.Sel.Name
	}
	return ""
}
