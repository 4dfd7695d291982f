package narrate

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"

	"curfew/workflows/contract"
)

// form is how much of an entry is written.
type form int

const (
	whole form = iota
	plain      // without characters beyond the Basic Multilingual Plane, which not every database stores
	bare       // what Curfew says of every event of the kind, and nothing that came from elsewhere
)

// mostPlain is the last character that a database stores which gives three bytes to each.
const mostPlain = '\uffff'

// lacks is what a form has less than the whole.
func (f form) lacks() string {
	if f == plain {
		return "characters beyond the Basic Multilingual Plane, like emoji"
	}
	return "all but its headline"
}

// of is an event and its request in a form. It differs when it says something else than the fuller forms.
func (f form) of(event contract.Event, status contract.Status) (contract.Event, contract.Status, bool) {
	switch f {
	case plain:
		plainEvent, changed := plainly(event)
		plainStatus, also := plainly(status)
		plainEvent.Detail = withLine(
			plainEvent.Detail,
			"Some characters could not be stored here. The request's page has them.",
		)
		return plainEvent, plainStatus, changed || also
	case bare:
		event, _ = plainly(event)
		status, _ = plainly(status)
		event.Said, event.Detail = "", "The rest of this entry could not be stored here. The request's page has it."
		status.Reason, status.Why, status.Extension, status.Reviews = "", "", nil, nil
		return event, status, true
	default:
		return event, status, true
	}
}

func withLine(text, line string) string { return strings.TrimPrefix(text+"\n"+line, "\n") }

// plainly replaces the characters of all texts that lie beyond the plane. It says whether there was one.
func plainly[T any](full T) (T, bool) {
	text, err := json.Marshal(full)
	if err != nil {
		return full, false
	}
	plainText := bytes.Map(func(r rune) rune {
		if r > mostPlain {
			return unicode.ReplacementChar
		}
		return r
	}, text)
	var replaced T
	if bytes.Equal(text, plainText) || json.Unmarshal(plainText, &replaced) != nil {
		return full, false
	}
	return replaced, true
}
