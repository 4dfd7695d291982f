// Package condition compiles and evaluates the conditions of templates: CEL expressions over the facts of a request.
// They are typed, so that a mistake is found when the configuration is read, and their cost is bounded, so that
// no expression can hold a decision up.
package condition

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

const (
	// maxText is how long an expression may be, in bytes.
	maxText = 2048
	// maxCost bounds one evaluation, in CEL's units: about one for each step. It is checked against the worst case when
	// an expression is compiled, and counted when it is evaluated.
	maxCost = 20_000
)

// Condition is an expression that is ready to be evaluated, by many goroutines at once.
type Condition struct {
	text    string
	program cel.Program
}

// Fault says what is wrong with an expression, and where in it.
type Fault struct {
	Line, Column int // count from 1
	Message      string
	Fix          string
}

// Error is the fault in one line.
func (f *Fault) Error() string {
	return fmt.Sprintf("line %d, column %d: %s; %s", f.Line, f.Column, f.Message, f.Fix)
}

// Compile checks an expression: its words, its types, that it answers yes or no, and what it can cost at worst. The
// error is always a *Fault.
func Compile(text string) (*Condition, error) {
	if len(text) > maxText {
		return nil, faultf("shorten it", "is %d bytes long, and %d are allowed", len(text), maxText)
	}
	env, err := environment()
	if err != nil {
		return nil, faultf("report this: the fault is in Curfew", "can't be compiled: %v", err)
	}
	oneByOne.Lock()
	defer oneByOne.Unlock()
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, firstOf(issues)
	}
	if kind := checked.OutputType(); kind != cel.BoolType {
		return nil, faultf(
			"make it a comparison, or anything else that is true or false",
			"gives %s, not true or false",
			kind,
		)
	}
	if err := affordable(env, checked); err != nil {
		return nil, err
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
	if err != nil {
		return nil, faultf("mend what it says", "can't be evaluated: %v", err)
	}
	return &Condition{text: text, program: program}, nil
}

// affordable refuses what could cost too much, whatever the facts are.
func affordable(env *cel.Env, checked *cel.Ast) error {
	const fix = "compare fewer things with each other: a list within a list costs their product"
	cost, err := env.EstimateCost(checked, sizes{})
	switch {
	case err != nil:
		return faultf(fix, "its cost can't be told: %v", err)
	case cost.Max == math.MaxUint64:
		return faultf(fix, "has no bound to its cost")
	case cost.Max > maxCost:
		return faultf(fix, "can cost %d steps, and %d are allowed", cost.Max, maxCost)
	}
	return nil
}

// Text is the expression as it was written.
func (c *Condition) Text() string { return c.text }

// Holds evaluates the condition. An error is no: the condition does not hold, and the error says why it could not be
// evaluated.
func (c *Condition) Holds(facts Facts) (bool, error) {
	value, _, err := c.program.Eval(facts)
	if err != nil {
		return false, fmt.Errorf("%s: %w", c.text, err)
	}
	return value == types.True, nil
}

func faultf(fix, message string, args ...any) *Fault {
	return &Fault{Line: 1, Column: 1, Message: fmt.Sprintf(message, args...), Fix: fix}
}

// firstOf is the topmost of the compiler's complaints; those after it mostly follow from it.
func firstOf(issues *cel.Issues) *Fault {
	errors := issues.Errors()
	if len(errors) == 0 {
		return faultf("mend what it says", "%v", issues.Err())
	}
	first := errors[0]
	for _, other := range errors[1:] {
		before := cmp.Or(
			cmp.Compare(other.Location.Line(), first.Location.Line()),
			cmp.Compare(other.Location.Column(), first.Location.Column()),
		)
		if before < 0 {
			first = other
		}
	}
	message, _, _ := strings.Cut(first.Message, "\n")
	fix := "docs/policy.md lists what conditions may name"
	if strings.Contains(message, "undefined field 'door'") {
		fix = "request.door is called request.source now"
	}
	return &Fault{
		Line: max(first.Location.Line(), 1), Column: max(first.Location.Column(), 0) + 1,
		Message: strings.TrimSuffix(message, " (in container '')"), Fix: fix,
	}
}
