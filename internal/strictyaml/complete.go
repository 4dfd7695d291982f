package strictyaml

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"curfew/workflows/contract"
)

// Tags of the configuration's structs, and of kinds' settings, say what a key means:
//
//   - doc in a sentence;
//   - default is what it is when the file does not say, otherwise the same in words where it depends;
//   - enum is what it, or each item of a list, may be;
//   - min and max are its bounds; those of a list are how many items it may have;
//   - required is what to write when it is missing. A key can be missing only in a section that is written, or that is
//     required itself;
//   - partial is for a section that says what others, which the tag names, mean where they don't say. Nothing is missing
//     in it. A section that has inherits means what a partial one says;
//   - own is for a key that a partial section can't have, and says why.
const (
	tagDefault  = "default"
	tagRequired = "required"
	tagEnum     = "enum"
	tagMin      = "min"
	tagMax      = "max"
	tagOwn      = "own"
	tagPartial  = "partial"
)

// Complete puts defaults into settings that no file was read into, and returns what their tags exclude.
func Complete(settings any) error {
	r := NewReader("")
	r.Complete(reflect.ValueOf(settings).Elem(), nil)
	faults := make([]error, len(r.Mistakes))
	for i, mistake := range r.Mistakes {
		faults[i] = contract.Invalid("%s", mistake.Fault).At(mistake.Field).Advise(mistake.Fix)
	}
	if len(faults) == 1 {
		return faults[0]
	}
	return errors.Join(faults...)
}

// Complete puts defaults into a struct that was decoded, and refuses what its tags exclude.
func (r *Reader) Complete(of reflect.Value, at Path) { r.complete(of, at, within{whole: true}) }

// within is what a key's section means for it.
type within struct {
	whole   bool   // the key can be missing
	partial string // the sections that this one says something of; empty for a section of its own
}

func (r *Reader) complete(of reflect.Value, at Path, section within) {
	for _, field := range reflect.VisibleFields(of.Type()) {
		name, ok := KeyOf(field)
		here := at.Key(name)
		if !ok || r.Lost(here) {
			continue
		}
		value, tag := of.FieldByIndex(field.Index), field.Tag
		written := r.says(here)
		below := section.below(value, tag, written)
		if isAbsent(value) && !(written && value.Kind() == reflect.Int) { // a number that is written may be 0
			r.absent(value, tag, here, section)
		} else {
			r.bounded(value, tag, here)
			r.owned(tag, here, section)
		}
		r.completeBelow(value, here, below)
	}
}

// says is true when the file says something of a key itself, and not by a short form of its section.
func (r *Reader) says(at Path) bool {
	where := r.where(at)
	return len(where) > 0 && where[len(where)-1] == at[len(at)-1] && r.Written(where)
}

// below is what a key means for what is written below it.
func (w within) below(value reflect.Value, tag reflect.StructTag, written bool) within {
	if sections, is := tag.Lookup(tagPartial); is {
		return within{partial: sections}
	}
	_, required := tag.Lookup(tagRequired)
	w.whole = w.whole && (required || written || !value.IsZero())
	return w
}

// isAbsent is true for what the file does not say, and for a list without items.
func isAbsent(value reflect.Value) bool {
	return value.IsZero() || value.Kind() == reflect.Slice && value.Len() == 0
}

func (r *Reader) completeBelow(value reflect.Value, at Path, section within) {
	switch value.Kind() {
	case reflect.Struct:
		r.complete(value, at, section)
	case reflect.Pointer:
		if !value.IsNil() {
			r.completeBelow(value.Elem(), at, section)
		}
	case reflect.Slice:
		for i := range value.Len() { // an item is whole, whatever its list is a part of
			r.completeBelow(value.Index(i), at.Item(i), within{whole: true})
		}
	case reflect.Map:
		if value.Type().Elem().Kind() != reflect.Struct {
			return
		}
		for _, key := range value.MapKeys() {
			changed := reflect.New(value.Type().Elem()).Elem()
			changed.Set(value.MapIndex(key))
			r.complete(changed, at.Key(key.String()), within{whole: true})
			value.SetMapIndex(key, changed)
		}
	default:
	}
}

// absent puts in what a key is when the file does not say, and refuses that it doesn't.
func (r *Reader) absent(value reflect.Value, tag reflect.StructTag, at Path, section within) {
	fix, required := tag.Lookup(tagRequired)
	if required && !isSection(value) { // the keys of a section are missing by themselves
		if fix == "" && value.Kind() == reflect.Slice {
			fix = "choose from " + strings.Join(choices(tag), ", ")
		}
		if section.whole {
			r.Wrong(at, contract.Invalid("is missing").Advise(cmp.Or(fix, "write "+strings.Join(choices(tag), " or "))))
		}
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

func isSection(value reflect.Value) bool {
	return value.Kind() == reflect.Struct && len(fieldsOf(value.Type())) > 0
}

// owned refuses in a partial section what only the others can say.
func (r *Reader) owned(tag reflect.StructTag, at Path, section within) {
	if fault, own := tag.Lookup(tagOwn); own && section.partial != "" {
		r.Wrong(at, contract.Invalid("%s", fault).Advise("move it to the "+section.partial))
	}
}

// bounded refuses what is not among a key's choices, or out of its bounds.
func (r *Reader) bounded(value reflect.Value, tag reflect.StructTag, at Path) {
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	least, most := tag.Get(tagMin), tag.Get(tagMax)
	switch known := value.Interface().(type) {
	case contract.Duration:
		if least != "" && known.Duration < mustDuration(least).Duration {
			r.Wrong(at, contract.Invalid("%s is too short", known).Advise("write at least "+least))
		}
		if most != "" && known.Duration > mustDuration(most).Duration {
			r.Wrong(at, contract.Invalid("%s is too long", known).Advise("write at most "+most))
		}
	case int:
		if number, err := strconv.Atoi(least); err == nil && known < number {
			r.Wrong(at, contract.Invalid("is less than %d", number).Advise("write "+least+" or more"))
		}
		if number, err := strconv.Atoi(most); err == nil && known > number {
			r.Wrong(at, contract.Invalid("is more than %d", number).Advise("write "+most+" or less"))
		}
	case string:
		r.chosen(known, tag, at)
	case []string:
		for i, item := range known {
			r.chosen(item, tag, at.Item(i))
		}
	}
	if number, err := strconv.Atoi(most); err == nil && value.Kind() == reflect.Slice && value.Len() > number {
		r.Wrong(at, contract.Invalid("has %d", value.Len()).Advise("keep "+most+" at most"))
	}
}

func (r *Reader) chosen(text string, tag reflect.StructTag, at Path) {
	if tag.Get(tagEnum) != "" {
		r.OneOf(at, text, choices(tag)...)
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
