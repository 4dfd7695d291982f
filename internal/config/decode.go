package config

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"curfew/workflows/contract"
)

// What YAML takes an unquoted value for.
const (
	nullTag  = "!!null"
	intTag   = "!!int"
	floatTag = "!!float"
	boolTag  = "!!bool"
	mergeTag = "!!merge"
)

// decode puts what the file says at a path into a Go value. Both the configuration's types and the settings of kinds
// come this way: structs by their yaml tags, maps, lists, texts, whole numbers, booleans, contract.Duration and Secret.
func (r *reading) decode(node *yaml.Node, into reflect.Value, at path) {
	if node.ShortTag() == nullTag {
		r.unusable(at, contract.Invalid("has no value").Advise("write a value, or take the line out"))
		return
	}
	switch value := into.Addr().Interface().(type) {
	case *Secret:
		r.secret(node, value, at)
	case *contract.Duration:
		r.duration(node, value, at)
	case *Target:
		r.target(node, value, at)
	case *Group:
		r.group(node, value, at)
	case *Directory:
		r.directory(node, value, at)
	case *Tickets:
		r.tickets(node, value, at)
	case *Incidents:
		*value = r.systems(node, r.kinds.Incidents, at)
	case *System:
		r.channel(node, value, at)
	case *Entitlement:
		r.entitlement(node, value, at)
	case *map[string]Template:
		// Templates inherit: they are decoded when the defaults are.
		r.later = append(r.later, func(c *Config) { r.inherit(node, c, at) })
	case *Ticket:
		r.ticket(node, value, at)
	case *OnBehalf:
		r.onBehalf(node, value, at)
	case *Condition:
		r.condition(node, value, at)
	default:
		r.decodeKind(node, into, at)
	}
}

func (r *reading) decodeKind(node *yaml.Node, into reflect.Value, at path) {
	switch into.Kind() {
	case reflect.Struct:
		r.fields(node, into, at)
	case reflect.Map:
		r.mapping(node, into, at)
	case reflect.Slice:
		r.list(node, into, at)
	case reflect.Pointer:
		fresh := reflect.New(into.Type().Elem())
		if !into.IsNil() { // what is inherited stays as it is for others
			fresh.Elem().Set(into.Elem())
		}
		into.Set(fresh)
		r.decode(node, into.Elem(), at)
	case reflect.String:
		if text, ok := r.text(node, at); ok {
			into.SetString(text)
		}
	case reflect.Int:
		r.whole(node, into, at)
	case reflect.Bool:
		if node.ShortTag() != boolTag {
			r.unusable(at, contract.Invalid("is neither true nor false").Advise("write true or false"))
			return
		}
		into.SetBool(strings.EqualFold(node.Value, "true"))
	default:
		r.unusable(at, contract.Invalid("can't be set in a file").Advise("take it out"))
	}
}

// entry is a key and its value.
type entry struct {
	key, value *yaml.Node
}

// entries are those of a mapping, each key once.
func (r *reading) entries(node *yaml.Node, at path) []entry {
	if node.Kind != yaml.MappingNode {
		r.unusable(at, contract.Invalid("holds no keys and values").Advise("write key: value lines below it"))
		return nil
	}
	lines := make(map[string]int, len(node.Content)/2)
	entries := make([]entry, 0, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if line, twice := lines[key.Value]; twice {
			r.wrongAt(
				key.Line,
				key.Column,
				at.key(key.Value),
				contract.Invalid("is there twice, first at line %d", line).Advise("keep one of them"),
			)
			continue
		}
		lines[key.Value] = key.Line
		entries = append(entries, entry{key, node.Content[i+1]})
	}
	return entries
}

func (r *reading) fields(node *yaml.Node, into reflect.Value, at path) {
	known := fieldsOf(into.Type())
	entries := r.entries(node, at)
	for _, entry := range entries {
		index, found := known[entry.key.Value]
		if !found {
			r.unknown(entry.key, slices.Collect(maps.Keys(known)), entries, at)
			continue
		}
		r.decode(entry.value, into.Field(index), at.key(entry.key.Value))
	}
}

