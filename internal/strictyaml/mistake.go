package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong in a configuration file, and what to do about it.
type Mistake struct {
	File string `json:"file"` // as it was named to Load
	// Line and Column count from 1; both are 0 when the whole file is meant.
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Field  string `json:"field,omitempty"` // "templates.debug-prod.duration.max"
	Fault  string `json:"fault"`
	Fix    string `json:"fix,omitempty"`
}

// String is the mistake in one line that editors and terminals can jump from.
func (m Mistake) String() string {
	text := m.File
	if m.Line > 0 {
		text += fmt.Sprintf(":%d:%d", m.Line, m.Column)
	}
	if m.Field != "" {
		text += ": " + m.Field
	}
	text += ": " + m.Fault
	if m.Fix != "" {
		text += "; " + m.Fix
	}
	return text
}

// Errors is everything that is wrong in a configuration file, from its top to its end; the first few hundred if there
// are more. It never holds a secret.
type Errors []Mistake

// Error has one mistake a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, mistake := range e {
		lines[i] = mistake.String()
	}
	return strings.Join(lines, "\n")
}

// Sorted is in the order of the file.
func (e Errors) Sorted() Errors {
	slices.SortStableFunc(e, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}
