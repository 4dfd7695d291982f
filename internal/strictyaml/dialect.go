package strictyaml

import (
	"go.yaml.in/yaml/v4"

	"curfew/workflows/contract"
)

// dialect refuses what YAML has beyond keys, values and lists: it hides what is configured from whoever reads the file,
// and lets a small file grow without bounds. It does not follow aliases.
func (r *Reader) dialect(node *yaml.Node) {
	const plainly = "write the value out"
	switch {
	case node.Kind == yaml.AliasNode:
		r.foreign(node, contract.Invalid("an alias (*name) is used").Advise(plainly))
	case node.Anchor != "":
		r.foreign(node, contract.Invalid("an anchor (&name) is used").Advise(plainly))
	case node.Style&yaml.TaggedStyle != 0:
		r.foreign(
			node,
			contract.Invalid("a tag (!name) is used").Advise("take it out, or quote a text that starts with !"),
		)
	}
	for i, child := range node.Content {
		if isKey := node.Kind == yaml.MappingNode && i%2 == 0; isKey && !plainKey(child) {
			r.foreign(child, contract.Invalid("a key is no plain word").Advise("write a word followed by a colon"))
			continue
		}
		r.dialect(child)
	}
}

func plainKey(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value != "" && key.ShortTag() != mergeTag && key.ShortTag() != nullTag &&
		key.Anchor == "" && key.Style&yaml.TaggedStyle == 0
}

func (r *Reader) foreign(node *yaml.Node, problem *contract.Problem) {
	r.WrongAt(node.Line, node.Column, nil, problem)
}
