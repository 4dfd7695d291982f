package config

import (
	"errors"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"

	"curfew/internal/policy/condition"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// ticket reads the short form, a word, or the long one.
func (r *reading) ticket(node *yaml.Node, into *Ticket, at path) {
	if node.Kind == yaml.ScalarNode {
		*into = Ticket{Use: node.Value}
		return
	}
	r.Fields(node, reflect.ValueOf(into).Elem(), at)
}

// onBehalf reads true, false, or a list of groups.
func (r *reading) onBehalf(node *yaml.Node, into *OnBehalf, at path) {
	*into = OnBehalf{}
	switch {
	case node.Kind == yaml.SequenceNode:
		r.List(node, reflect.ValueOf(&into.Groups).Elem(), at)
	case strictyaml.IsTruth(node):
		into.Anybody = strings.EqualFold(node.Value, "true")
	default:
		r.Unusable(at, contract.Invalid("is neither").Advise("write true, false, or a list of groups like [support]"))
	}
}

// condition compiles an expression, and reports a fault at its place in the file.
func (r *reading) condition(node *yaml.Node, into *Condition, at path) {
	text, ok := r.Text(node, at)
	if !ok {
		return
	}
	_, err := condition.Compile(text)
	var fault *condition.Fault
	if errors.As(err, &fault) {
		line, column := r.Within(node, fault.Line, fault.Column)
		r.WrongAt(line, column, at, contract.Invalid("%s", strictyaml.Shorten(fault.Message)).Advise(fault.Fix))
		r.MarkUnusable(at)
		return
	}
	*into = Condition(text)
}
