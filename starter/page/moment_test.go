package page_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/starter/page"
)

func TestTimesAreSaidAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 14, 5, 0, 0, time.FixedZone("CET", 3600))
	for away, said := range map[time.Duration]string{
		59*time.Minute + 3*time.Second: "in 59 min 03 s",
		2*time.Hour + 90*time.Second:   "in 2 h 1 min",
		51 * time.Hour:                 "in 2 d 3 h",
		900 * time.Millisecond:         "now",
		-5 * time.Second:               "5 s ago",
		-3 * time.Hour:                 "3 h 0 min ago",
		0:                              "now",
	} {
		require.Equal(t, said, page.Moment{At: now.Add(away), Now: now}.Away())
	}
	moment := page.Moment{At: now, Now: now}
	require.Equal(t, "24 Nov 2026, 13:05 UTC", moment.Date())
	require.Equal(t, "2026-11-24T13:05:00Z", moment.Machine())
}
