package page

import (
	"fmt"
	"time"
)

// Moment is a time as pages show it: when, and how long until then or since. The script shows it in the zone of whoever
// looks, and lets the second part go on.
type Moment struct{ At, Now time.Time }

// Machine is the time for the script.
func (m Moment) Machine() string { return m.At.UTC().Format(time.RFC3339) }

// Date is the time for people who have no script.
func (m Moment) Date() string { return m.At.UTC().Format("2 Jan 2006, 15:04 UTC") }

// Away is how far the time is from now.
func (m Moment) Away() string {
	if left := m.At.Sub(m.Now); left >= time.Second {
		return "in " + length(left)
	}
	if ago := m.Now.Sub(m.At); ago >= time.Second {
		return length(ago) + " ago"
	}
	return "now"
}

// length is rounded to two units, like the script does it.
func length(d time.Duration) string {
	const day = 24 * time.Hour
	d = d.Truncate(time.Second)
	days, hours, minutes, seconds := d/day, d%day/time.Hour, d%time.Hour/time.Minute, d%time.Minute/time.Second
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %02d s", minutes, seconds)
	}
	return fmt.Sprintf("%d s", seconds)
}
