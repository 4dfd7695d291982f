// Package exactjson reads JSON that comes from outside: each key matches a field exactly and occurs once, so that
// nobody who looks at the text reads something else in it than Curfew does.
package exactjson

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Unmarshal reads one JSON value. Keys that the target has no field for are passed over.
func Unmarshal(text []byte, into any) error { return explain(json.Unmarshal(text, into)) }

// UnmarshalKnown reads one JSON value, and refuses keys that the target has no field for.
func UnmarshalKnown(text []byte, into any) error {
	return explain(json.Unmarshal(text, into, json.RejectUnknownMembers(true)))
}

// UnmarshalLoose reads one JSON value of somebody who does not look after the encoding of what people write into it.
func UnmarshalLoose(text []byte, into any) error {
	return explain(json.Unmarshal(text, into, jsontext.AllowInvalidUTF8(true)))
}

// maxShown bounds what an error repeats of a key, in bytes.
const maxShown = 64

// explain says what is wrong without repeating any value.
func explain(err error) error {
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntactic) && errors.Is(syntactic.Err, jsontext.ErrDuplicateName):
		return fmt.Errorf("the key %.*s is there twice", maxShown, syntactic.JSONPointer)
	case errors.As(err, &syntactic):
		return fmt.Errorf("it is no JSON: at byte %d, %w", syntactic.ByteOffset, syntactic.Err)
	case errors.As(err, &semantic) && errors.Is(semantic.Err, json.ErrUnknownName):
		return fmt.Errorf("there is no key %.*s", maxShown, semantic.JSONPointer)
	case errors.As(err, &semantic) && semantic.Err != nil:
		return fmt.Errorf("%.*s: %w", maxShown, semantic.JSONPointer, semantic.Err)
	case errors.As(err, &semantic):
		return fmt.Errorf("%.*s can't be a %s", maxShown, semantic.JSONPointer, semantic.JSONKind)
	}
	return err
}
