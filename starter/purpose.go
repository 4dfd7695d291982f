package starter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"curfew/workflows/contract"
)

// checkPurpose bounds what a request says that it is for, field by field, and wants a reason.
func checkPurpose(purpose contract.Purpose) error {
	for _, field := range contract.PurposeFields() {
		typed := *field.In(&purpose)
		if field.Name == contract.FieldReason && contract.IsBlank(typed) {
			return contract.Invalid("a reason is missing").At(field.Name).Advise("say what it is for")
		}
		if err := checkTyped(typed, field.Name, field.Bound, field.Prose); err != nil {
			return err
		}
	}
	return nil
}

func checkReason(reason string) error { return checkPurpose(contract.Purpose{Reason: reason}) }

// checkText bounds what a person types to explain something; empty is fine here.
func checkText(text string) error {
	return checkTyped(text, contract.FieldReason, contract.MaxReason, true)
}

// checkTyped bounds what a person types, in bytes; prose has lines.
func checkTyped(typed, field string, bound int, prose bool) error {
	if len(typed) > bound {
		return contract.Invalid("it is %d bytes long", len(typed)).
			At(field).
			Advise(fmt.Sprintf("keep it to %d bytes", bound))
	}
	if !utf8.ValidString(typed) {
		return contract.Invalid("it is not valid UTF-8").At(field).Advise("send it as UTF-8")
	}
	if !prose {
		if strings.ContainsFunc(typed, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return contract.Invalid("it has characters that can't be printed").At(field).Advise("write it on one line")
		}
		return nil
	}
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if at := strings.IndexFunc(typed, control); at >= 0 {
		return contract.Invalid("it has a control character at byte %d", at).
			At(field).
			Advise("remove it; only line breaks and tabs are allowed")
	}
	return nil
}
