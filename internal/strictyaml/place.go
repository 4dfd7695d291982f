package strictyaml

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// Shortened is the path to a value in the place of which a short form is written: a word for its most important key.
func (r *Reader) Shortened(at Path) Path {
	node := r.root
	for i, step := range at {
		if node.Kind == yaml.ScalarNode {
			return at[:i]
		}
		if _, node = enter(node, step); node == nil {
			return at
		}
	}
	return at
}

// Written is true when the file says something at a path.
func (r *Reader) Written(at Path) bool {
	node := r.root
	for _, step := range at {
		if _, node = enter(node, step); node == nil {
			return false
		}
	}
	return true
}

// Within finds the place in the file of a place in a text. Where YAML writes the text in another way than it reads
// (folded or with escapes), it is where the text begins.
func (r *Reader) Within(node *yaml.Node, line, column int) (fileLine, fileColumn int) {
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
