package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAStartIsReadOnTheClockOfWhoeverTypesIt(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, test := range map[string]struct {
		now, typed, start string // the start is in UTC
	}{
		"today":                       {"2026-11-23T12:00:00Z", "22:00", "2026-11-23T21:00:00Z"},
		"tomorrow":                    {"2026-11-23T12:00:00Z", "tomorrow 09:30", "2026-11-24T08:30:00Z"},
		"tomorrow, when it is today":  {"2026-11-23T23:30:00Z", "tomorrow 09:30", "2026-11-25T08:30:00Z"},
		"tomorrow, in another month":  {"2026-11-30T12:00:00Z", "tomorrow 09:30", "2026-12-01T08:30:00Z"},
		"a day":                       {"2026-11-23T12:00:00Z", "2026-12-24 18:00", "2026-12-24T17:00:00Z"},
		"a day in summer":             {"2026-11-23T12:00:00Z", "2027-07-01 18:00", "2027-07-01T16:00:00Z"},
		"before clocks are put back":  {"2026-10-24T12:00:00Z", "tomorrow 01:30", "2026-10-24T23:30:00Z"},
		"after clocks are put back":   {"2026-10-24T12:00:00Z", "tomorrow 03:30", "2026-10-25T02:30:00Z"},
		"when clocks are put forward": {"2027-03-27T12:00:00Z", "tomorrow 03:30", "2027-03-28T01:30:00Z"},
		"with an offset":              {"2026-11-23T12:00:00Z", "2026-11-23T22:00:00+05:00", "2026-11-23T17:00:00Z"},
		"in UTC":                      {"2026-11-23T12:00:00Z", "2026-11-23T22:00:00Z", "2026-11-23T22:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start, err := at(t, test.now, berlin).startTime(test.typed)
			require.NoError(t, err)
			require.Equal(t, test.start, start.Format(time.RFC3339))
		})
	}
}

func TestP9AStartThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for typed, test := range map[string]struct{ now, says string }{
		"12:00":                {"2026-11-23T12:00:00Z", "start: 2026-11-23 12:00 CET, 2026-11-23 11:00 UTC has passed"},
		"2026-11-23T12:00:00Z": {"2026-11-23T12:00:00Z", "has passed"},
		"25:00":                {"2026-11-23T12:00:00Z", `start: "25:00" is not a time; write it like 22:00`},
		"noon":                 {"2026-11-23T12:00:00Z", `"noon" is not a time`},
		"yesterday 22:00":      {"2026-11-23T12:00:00Z", `"yesterday 22:00" is not a time`},
		"2026-02-30 22:00":     {"2026-01-23T12:00:00Z", `"2026-02-30 22:00" is not a time`},
		"2027-03-28 02:30":     {"2026-11-23T12:00:00Z", "clocks are put forward then: no clock in Europe/Berlin shows 2027-03-28 02:30"},
		"2026-10-25 02:30": {
			"2026-10-24T12:00:00Z",
			"clocks are put back then, and show 2026-10-25 02:30 twice; write 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00",
		},
	} {
		t.Run(typed, func(t *testing.T) {
			t.Parallel()
			_, err := at(t, test.now, berlin).startTime(typed)
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestAStartIsShownInBothZones(t *testing.T) {
	t.Parallel()
	s := open(t)
	template := s.Config.Templates["debug-prod"]
	template.StartWithin.Duration = 100 * 365 * 24 * time.Hour
	s.Config.Templates["debug-prod"] = template
	s.now = func() time.Time { return time.Date(2035, 11, 23, 12, 0, 0, 0, time.UTC) }

	ran := s.run(t, "alice", append(goodRequest, "--start", "22:00")...)

	require.Equal(t, result{0, ran.out, ""}, ran)
	require.Contains(t, ran.out, "begins     in 9h00m (2035-11-23 22:00 CET, 2035-11-23 21:00 UTC)\n")
}

func at(t *testing.T, now string, zone *time.Location) *program {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, now)
	require.NoError(t, err)
	return &program{surroundings: surroundings{now: func() time.Time { return moment }, zone: zone}}
}
