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
		if says(entry.Value, "approvals") {
			template.Approval = Approval{}
		}
		if says(entry.Value, "approval") {
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

func says(node *yaml.Node, key string) bool {
	return strictyaml.Has(node, key)
}

// said is where something is written that a path leads to: in the defaults, when the template does not say it.
func (r *reading) said(at path) path {
	if at = r.Shortened(at); len(at) < 3 || at[0] != "templates" || r.Written(at) {
		return at
	}
	if inherited := slices.Concat(path{"defaults"}, at[2:]); r.Written(inherited) || r.Lost(inherited) {
		return inherited
	}
	return at
}

// defaults refuses what only a template itself can say.
func (r *reading) defaults(c *Config, at path) {
	r.constraints(c.Defaults.Constraints, at.Key("constraints"), true)
	if len(c.Defaults.Entitlements) > 0 {
		r.wrong(at.Key("entitlements"), "is what one template gives", "move it to the templates")
	}
	if c.Defaults.Description != "" {
		r.wrong(at.Key("description"), "is what one template is good for", "move it to the templates")
	}
}
