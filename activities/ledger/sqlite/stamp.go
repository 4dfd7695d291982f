package sqlite

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// stampLayout has a fixed width, so that stamps sort by time.
const stampLayout = "2006-01-02T15:04:05.000000000Z"

// stamp is a time as a column keeps it: text in UTC to the nanosecond; empty for the zero time.
type stamp struct{ time.Time }

// Value refuses what the layout can't hold: a year of five digits would sort before all others.
func (s stamp) Value() (driver.Value, error) {
	if s.IsZero() {
		return "", nil
	}
	at := s.UTC()
	if year := at.Year(); year < 0 || year > 9999 {
		return nil, fmt.Errorf("the ledger can't keep a time in the year %d", year)
	}
	return at.Format(stampLayout), nil
}

// Scan reads what Value wrote.
func (s *stamp) Scan(value any) error {
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
