package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

// mostLines is when a file asks to be read in parts.
const mostLines = 450

func TestEveryPackageSaysWhatItIsForOnce(t *testing.T) {
	t.Parallel()
	all := load(t)
	product := map[string]bool{} // the others have nothing but tests
	for _, s := range all.sources {
		product[s.room] = product[s.room] || !s.test
	}
	said := map[string]int{}
	for _, s := range all.sources {
		if s.test && product[s.room] {
			continue
		}
		said[s.room] += 0
		if s.syntax.Doc == nil {
			continue
		}
		said[s.room]++
		begins := "Package " + s.syntax.Name.Name + " "
		if s.syntax.Name.Name == "main" {
			begins = "Command " + path.Base(s.room) + " "
		}
		require.True(
			t,
			strings.HasPrefix(s.syntax.Doc.Text(), begins),
			"%s: the comment above package must begin with %q",
			s.path,
			begins,
		)
	}
	for room, times := range said {
		require.Equal(t, 1, times, "%s: one file of the package, and only one, says what it is for", room)
	}
}

func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	var faults []string
	for _, s := range load(t).sources {
		if !s.test && s.lines > mostLines {
			faults = append(faults, fmt.Sprintf("%s has %d lines: take it apart", s.path, s.lines))
		}
	}
	require.Empty(t, faults)
}

func TestWireNamesAreWrittenInTheContractOnly(t *testing.T) {
	t.Parallel()
	all := load(t)
	wire := wireNames(all)
	require.Contains(t, wire, contract.WorkflowRequest)
	require.Contains(t, wire, contract.ActivityGrant)
	require.Contains(t, wire, contract.SearchAttributes[0].Name)
	var faults []string
	for _, s := range all.sources {
		if s.test || s.room == "workflows/contract" {
			continue
		}
		ast.Inspect(s.syntax, func(node ast.Node) bool {
			if text, ok := literal(node); ok && wire[text] {
				faults = append(
					faults,
					fmt.Sprintf("%s: take %q from workflows/contract", all.files.Position(node.Pos()), text),
				)
			}
			return true
		})
	}
	require.Empty(t, faults)
}

// wireNames are the texts that processes share. Plain words such as "extend" are not among them: they have other uses
// too.
func wireNames(all *tree) map[string]bool {
	names := map[string]bool{}
	for _, attribute := range contract.SearchAttributes {
		names[attribute.Name] = true
	}
	for _, s := range all.sources {
		if s.path != "workflows/contract/names.go" {
			continue
		}
		ast.Inspect(s.syntax, func(node ast.Node) bool {
			if text, ok := literal(node); ok && strings.ContainsAny(text, "./") {
				names[text] = true
			}
			return true
		})
	}
	return names
}

func literal(node ast.Node) (string, bool) {
	found, ok := node.(*ast.BasicLit)
	if !ok || found.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(found.Value)
	return text, err == nil
}

// The server brings hundreds of modules along, and their versions and weaknesses with them.
func TestTheProductDoesNotDependOnTheServer(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for number, line := range strings.Split(string(text), "\n") {
			for _, word := range strings.Fields(line) {
				require.False(
					t,
					word == "curfew/devserver" || fits("go.temporal.io/server/...", word) ||
						fits("github.com/temporalio/ui-server/...", word),
					"%s:%d: %s belongs to devserver/go.mod",
					name,
					number+1,
					word,
				)
			}
		}
	}
}
