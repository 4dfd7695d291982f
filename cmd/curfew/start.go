package main

import (
	"fmt"
	"strings"
	"time"

	"curfew/workflows/contract"
)

const startFix = `write it like 22:00, "tomorrow 22:00", "2027-01-31 22:00" or 2027-01-31T22:00:00Z`

// startTime reads when access is to begin. Without an offset it is the time on the clock of whoever types it; what that
// clock never shows, or shows twice, is refused, and so is what has passed.
func (p *program) startTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if at, err = p.clockTime(text); err != nil {
			return time.Time{}, err
		}
	}
	if !at.After(p.now()) {
		return time.Time{}, contract.Invalid("%s has passed", p.bothZones(at)).At("start").Advise(startFix)
	}
	return at.UTC(), nil
}

// clockTime reads a day and a time of the day.
func (p *program) clockTime(text string) (time.Time, error) {
	now := p.now().In(p.zone)
	day, clock := now, text
	if rest, found := strings.CutPrefix(text, "tomorrow "); found {
		day, clock = time.Date(now.Year(), now.Month(), now.Day()+1, 12, 0, 0, 0, p.zone), rest
	} else if date, rest, found := strings.Cut(text, " "); found {
		named, err := time.ParseInLocation(time.DateOnly, date, time.UTC)
		if err != nil {
			return time.Time{}, contract.Invalid("%.*q is not a time", maxShown, text).At("start").Advise(startFix)
		}
		day, clock = named, rest
	}
	hand, err := time.Parse("15:04", clock)
	if err != nil {
		return time.Time{}, contract.Invalid("%.*q is not a time", maxShown, text).At("start").Advise(startFix)
	}
	shows := onClock(day, hand, p.zone)
	switch len(shows) {
	case 1:
		return shows[0], nil
	case 0:
		return time.Time{}, contract.Invalid("clocks are put forward then: no clock in %s shows %s", p.zone, text).
			At("start").
			Advise("choose another time")
	default:
		return time.Time{}, contract.Invalid("clocks are put back then, and show %s twice", text).
			At("start").
			Advise(fmt.Sprintf("write %s or %s", shows[0].Format(time.RFC3339), shows[1].Format(time.RFC3339)))
	}
}

// maxShown is how much of what was typed an error repeats.
const maxShown = 64

// onClock is each moment of a day at which clocks in a zone show a time, in order: one, or none or two when they are
// changed on that day.
func onClock(day, hand time.Time, zone *time.Location) []time.Time {
	noon := time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, zone)
	var moments []time.Time
	for _, near := range []time.Time{noon.Add(-24 * time.Hour), noon.Add(24 * time.Hour)} {
		_, offset := near.Zone()
		at := time.Date(day.Year(), day.Month(), day.Day(), hand.Hour(), hand.Minute(), 0, 0, time.FixedZone("", offset)).
			In(zone)
		if at.Hour() != hand.Hour() || at.Minute() != hand.Minute() {
			continue
		}
		if len(moments) == 0 || !at.Equal(moments[0]) {
			moments = append(moments, at)
		}
	}
	return moments
}
