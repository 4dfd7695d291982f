package strictyaml

import (
	"encoding/json"
	"reflect"

	"go.yaml.in/yaml/v4"

	"curfew/workflows/contract"
)

// Apart reads one text of a mapping, and returns the mapping without it.
func (r *Reader) Apart(node *yaml.Node, name string, into *string, at Path) *yaml.Node {
	rest := &yaml.Node{Kind: yaml.MappingNode, Line: node.Line, Column: node.Column}
	for _, entry := range r.Entries(node, at) {
		if entry.Key.Value == name {
			r.Decode(entry.Value, reflect.ValueOf(into).Elem(), at.Key(name))
			continue
		}
		rest.Content = append(rest.Content, entry.Key, entry.Value)
	}
	return rest
}

// JSON turns a part of the file into JSON; nil when it can't.
func (r *Reader) JSON(node *yaml.Node, at Path) json.RawMessage {
	text, err := json.Marshal(r.Plain(node, at))
	if err != nil {
		r.Unusable(at, contract.Invalid("can't be written as JSON: %v", err).Advise("write ordinary numbers"))
		return nil
	}
	return text
}

// Plain turns a part of the file into what json.Marshal writes.
func (r *Reader) Plain(node *yaml.Node, at Path) any {
	switch node.Kind {
	case yaml.MappingNode:
		values := map[string]any{}
		for _, entry := range r.Entries(node, at) {
			values[entry.Key.Value] = r.Plain(entry.Value, at.Key(entry.Key.Value))
		}
		return values
	case yaml.SequenceNode:
		values := make([]any, len(node.Content))
		for i, item := range node.Content {
			values[i] = r.Plain(item, at.Item(i))
		}
		return values
	default:
		return r.scalar(node, at)
	}
}

func (r *Reader) scalar(node *yaml.Node, at Path) any {
	switch node.ShortTag() {
	case nullTag:
		r.Unusable(at, contract.Invalid("has no value").Advise("write a value, or take the line out"))
		return nil
	case intTag, floatTag, boolTag:
		var value any
		if err := node.Load(&value); err != nil {
			r.Unusable(at, contract.Invalid("is no number").Advise("quote it if it is text"))
		}
		return value
	default:
		return node.Value
	}
}

// IsTruth is true for what YAML takes for true or false.
func IsTruth(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == boolTag }
