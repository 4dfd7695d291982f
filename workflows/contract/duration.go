package contract

import (
	"encoding/json"
	"fmt"
	"time"
)

// Duration is a length of time that is written the way a person types it ("1h30m"), in payloads, files and answers.
type Duration struct{ time.Duration }

// MarshalText writes the duration as time.ParseDuration reads it, without trailing zero units ("2h", not "2h0m0s").
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration: write it like 30m, 2h or 1h30m", text)
	}
	d.Duration = parsed
	return nil
}

// AskedDuration reads a length of time that somebody may leave out: empty is zero. Whoever writes one means more than
// that: zero would be taken for what is usual, or for ever.
func AskedDuration(text string) (Duration, error) {
	const field, fix = "duration", "write it like 30m, 2h or 1h30m"
	var asked Duration
	if text == "" {
		return asked, nil
	}
	if err := asked.UnmarshalText([]byte(text)); err != nil {
		return asked, Invalid("%q is not a duration", Shorten(text, 64)).At(field).Advise(fix)
	}
	if asked.Duration == 0 {
		return asked, Invalid("zero is no time at all").At(field).Advise(fix + ", or leave it out")
	}
	return asked, nil
}

// MarshalJSON writes a JSON string; embedding time.Duration alone would write a number of nanoseconds.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads a JSON string.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("%s is not a duration: write it like \"30m\"", data)
	}
	return d.UnmarshalText([]byte(text))
}

// String is the shortest form: 2h, 90s as 1m30s, 10m.
func (d Duration) String() string {
	s := d.Duration.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if n := len(s) - len(zero); n > 0 && s[n:] == zero {
			s = s[:n+1]
		}
	}
	return s
}