// fieldsOf gives the index of each of a struct's fields by the key that it has in the file.
func fieldsOf(of reflect.Type) map[string]int {
	fields := map[string]int{}
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			fields[name] = i
		}
	}
	return fields
}

// unknown notes a key that nothing is called. If the key that was meant is not there, it counts as unusable, so that it
// isn't called missing as well.
func (r *reading) unknown(key *yaml.Node, known []string, beside []entry, at path) {
	r.wrongAt(
		key.Line,
		key.Column,
		at.key(key.Value),
		contract.Invalid("is no key that is known here").Advise(suggest(key.Value, known)),
	)
	meant, found := Nearest(key.Value, known)
	if found && !slices.ContainsFunc(beside, func(other entry) bool { return other.key.Value == meant }) {
		r.broken[at.key(meant).id()] = true
	}
}

func (r *reading) mapping(node *yaml.Node, into reflect.Value, at path) {
	into.Set(reflect.MakeMap(into.Type()))
	for _, entry := range r.entries(node, at) {
		value := reflect.New(into.Type().Elem()).Elem()
		r.decode(entry.value, value, at.key(entry.key.Value))
		into.SetMapIndex(reflect.ValueOf(entry.key.Value), value)
	}
}

func (r *reading) list(node *yaml.Node, into reflect.Value, at path) {
	if node.Kind != yaml.SequenceNode {
		r.unusable(at, contract.Invalid("is no list").Advise("write it like [one, two]"))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content)))
	for i, item := range node.Content {
		r.decode(item, into.Index(i), at.item(i))
	}
}

// text takes a value as it is written: an account may be called 007 or no.
func (r *reading) text(node *yaml.Node, at path) (string, bool) {
	if node.Kind != yaml.ScalarNode {
		r.unusable(at, contract.Invalid("is no text").Advise("write a single value"))
		return "", false
	}
	return node.Value, true
}

func (r *reading) whole(node *yaml.Node, into reflect.Value, at path) {
	number, err := strconv.Atoi(node.Value)
	if err != nil || node.ShortTag() != intTag {
		r.unusable(at, contract.Invalid("is no whole number").Advise("write a number like 2"))
		return
	}
	into.SetInt(int64(number))
}

func (r *reading) secret(node *yaml.Node, into *Secret, at path) {
	reference, ok := r.text(node, at)
	if !ok {
		return
	}
	if r.secrets != nil {
		*into = r.secrets(reference, at)
		return
	}
	secret, err := resolve(reference, r.folder)
	if err != nil {
		r.refused(at, err)
		r.broken[at.id()] = true
		return
	}
	*into = secret
}

// duration reads a length of time; nothing that is configured may last no time or less.
func (r *reading) duration(node *yaml.Node, into *contract.Duration, at path) {
	text, ok := r.text(node, at)
	if !ok {
		return
	}
	const like = "write it like 30m, 2h or 1h30m"
	if err := into.UnmarshalText([]byte(text)); err != nil {
		r.unusable(at, contract.Invalid("%q is not a duration", shorten(text)).Advise(like))
		return
	}
	if into.Duration <= 0 {
		r.unusable(at, contract.Invalid("%s is not longer than zero", into).Advise(like))
	}
}

// refused notes an error that names its own field, below a path, or several that are joined; none when it is nil.
func (r *reading) refused(at path, err error) {
	if joined, several := err.(interface{ Unwrap() []error }); several { //nolint:errorlint // only what is joined itself
		for _, one := range joined.Unwrap() {
			r.refused(at, one)
		}
		return
	}
	if err == nil {
		return
	}
	if problem, ok := contract.ProblemOf(err); ok {
		r.wrong(at.below(problem.Field), contract.Invalid("%s", problem.Fault).Advise(problem.Fix))
		return
	}
	r.wrong(at, contract.Invalid("%v", err))
}
