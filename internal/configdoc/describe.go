package configdoc

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/workflows/contract"
)

// describer reads the tags of structs.
type describer struct {
	kinds config.Kinds
	// partial is true in a section that says something of others, and inherits in one of those.
	partial, inherits bool
}

// below describes what is below a key.
func (d describer) below(tag reflect.StructTag) describer {
	if _, partial := tag.Lookup("partial"); partial {
		d.partial = true
	}
	if _, inherits := tag.Lookup("inherits"); inherits {
		d.inherits = true
	}
	return d
}

// whole describes the items of a list, which are whole whatever the list is a part of.
func (d describer) whole() describer { return describer{kinds: d.kinds} }

// struc describes the fields of a struct that have a name in a tag.
func (d describer) struc(of any, naming string) []Key { return d.fields(reflect.TypeOf(of), naming) }

func (d describer) fields(of reflect.Type, naming string) []Key {
	var keys []Key
	for _, field := range reflect.VisibleFields(of) {
		name, options, _ := strings.Cut(field.Tag.Get(naming), ",")
		if name == "" || name == "-" {
			continue
		}
		_, required := field.Tag.Lookup("required")
		_, own := field.Tag.Lookup("own")
		keys = append(keys, Key{
			Name: name, Doc: sentence(field.Tag.Get("doc")), Default: field.Tag.Get("default"),
			Otherwise: field.Tag.Get("otherwise"),
			Required:  required || naming == "json" && !strings.Contains(options, "omitempty"),
			Inherited: d.partial || d.inherits && !own,
			Shape:     d.below(field.Tag).tagged(d.below(field.Tag).shape(field.Type, naming), field.Tag),
		})
	}
	return keys
}

// sentence begins with a capital letter and ends with a full stop; entitlements' meanings are written without.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// tagged puts the bounds of a tag into a shape, or into the items of a list.
func (d describer) tagged(shape Shape, tag reflect.StructTag) Shape {
	shape.Min, shape.Max = tag.Get("min"), tag.Get("max")
	choices := tag.Get("enum")
	switch {
	case choices == "":
	case shape.Type == List:
		shape.Of.Choices = strings.Split(choices, ",")
	default:
		shape.Choices = strings.Split(choices, ",")
	}
	return shape
}

func (d describer) shape(of reflect.Type, naming string) Shape {
	if known, special := d.special(of); special {
		return known
	}
	switch of.Kind() {
	case reflect.Pointer:
		return d.shape(of.Elem(), naming)
	case reflect.Struct:
		return Shape{Type: Section, Keys: d.fields(of, naming)}
	case reflect.Map:
		return Shape{Type: Names, Of: new(d.shape(of.Elem(), naming))}
	case reflect.Slice:
		return Shape{Type: List, Of: new(d.whole().shape(of.Elem(), naming))}
	case reflect.Bool:
		return Shape{Type: Truth}
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Float64:
		return Shape{Type: Number}
	default:
		return Shape{Type: Text}
	}
}

// special are the types that are read in a way of their own.
func (d describer) special(of reflect.Type) (Shape, bool) {
	texts := &Shape{Type: Text}
	switch reflect.Zero(of).Interface().(type) {
	case config.Secret:
		return Shape{Type: Secret}, true
	case contract.Duration:
		return Shape{Type: Duration}, true
	case json.RawMessage:
		return Shape{Type: Text}, true
	case config.Tickets:
		return Shape{
			Type: Section,
			Keys: slices.Concat(d.systems(d.kinds.Trackers), d.systems(d.kinds.References)),
		}, true
	case config.Incidents:
		return Shape{Type: Section, Keys: d.systems(d.kinds.Incidents)}, true
	case config.System:
		return Shape{Type: Section, One: true, Keys: d.systems(d.kinds.Channels)}, true
	case config.Target:
		return d.ofKinds(config.Target{}, func(config.Kind) bool { return true }), true
	case people.GroupSystem:
		return d.ofKinds(people.GroupSystem{}, func(kind config.Kind) bool { return kind.KnowsHolders }), true
	case config.Entitlement:
		return d.entitlement(config.Entitlement{}, func(config.Kind) bool { return true }), true
	case config.Hook:
		hook := Shape{Type: Section, Keys: d.struc(config.Hook{}, "yaml")}
		hook.Keys[0].Shape.Choices = d.kinds.Sources() // verify
		return hook, true
	case people.Group:
		there := d.entitlement(people.Group{}, func(kind config.Kind) bool { return kind.KnowsHolders })
		return Shape{Type: Either, Forms: []Shape{{Type: List, Of: texts}, there}}, true
	case config.Ticket:
		whole := Shape{Type: Section, Keys: d.struc(config.Ticket{}, "yaml")}
		return Shape{Type: Either, Forms: []Shape{whole.Keys[0].Shape, whole}}, true
	case config.OnBehalf:
		return Shape{Type: Either, Forms: []Shape{{Type: Truth}, {Type: List, Of: texts}}}, true
	}
	return Shape{}, false
}

// systems are the keys of systems that are written below the names of their kinds.
func (d describer) systems(kinds map[string]config.SystemKind) []Key {
	var keys []Key
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		keys = append(keys, Key{
			Name: name, Doc: "The settings of " + kinds[name].Title + ".",
			Shape: Shape{Type: Section, Keys: d.settings(kinds[name].Settings())},
		})
	}
	return keys
}

// settings describe what a kind's Settings returns.
func (d describer) settings(settings any) []Key {
	return d.fields(reflect.TypeOf(settings).Elem(), "yaml")
}

// ofKinds are the forms of a target or directory: one for each kind, which has keys of its own beside the common ones.
func (d describer) ofKinds(common any, can func(config.Kind) bool) Shape {
	shape := Shape{Type: Either}
	for _, name := range slices.Sorted(maps.Keys(d.kinds.Targets)) {
		kind := d.kinds.Targets[name]
		if !can(kind) {
			continue
		}
		keys := d.struc(common, "yaml")
		for i := range keys {
			if keys[i].Name == "kind" {
				keys[i].Required, keys[i].Shape.Choices = true, []string{name}
			}
		}
		shape.Forms = append(shape.Forms, Shape{
			Type: Section, Title: name, Keys: append(keys, d.settings(kind.Settings())...),
		})
	}
	return shape
}

// entitlement has the keys of the entitlements of all kinds: which of them fit, the kind of its target knows.
func (d describer) entitlement(common any, can func(config.Kind) bool) Shape {
	keys := d.struc(common, "yaml")
	for _, name := range slices.Sorted(maps.Keys(d.kinds.Targets)) {
		kind := d.kinds.Targets[name]
		if !can(kind) || kind.Entitlement == nil {
			continue
		}
		for _, key := range d.struc(kind.Entitlement, "json") {
			key.Required = false
			if at := slices.IndexFunc(keys, func(k Key) bool { return k.Name == key.Name }); at < 0 {
				keys = append(keys, key)
			} else if !reflect.DeepEqual(keys[at].Shape, key.Shape) {
				keys[at].Shape = Shape{Type: Either, Forms: []Shape{keys[at].Shape, key.Shape}}
			}
		}
	}
	return Shape{Type: Section, Keys: keys}
}
