package strictyaml

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"curfew/workflows/contract"
)

// Tags of the configuration's structs, and of kinds' settings, say what a key means: doc in a sentence, default what it
// is when the file does not say, otherwise the same in words where it depends, enum what it may be, min and max its
// bounds, and required what to write when it is missing.
const (
	tagDefault  = "default"
	tagRequired = "required"
	tagEnum     = "enum"
	tagMin      = "min"
	tagMax      = "max"
)

// Complete puts defaults into a struct that was decoded, and refuses what its tags exclude.
func (r *Reader) Complete(of reflect.Value, at Path) {
	for _, field := range reflect.VisibleFields(of.Type()) {
		name, ok := KeyOf(field)
		here := at.Key(name)
		if !ok || r.Lost(here) {
			continue
		}
		value, tag := of.FieldByIndex(field.Index), field.Tag
		isNumber := value.Kind() == reflect.Int && r.Written(r.where(here)) // also when it is 0
		if value.IsZero() && !isNumber {
			r.absent(value, tag, here)
		}
		if !value.IsZero() || isNumber {
			r.bounded(value, tag, here)
		}
		r.completeBelow(value, here)
	}
}

func (r *Reader) completeBelow(value reflect.Value, at Path) {
	switch value.Kind() {
	case reflect.Struct:
		r.Complete(value, at)
	case reflect.Pointer:
		if !value.IsNil() {
			r.completeBelow(value.Elem(), at)
		}
	case reflect.Slice:
		for i := range value.Len() {
			r.completeBelow(value.Index(i), at.Item(i))
		}
	case reflect.Map:
		if value.Type().Elem().Kind() != reflect.Struct {
			return
		}
		for _, key := range value.MapKeys() {
			changed := reflect.New(value.Type().Elem()).Elem()
			changed.Set(value.MapIndex(key))
			r.Complete(changed, at.Key(key.String()))
			value.SetMapIndex(key, changed)
		}
	default:
	}
}

// absent puts in what a key is when the file does not say.
func (r *Reader) absent(value reflect.Value, tag reflect.StructTag, at Path) {
	if fix, required := tag.Lookup(tagRequired); required {
		if fix == "" {
			fix = "write " + strings.Join(choices(tag), " or ")
		}
		r.Wrong(at, contract.Invalid("is missing").Advise(fix))
		return
	}
	usual, there := tag.Lookup(tagDefault)
	if !there {
		return
	}
	switch value := value.Addr().Interface().(type) {
	case *contract.Duration:
		*value = mustDuration(usual)
	case *string:
		*value = usual
	case *int:
		*value, _ = strconv.Atoi(usual) // TestEveryKeyIsDescribed reads them all
	}
}

// bounded refuses what is not among a key's choices, or out of its bounds.
func (r *Reader) bounded(value reflect.Value, tag reflect.StructTag, at Path) {
	if text, ok := value.Interface().(string); ok && tag.Get(tagEnum) != "" {
		r.OneOf(at, text, choices(tag)...)
	}
	least, most := tag.Get(tagMin), tag.Get(tagMax)
	switch value := value.Interface().(type) {
	case contract.Duration:
		if least != "" && value.Duration < mustDuration(least).Duration {
			r.Wrong(at, contract.Invalid("%s is too short", value).Advise("write at least "+least))
		}
		if most != "" && value.Duration > mustDuration(most).Duration {
			r.Wrong(at, contract.Invalid("%s is too long", value).Advise("write at most "+most))
		}
	case int:
		if number, err := strconv.Atoi(least); err == nil && value < number {
			r.Wrong(at, contract.Invalid("is less than %d", number).Advise("write "+least+" or more"))
		}
	}
}

func choices(tag reflect.StructTag) []string { return strings.Split(tag.Get(tagEnum), ",") }

// mustDuration reads a duration of a tag; zero for none.
func mustDuration(text string) (length contract.Duration) {
	_ = length.UnmarshalText([]byte(text)) // TestEveryKeyIsDescribed reads them all
	return length
}

// OneOf checks a choice that must be made.
func (r *Reader) OneOf(at Path, chosen string, choices ...string) {
	switch {
	case chosen == "":
		r.Wrong(at, contract.Invalid("is missing").Advise("write "+strings.Join(choices, " or ")))
	case !slices.Contains(choices, chosen):
		r.Wrong(at, contract.Invalid("%q is no choice here", Shorten(chosen)).Advise(Suggest(chosen, choices)))
	}
}
