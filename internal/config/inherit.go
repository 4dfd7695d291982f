package config

import (
	"reflect"
	"slices"

	"go.yaml.in/yaml/v4"

	"curfew/workflows/contract"
)

// inherit decodes the templates over the defaults: what a template says takes the place of the default, key by key.
// Constraints add up, so that no template loses a constraint by having one of its own; one of the same name takes the
// other's place.
func (r *reading) inherit(node *yaml.Node, c *Config, at path) {
	c.Templates = map[string]Template{}
	for _, entry := range r.entries(node, at) {
		template, own := c.Defaults, at.key(entry.key.Value)
		if says(entry.value, "approvals") {
			template.Approval = Approval{}
		}
		if says(entry.value, "approval") {
			template.Approvals = nil
		}
		template.Constraints = nil
		r.decode(entry.value, reflect.ValueOf(&template).Elem(), own)
		r.constraints(template.Constraints, own.key("constraints"), true)
		template.Constraints = inherited(c.Defaults.Constraints, template.Constraints)
		c.Templates[entry.key.Value] = template
	}
}

func inherited(defaults, own []Constraint) []Constraint {
	left := slices.DeleteFunc(slices.Clone(defaults), func(d Constraint) bool {
		return slices.ContainsFunc(own, func(o Constraint) bool { return o.Name == d.Name })
	})
	return slices.Concat(own, left)
}

func says(node *yaml.Node, key string) bool {
	_, value := enter(node, key)
	return value != nil
}

// said is where something is written that a path leads to: in the defaults, when the template does not say it.
func (r *reading) said(at path) path {
	if at = r.shortened(at); len(at) < 3 || at[0] != "templates" || r.written(at) {
		return at
	}
	if inherited := slices.Concat(path{"defaults"}, at[2:]); r.written(inherited) || r.lost(inherited) {
		return inherited
	}
	return at
}

// shortened is the path to a value in the place of which a short form is written: a word for its most important key.
func (r *reading) shortened(at path) path {
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

func (r *reading) written(at path) bool {
	node := r.root
	for _, step := range at {
		if _, node = enter(node, step); node == nil {
			return false
		}
	}
	return true
}

// defaults refuses what only a template itself can say.
func (r *reading) defaults(c *Config, at path) {
	r.constraints(c.Defaults.Constraints, at.key("constraints"), true)
	if len(c.Defaults.Entitlements) > 0 {
		r.wrong(
			at.key("entitlements"),
			contract.Invalid("is what one template gives").Advise("move it to the templates"),
		)
	}
	if c.Defaults.Description != "" {
		r.wrong(
			at.key("description"),
			contract.Invalid("is what one template is good for").Advise("move it to the templates"),
		)
	}
}
