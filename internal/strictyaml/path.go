package strictyaml

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Path leads from the top of the file to a value. Each step is a key, or the index of a list's item: "[0]".
type Path []string

// Below is the path to something inside; a step may be several, as problems name them: "roles[0].name".
func (p Path) Below(field string) Path {
	parts := strings.FieldsFunc(strings.ReplaceAll(field, "[", ".["), func(c rune) bool { return c == '.' })
	return slices.Concat(p, parts)
}

// Key is the path to the value of a key, which may hold dots of its own.
func (p Path) Key(key string) Path { return slices.Concat(p, Path{key}) }

// Item is the path to an item of a list.
func (p Path) Item(index int) Path { return p.Key(fmt.Sprintf("[%d]", index)) }

// id distinguishes paths, whatever is in their keys.
func (p Path) id() string { return strings.Join(p, "\x00") }

// String is the path as a person would say it: templates.debug-prod.approval.from[1].
func (p Path) String() string {
	var text strings.Builder
	for i, step := range p {
		if i > 0 && !strings.HasPrefix(step, "[") {
			text.WriteByte('.')
		}
		text.WriteString(Shorten(step))
	}
	return text.String()
}

// locate finds the place in the file that a path leads to: a plain value itself, the key of a mapping or list, and the
// nearest thing above when the path leads to nothing.
func locate(root *yaml.Node, at Path) (line, column int) {
	node, line, column := root, root.Line, root.Column
	for _, step := range at {
		key, value := enter(node, step)
		if value == nil {
			return line, column
		}
		node, line, column = value, key.Line, key.Column
	}
	if node.Kind == yaml.ScalarNode {
		return node.Line, node.Column
	}
	return line, column
}

func enter(node *yaml.Node, step string) (key, value *yaml.Node) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i], node.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		index, err := strconv.Atoi(strings.Trim(step, "[]"))
		if err == nil && index >= 0 && index < len(node.Content) {
			return node.Content[index], node.Content[index]
		}
	}
	return nil, nil
}

// Has is true for a mapping that has a key.
func Has(node *yaml.Node, key string) bool {
	_, value := enter(node, key)
	return value != nil
}
