package strictyaml

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

// Decoder is a type that is written in a way of its own.
type Decoder interface {
	DecodeYAML(r *Reader, node *yaml.Node, at Path)
}

// Decode puts what the file says at a path into a Go value. It takes structs by their yaml tags, the fields of structs that
// are embedded in them among their own; maps, lists, texts, whole numbers, booleans, contract.Duration, Secret and Decoders.
func (r *Reader) Decode(node *yaml.Node, into reflect.Value, at Path) {
	if node.ShortTag() == nullTag {
		r.Unusable(at, contract.Invalid("has no value").Advise("write a value, or take the line out"))
		return
	}
	switch value := into.Addr().Interface().(type) {
	case *Secret:
		r.secret(node, value, at)
	case *contract.Duration:
		r.duration(node, value, at)
	case Decoder:
		value.DecodeYAML(r, node, at)
	default:
		if r.Special == nil || !r.Special(node, value, at) {
			r.decodeKind(node, into, at)
		}
	}
}

func (r *Reader) decodeKind(node *yaml.Node, into reflect.Value, at Path) {
	switch into.Kind() {
	case reflect.Struct:
		r.Fields(node, into, at)
	case reflect.Map:
		r.mapping(node, into, at)
	case reflect.Slice:
		r.List(node, into, at)
	case reflect.Pointer:
		fresh := reflect.New(into.Type().Elem())
		if !into.IsNil() { // what is inherited stays as it is for others
			fresh.Elem().Set(into.Elem())
		}
		into.Set(fresh)
		r.Decode(node, into.Elem(), at)
	case reflect.String:
		if text, ok := r.Text(node, at); ok {
			into.SetString(text)
		}
	case reflect.Int:
		r.whole(node, into, at)
	case reflect.Bool:
		if node.ShortTag() != boolTag {
			r.Unusable(at, contract.Invalid("is neither true nor false").Advise("write true or false"))
			return
		}
		into.SetBool(strings.EqualFold(node.Value, "true"))
	default:
		r.Unusable(at, contract.Invalid("can't be set in a file").Advise("take it out"))
	}
}

// Entry is a key and its value.
type Entry struct {
	Key, Value *yaml.Node
}

// Entries are those of a mapping, each key once.
func (r *Reader) Entries(node *yaml.Node, at Path) []Entry {
	if node.Kind != yaml.MappingNode {
		r.Unusable(at, contract.Invalid("holds no keys and values").Advise("write key: value lines below it"))
		return nil
	}
	lines := make(map[string]int, len(node.Content)/2)
	entries := make([]Entry, 0, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if line, twice := lines[key.Value]; twice {
			r.WrongAt(
				key.Line,
				key.Column,
				at.Key(key.Value),
				contract.Invalid("is there twice, first at line %d", line).Advise("keep one of them"),
			)
			continue
		}
		lines[key.Value] = key.Line
		entries = append(entries, Entry{key, node.Content[i+1]})
	}
	return entries
}

// Fields decodes a mapping into a struct, by its tags.
func (r *Reader) Fields(node *yaml.Node, into reflect.Value, at Path) {
	known := fieldsOf(into.Type())
	entries := r.Entries(node, at)
	for _, entry := range entries {
		field, found := known[entry.Key.Value]
		if !found {
			r.Unknown(entry.Key, slices.Collect(maps.Keys(known)), entries, at)
			continue
		}
		r.Decode(entry.Value, into.FieldByIndex(field.Index), at.Key(entry.Key.Value))
	}
}

// fieldsOf gives a struct's fields by the keys that they have in the file.
func fieldsOf(of reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(of) {
		if name, ok := KeyOf(field); ok {
			fields[name] = field
		}
	}
	return fields
}

// KeyOf is the key that a field has in the file; false when it has none.
func KeyOf(field reflect.StructField) (string, bool) {
	name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	return name, name != "" && name != "-"
}

// Unknown notes a key that nothing is called. If the key that was meant is not there, it counts as unusable, so that it
// isn't called missing as well.
func (r *Reader) Unknown(key *yaml.Node, known []string, beside []Entry, at Path) {
	r.WrongAt(
		key.Line,
		key.Column,
		at.Key(key.Value),
		contract.Invalid("is no key that is known here").Advise(Suggest(key.Value, known)),
	)
	meant, found := Nearest(key.Value, known)
	if found && !slices.ContainsFunc(beside, func(other Entry) bool { return other.Key.Value == meant }) {
		r.broken[at.Key(meant).id()] = true
	}
}

func (r *Reader) mapping(node *yaml.Node, into reflect.Value, at Path) {
	into.Set(reflect.MakeMap(into.Type()))
	for _, entry := range r.Entries(node, at) {
		value := reflect.New(into.Type().Elem()).Elem()
		r.Decode(entry.Value, value, at.Key(entry.Key.Value))
		into.SetMapIndex(reflect.ValueOf(entry.Key.Value), value)
	}
}

// List decodes a list into a slice.
func (r *Reader) List(node *yaml.Node, into reflect.Value, at Path) {
	if node.Kind != yaml.SequenceNode {
		r.Unusable(at, contract.Invalid("is no list").Advise("write it like [one, two]"))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content)))
	for i, item := range node.Content {
		r.Decode(item, into.Index(i), at.Item(i))
	}
}

// Text takes a value as it is written: an account may be called 007 or no.
func (r *Reader) Text(node *yaml.Node, at Path) (string, bool) {
	if node.Kind != yaml.ScalarNode {
		r.Unusable(at, contract.Invalid("is no text").Advise("write a single value"))
		return "", false
	}
	return node.Value, true
}

func (r *Reader) whole(node *yaml.Node, into reflect.Value, at Path) {
	number, err := strconv.Atoi(node.Value)
	if err != nil || node.ShortTag() != intTag {
		r.Unusable(at, contract.Invalid("is no whole number").Advise("write a number like 2"))
		return
	}
	into.SetInt(int64(number))
}

func (r *Reader) secret(node *yaml.Node, into *Secret, at Path) {
	reference, ok := r.Text(node, at)
	if !ok {
		return
	}
	if r.Secrets != nil {
		*into = r.Secrets(reference, at)
		return
	}
	secret, err := Resolve(reference, r.Folder)
	if err != nil {
		r.Refused(at, err)
		r.broken[at.id()] = true
		return
	}
	*into = secret
}

// duration reads a length of time; nothing that is configured may last no time or less.
func (r *Reader) duration(node *yaml.Node, into *contract.Duration, at Path) {
	text, ok := r.Text(node, at)
	if !ok {
		return
	}
	const like = "write it like 30m, 2h or 1h30m"
	if err := into.UnmarshalText([]byte(text)); err != nil {
		r.Unusable(at, contract.Invalid("%q is not a duration", Shorten(text)).Advise(like))
		return
	}
	if into.Duration <= 0 {
		r.Unusable(at, contract.Invalid("%s is not longer than zero", into).Advise(like))
	}
}

// Refused notes an error that names its own field, below a path, or several that are joined; none when it is nil.
func (r *Reader) Refused(at Path, err error) {
	if joined, several := err.(interface{ Unwrap() []error }); several {
		for _, one := range joined.Unwrap() {
			r.Refused(at, one)
		}
		return
	}
	if err == nil {
		return
	}
	if problem, ok := contract.ProblemOf(err); ok {
		r.Wrong(at.Below(problem.Field), contract.Invalid("%s", problem.Fault).Advise(problem.Fix))
		return
	}
	r.Wrong(at, contract.Invalid("%v", err))
}
