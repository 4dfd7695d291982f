// Package story puts a request's events and how it stands into words, for pages, commands, tickets, incidents and
// messages. Each sentence stands beside the facts that it needs; the package storytest has the tests of places walk all
// of them.
package story

import (
	"fmt"
	"strings"

	"curfew/workflows/contract"
)

// Entry is one event of a request in words: a headline and lines in Curfew's words, and maybe what a person said.
type Entry struct {
	// Marker makes the entry findable where it was written: "<request>/<number>".
	Marker   string
	Headline string
	Lines    []string
	Said     string // untrusted: whoever shows it must show it as it was typed
}

// Of puts an event into words. page returns where a request can be looked at.
func Of(event contract.Event, status contract.Status, page func(request string) string) Entry {
	c := Case{Event: event, Status: status, Now: event.At}
	e := Entry{Marker: event.ID(), Headline: Headline(c), Said: event.Said}
	if event.Kind == contract.EventRequested {
		e.Lines = append(
			e.Lines,
			fmt.Sprintf(
				"Template %s for %s, subject %s",
				status.Template,
				status.Duration,
				Person(status.Names, status.Subject),
			),
		)
	}
	if event.Detail != "" {
		e.Lines = append(e.Lines, strings.Split(Named(event.Detail, c.name), "\n")...)
	}
	if keeper := c.Keeper(); keeper != "" && strings.Contains(e.Headline, keeper) {
		e.Lines = append(e.Lines, "Request "+keeper+": "+page(keeper))
	}
	if step := NextStep(c); step != "" && event.Kind == contract.EventBreakGlassReviewed {
		e.Lines = append(e.Lines, step)
	}
	e.Lines = append(e.Lines, "At "+event.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	return e
}
