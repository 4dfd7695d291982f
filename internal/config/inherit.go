package config

import (
	"reflect"
	"slices"

	"go.yaml.in/yaml/v4"

	"curfew/internal/strictyaml"
)

// inherit decodes the templates over the defaults: what a template says takes the place of the default, key by key.
// Constraints add up, so that no template loses a constraint by having one of its own; one of the same name takes the
// other's place.
func (r *reading) inherit(node *yaml.Node, c *Config, at path) {
	c.Templates = map[string]Template{}
	for _, entry := range r.Entries(node, at) {
		template, own := c.Defaults, at.Key(entry.Key.Value)
		if strictyaml.Has(entry.Value, instead["approval"]) {
			template.Approval = Approval{}
		}
		if strictyaml.Has(entry.Value, instead["approvals"]) {
			template.Approvals = nil
		}
		template.Constraints = nil
		r.Decode(entry.Value, reflect.ValueOf(&template).Elem(), own)
		r.constraints(template.Constraints, own.Key("constraints"), true)
		template.Constraints = inherited(c.Defaults.Constraints, template.Constraints)
		c.Templates[entry.Key.Value] = template
	}
}

func inherited(defaults, own []Constraint) []Constraint {
	left := slices.DeleteFunc(slices.Clone(defaults), func(d Constraint) bool {
		return slices.ContainsFunc(own, func(o Constraint) bool { return o.Name == d.Name })
	})
	return slices.Concat(own, left)
}

// instead are keys of a template that stand in each other's place: it does not inherit the one when it says the other.
var instead = map[string]string{"approval": "approvals", "approvals": "approval"}

// said is where something is written that a path leads to: in the defaults, when the template does not say it.
func (r *reading) said(at path) path {
	if at = r.Shortened(at); len(at) < 3 || at[0] != "templates" || r.Written(at) {
		return at
	}
	if other, is := instead[at[2]]; is && r.Written(path{at[0], at[1], other}) {
		return at
	}
	if inherited := slices.Concat(path{"defaults"}, at[2:]); r.Written(inherited) || r.Lost(inherited) {
		return inherited
	}
	return at
}
