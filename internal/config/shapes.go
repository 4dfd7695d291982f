package config

import (
	"errors"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"

	"curfew/internal/policy/condition"
	"curfew/workflows/contract"
)

// ticket reads the short form, a word, or the long one.
func (r *reading) ticket(node *yaml.Node, into *Ticket, at path) {
	if node.Kind == yaml.ScalarNode {
		*into = Ticket{Use: node.Value}
		return
	}
	r.fields(node, reflect.ValueOf(into).Elem(), at)
}

// onBehalf reads true, false, or a list of groups.
func (r *reading) onBehalf(node *yaml.Node, into *OnBehalf, at path) {
	*into = OnBehalf{}
	switch {
	case node.Kind == yaml.SequenceNode:
		r.list(node, reflect.ValueOf(&into.Groups).Elem(), at)
	case node.Kind == yaml.ScalarNode && node.ShortTag() == boolTag:
		into.Anybody = strings.EqualFold(node.Value, "true")
	default:
		r.unusable(at, contract.Invalid("is neither").Advise("write true, false, or a list of groups like [support]"))
	}
}

// condition compiles an expression, and reports a fault at its place in the file.
func (r *reading) condition(node *yaml.Node, into *Condition, at path) {
	text, ok := r.text(node, at)
	if !ok {
		return
	}
	_, err := condition.Compile(text)
	var fault *condition.Fault
	if errors.As(err, &fault) {
		line, column := r.within(node, fault.Line, fault.Column)
		r.wrongAt(line, column, at, contract.Invalid("%s", shorten(fault.Message)).Advise(fault.Fix))
		r.broken[at.id()] = true
		return
	}
	*into = Condition(text)
}

// within finds the place in the file of a place in a text. Where YAML writes the text in another way than it reads
// (folded or with escapes), it is where the text begins.
func (r *reading) within(node *yaml.Node, line, column int) (fileLine, fileColumn int) {
	lines := strings.Split(node.Value, "\n")
	at, from := node.Line+line-1, 0
	if node.Style&yaml.LiteralStyle != 0 {
		at++ // the text begins below its mark
	} else if line == 1 {
		from = node.Column - 1
	}
	if line > len(lines) || at > len(r.lines) || from > len(r.lines[at-1]) {
		return node.Line, node.Column
	}
	start := strings.Index(r.lines[at-1][from:], lines[line-1])
	if start < 0 {
		return node.Line, node.Column
	}
	return at, from + start + column
}
