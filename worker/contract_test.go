package worker

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/reload"
	"curfew/workflows/contract"
)

// recorder is a Registry that only remembers.
type recorder map[string]reflect.Type

func (r recorder) RegisterWorkflowWithOptions(run any, options workflow.RegisterOptions) {
	r[options.Name] = reflect.TypeOf(run)
}

func (r recorder) RegisterActivityWithOptions(run any, options activity.RegisterOptions) {
	r[options.Name] = reflect.TypeOf(run)
}

// Workflows call activities by name, so the compiler does not see whether the two sides agree. This test does: it reads
// what the workflows' source sends and takes, and compares it with the functions that a worker registers.
func TestActivitiesTakeAndReturnWhatWorkflowsSendAndRead(t *testing.T) {
	t.Parallel()
	registered := recorder{}
	options := Options{Config: reload.Fixed(&config.Config{}), Tickets: struct{ ticket.System }{}}
	registerActivities(registered, options, targetActivities(options))

	registerDeliver(registered, nil)

	constants := activityNames(t)
	require.Len(t, registered, len(constants), "the worker registers every activity of the contract, and no other")
	sent := map[string]bool{}
	for _, folder := range []string{"../workflows/request", "../workflows/grant", "../workflows/sweep", "../workflows/delivery", "../workflows/step"} {
		calls := readWorkflows(t, folder)
		returned := map[string]bool{}
		for constant, payload := range calls.sends {
			name, ok := constants[constant]
			require.True(t, ok, "%s is no name of the contract", constant)
			run, ok := registered[name]
			require.True(t, ok, "%s is not registered", name)
			require.Equal(t, 2, run.NumIn(), name)
			require.Equal(t, reflect.TypeFor[context.Context](), run.In(0), name)
			require.Equal(t, payload, run.In(1).String(), "%s takes something else than %s sends", name, folder)
			sent[name] = true
			if run.NumOut() == 2 {
				returned[run.Out(0).String()] = true
			}
		}
		require.Equal(t, returned, calls.reads, "%s reads something else than its activities return", folder)
	}
	require.Len(t, sent, len(registered), "every activity has a caller")
}

func TestWorkflowsAreRegisteredByTheContractsNames(t *testing.T) {
	t.Parallel()
	registered := recorder{}
	registerWorkflows(registered)
	require.Len(t, registered, 4)
	for name, input := range map[string]reflect.Type{
		contract.WorkflowRequest:  reflect.TypeFor[contract.RequestInput](),
		contract.WorkflowGrant:    reflect.TypeFor[contract.GrantInput](),
		contract.WorkflowSweep:    reflect.TypeFor[contract.SweepInput](),
		contract.WorkflowDelivery: reflect.TypeFor[contract.DeliveryInput](),
	} {
		run, ok := registered[name]
		require.True(t, ok, "%s is not registered", name)
		require.Equal(t, input, run.In(1), name)
	}
}

// calls is how the workflows of one package deal with activities, by the source.
type calls struct {
	sends map[string]string // the constant that names the activity → the type of its payload
	reads map[string]bool   // types that a future's result is read into
}

func readWorkflows(t *testing.T, folder string) calls {
	t.Helper()
	found := calls{map[string]string{}, map[string]bool{}}
	for _, file := range parse(t, folder) {
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Body != nil {
				found.in(function)
			}
		}
	}
	require.NotEmpty(t, found.sends, folder)
	return found
}

// in notes the calls of one function. Payloads are the function's own parameters, and results its own variables.
func (c calls) in(function *ast.FuncDecl) {
	types := map[string]string{}
	ast.Inspect(function, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.Field:
			for _, name := range node.Names {
				types[name.Name] = spell(node.Type)
			}
		case *ast.ValueSpec:
			for _, name := range node.Names {
				types[name.Name] = spell(node.Type)
			}
		case *ast.CallExpr:
			c.call(node, types)
		}
		return true
	})
}

func (c calls) call(call *ast.CallExpr, types map[string]string) {
	if method, ok := call.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "Get" && len(call.Args) == 2 {
		if into, ok := call.Args[1].(*ast.UnaryExpr); ok && into.Op == token.AND {
			c.reads[types[spell(into.X)]] = true
		}
		return
	}
	for n, argument := range call.Args[:max(len(call.Args)-1, 0)] {
		if name, ok := strings.CutPrefix(spell(argument), "contract.Activity"); ok {
			c.sends["Activity"+name] = types[spell(call.Args[n+1])]
		}
	}
}

// activityNames are the constants of the contract that name activities, and what they stand for.
func activityNames(t *testing.T) map[string]string {
	t.Helper()
	names := map[string]string{}
	for _, file := range parse(t, "../workflows/contract") {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if ok && len(spec.Values) == 1 && strings.HasPrefix(spec.Names[0].Name, "Activity") {
				names[spec.Names[0].Name] = strings.Trim(spell(spec.Values[0]), `"`)
			}
			return true
		})
	}
	return names
}

func parse(t *testing.T, folder string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
	}
	return files
}

// spell writes a name, a selector or a literal as it stands in the source.
func spell(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.Ident:
		return expression.Name
	case *ast.SelectorExpr:
		return spell(expression.X) + "." + expression.Sel.Name
	case *ast.BasicLit:
		return expression.Value
	}
	return ""
}
