package ledger

import (
	"database/sql/driver"
	"fmt"
	"time"

	"curfew/workflows/contract"
)

// stampLayout has a fixed width, so that stamps sort by time.
const stampLayout = "2006-01-02T15:04:05.000000000Z"

// Stamp is a time as the columns of stores keep it: text in UTC to the nanosecond, which the time types of databases
// would cut off; empty for the zero time, which so comes before all others.
type Stamp struct{ time.Time }

// Value refuses what the layout can't hold: a year of five digits would sort before all others.
func (s Stamp) Value() (driver.Value, error) {
	if year := s.UTC().Year(); year < 0 || year > 9999 {
		return nil, fmt.Errorf("the ledger can't keep a time in the year %d", year)
	}
	return s.text(), nil
}

func (s Stamp) text() string {
	if s.IsZero() {
		return ""
	}
	return s.UTC().Format(stampLayout)
}

// stillHeld comes after all times.
const stillHeld = "~"

// HeldUntil is until when a request gave access, as a column keeps it: empty when it never did.
func HeldUntil(status contract.Status) string {
	switch {
	case status.GrantedAt == nil:
		return ""
	case status.EndedAt == nil:
		return stillHeld
	}
	return Stamp{*status.EndedAt}.text()
}

// Scan reads what Value wrote.
func (s *Stamp) Scan(value any) error {
	text, isText := value.(string)
	if !isText {
		return fmt.Errorf("the ledger has a %T where a time should be", value)
	}
	s.Time = time.Time{}
	if text == "" {
		return nil
	}
	at, err := time.Parse(stampLayout, text)
	if err != nil {
		return fmt.Errorf("the ledger has %q where a time should be: %w", text, err)
	}
	s.Time = at.UTC()
	return nil
}
