package config

import (
	"go.yaml.in/yaml/v4"
)

// dialect refuses what YAML has beyond keys, values and lists: it hides what is configured from whoever reads the file,
// and lets a small file grow without bounds. It does not follow aliases.
func (r *reading) dialect(node *yaml.Node) {
	const plainly = "write the value out"
	switch {
	case node.Kind == yaml.AliasNode:
		r.foreign(node, plainly, "an alias (*name) is used")
	case node.Anchor != "":
		r.foreign(node, plainly, "an anchor (&name) is used")
	case node.Style&yaml.TaggedStyle != 0:
		r.foreign(node, "take it out, or quote a text that starts with !", "a tag (!name) is used")
	}
	for i, child := range node.Content {
		if isKey := node.Kind == yaml.MappingNode && i%2 == 0; isKey && !plainKey(child) {
			r.foreign(child, "write a word followed by a colon", "a key is no plain word")
			continue
		}
		r.dialect(child)
	}
}

func plainKey(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value != "" && key.ShortTag() != mergeTag && key.ShortTag() != nullTag &&
		key.Anchor == "" && key.Style&yaml.TaggedStyle == 0
}

func (r *reading) foreign(node *yaml.Node, fix, fault string) {
	r.wrongAt(node.Line, node.Column, nil, fix, "%s", fault)
}
