package ledger

import (
	"strings"
	"time"

	"curfew/workflows/contract"
)

// Cursor is a place in a list that is ordered by time and id: the last row of the page before.
type Cursor struct {
	At Stamp
	ID string
}

// DueCursor is what continues a list of due holdings after this one.
func (h Holding) DueCursor() string { return cursorAt(h.Until, h.Grant) }

// AlarmCursor is what continues a list of alarms with those that are older than this one.
func AlarmCursor(alarm contract.Alarm) string { return cursorAt(alarm.At, alarm.ID) }

// cursorAt is the stamp and the id with a slash between them, which no stamp has.
func cursorAt(at time.Time, id string) string { return Stamp{at}.text() + "/" + id }

// Page is how many holdings a page holds, and where it begins: the zero value at the list's beginning.
func (f DueFilter) Page() (int, Cursor, error) { return page(f.Limit, "after", f.After) }

// Page is how many alarms a page holds, and where it begins: the zero value at the list's beginning.
func (f AlarmFilter) Page() (int, Cursor, error) { return page(f.Limit, "before", f.Before) }

func page(limit int, field, cursor string) (length int, begin Cursor, err error) {
	if length, err = pageLength(limit); err != nil {
		return 0, Cursor{}, err
	}
	begin, err = parseCursor(field, cursor)
	return length, begin, err
}

func parseCursor(field, text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	at, id, found := strings.Cut(text, "/")
	cursor := Cursor{ID: id}
	if err := cursor.At.Scan(at); err != nil || !found || id == "" {
		return Cursor{}, contract.Invalid("%q is no place in the list", contract.Shorten(text, 100)).
			At(field).
			Advise("pass on the cursor of the last one of the page before")
	}
	return cursor, nil
}
