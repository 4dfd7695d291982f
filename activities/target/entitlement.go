package target

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"curfew/workflows/contract"
)

// Field is one key of a kind's entitlement, as people write it.
type Field struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // text, number, truth, list or mapping
	Meaning  string `json:"meaning"`
	Optional bool   `json:"optional,omitempty"`
}

// FieldsOf describes the struct of an entitlement by its tags: json for the name, omitempty for what may be left out,
// and doc for the meaning.
func FieldsOf(entitlement any) []Field {
	var fields []Field
	for field := range reflect.TypeOf(entitlement).Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields = append(fields, Field{
			Name:     name,
			Type:     wordFor(field.Type),
			Meaning:  field.Tag.Get("doc"),
			Optional: strings.Contains(options, "omitempty"),
		})
	}
	return fields
}

func wordFor(of reflect.Type) string {
	switch of.Kind() {
	case reflect.Bool:
		return "truth"
	case reflect.String:
		return "text"
	case reflect.Slice:
		return "list"
	case reflect.Map, reflect.Struct:
		return "mapping"
	default:
		return "number"
	}
}

// longestEntitlement is in bytes; an entitlement is kept in every event of its grant.
const longestEntitlement = 16 << 10

// DecodeEntitlement reads an entitlement as it is written in a template, strictly, into a pointer to the kind's struct.
// The error names the key that is unknown, of the wrong type or missing.
func DecodeEntitlement(written json.RawMessage, into any) error {
	if len(written) > longestEntitlement {
		return contract.Invalid("the entitlement is too large").
			Advise(fmt.Sprintf("keep it below %d KiB", longestEntitlement>>10))
	}
	fields := FieldsOf(reflect.ValueOf(into).Elem().Interface())
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(written, &keys); err != nil || keys == nil {
		return contract.Invalid("the entitlement is not a set of keys and values").Advise("write " + named(fields))
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.ContainsFunc(fields, func(field Field) bool { return field.Name == key }) {
			return contract.Invalid("is unknown").
				At(contract.Shorten(key, 64)).
				Advise("an entitlement of this kind has " + named(fields))
		}
	}
	for _, field := range fields {
		if _, there := keys[field.Name]; !there && !field.Optional {
			return contract.Invalid("is missing").At(field.Name).Advise("write " + field.Meaning)
		}
	}
	return decode(written, into, fields)
}

func decode(written json.RawMessage, into any, fields []Field) error {
	decoder := json.NewDecoder(bytes.NewReader(written))
	decoder.DisallowUnknownFields() // also further down
	err := decoder.Decode(into)
	var mistyped *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &mistyped):
		return contract.Invalid("%v", err).Advise("an entitlement of this kind has " + named(fields))
	}
	top, _, _ := strings.Cut(mistyped.Field, ".")
	for _, field := range fields {
		if field.Name == top {
			return contract.Invalid("is a %s", mistyped.Value).
				At(mistyped.Field).
				Advise("write " + field.Meaning + " (" + field.Type + ")")
		}
	}
	return contract.Invalid("is a %s", mistyped.Value).At(mistyped.Field).Advise("write " + named(fields))
}

func named(fields []Field) string {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Name
		if field.Optional {
			names[i] += " (if need be)"
		}
	}
	return strings.Join(names, ", ")
}
