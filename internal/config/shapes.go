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

// DecodeYAML reads the short form, a word, or the long one.
func (t *Ticket) DecodeYAML(r *strictyaml.Reader, node *yaml.Node, at strictyaml.Path) {
	if node.Kind == yaml.ScalarNode {
		*t = Ticket{Use: node.Value}
		return
	}
	r.Fields(node, reflect.ValueOf(t).Elem(), at)
}

// DecodeYAML reads true, false, or a list of groups.
func (o *OnBehalf) DecodeYAML(r *strictyaml.Reader, node *yaml.Node, at strictyaml.Path) {
	*o = OnBehalf{}
	switch {
	case node.Kind == yaml.SequenceNode:
		r.List(node, reflect.ValueOf(&o.Groups).Elem(), at)
	case strictyaml.IsTruth(node):
		o.Anybody = strings.EqualFold(node.Value, "true")
	default:
		r.Unusable(at, contract.Invalid("is neither").Advise("write true, false, or a list of groups like [support]"))
	}
}

// DecodeYAML compiles an expression, and reports a fault at its place in the file.
func (c *Condition) DecodeYAML(r *strictyaml.Reader, node *yaml.Node, at strictyaml.Path) {
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
	*c = Condition(text)
}
