package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

// thing is one entitlement on its target, as people can read it.
type thing struct {
	Target, Account string
	Facts           []fact
	Note            linked // how it stands
}

type fact struct{ Key, Value string }

func thingOf(access contract.Access) thing {
	one := thing{Target: access.Target, Account: exact(access.Account), Facts: facts(access.Entitlement)}
	if access.ReadBack == contract.ReadBackNone {
		one.Facts = append(one.Facts, fact{"readBack", "none: nobody can see the access go"})
	}
	return one
}

// thingHeld also says how it stands.
func (v visit) thingHeld(status contract.Status, hold contract.HoldState) thing {
	one, c := thingOf(hold.Access), v.caseOf(status)
	one.Note = v.link(story.Hold(c, hold), hold.HeldBy)
	return one
}

// facts puts the JSON of an entitlement into lines, and leaves nothing of it out.
func facts(entitlement json.RawMessage) []fact {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(entitlement, &fields); err != nil {
		return []fact{{"entitlement", exact(string(entitlement))}}
	}
	lines := make([]fact, 0, len(fields))
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		lines = append(lines, fact{exact(key), value(fields[key])})
	}
	return lines
}

// value is a text as it is, a list of texts with commas, and anything else as JSON.
func value(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return exact(text)
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		for i := range list {
			list[i] = exact(list[i])
		}
		return strings.Join(list, ", ")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return exact(string(raw))
	}
	return exact(compact.String())
}

// exact writes out what would not be seen, or would look like something else.
func exact(text string) string {
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}
