package main

import (
	"fmt"
	"time"
)

// moment is a time as people say it, with the exact one behind it.
func (p *program) moment(at time.Time) string {
	return fmt.Sprintf("%s (%s)", p.distance(at), at.In(p.zone).Format("2006-01-02 15:04 MST"))
}

// appointment is a moment that people in several zones have to meet.
func (p *program) appointment(at time.Time) string {
	return fmt.Sprintf("%s (%s)", p.distance(at), p.bothZones(at))
}

// maybe is a moment that may not have come.
func (p *program) maybe(at *time.Time) string {
	if at == nil {
		return ""
	}
	return p.moment(*at)
}

func (p *program) distance(at time.Time) string {
	if d := at.Sub(p.now()); d >= 0 {
		return "in " + roughly(d)
	}
	return roughly(p.now().Sub(at)) + " ago"
}

// roughly keeps the two largest units.
func roughly(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < day:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%dd%02dh", int(d/day), int((d % day).Hours()))
	}
}

// bothZones is a moment on the clock of whoever reads it and, beside that, in UTC.
func (p *program) bothZones(at time.Time) string {
	const format = "2006-01-02 15:04 MST"
	here, utc := at.In(p.zone).Format(format), at.UTC().Format(format)
	if here == utc {
		return utc
	}
	return here + ", " + utc
}
