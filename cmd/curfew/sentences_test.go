package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/activities/story/storytest"
)

func TestTheCommandSaysNothingThatIsNotSo(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CET", 3600)
	p := &program{surroundings: surroundings{now: time.Now, zone: zone}}
	for name, tc := range map[string]struct {
		sentences []story.Sentence
		row       string // of what is printed
	}{
		"where it stands": {story.Standings, "summary"},
		"an entitlement":  {story.Holds, "access"},
		"what to do next": {story.Steps, "next"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storytest.Walk(t, tc.sentences, storytest.Place{
				Clock: func(at time.Time) string { return at.In(zone).Format("2006-01-02 15:04 MST") },
				Show: func(t *testing.T, c story.Case) string {
					t.Helper()
					page, text := newPage(), &strings.Builder{}
					p.statusText(page, c.Status)
					require.NoError(t, page.print(text))
					var rows []string
					for line := range strings.Lines(text.String()) {
						if strings.HasPrefix(line, tc.row+" ") {
							rows = append(rows, line)
						}
					}
					return strings.Join(rows, "")
				},
			})
		})
	}
	t.Run("what happened", func(t *testing.T) {
		t.Parallel()
		storytest.Walk(t, story.Events, storytest.Place{Show: func(t *testing.T, c story.Case) string {
			t.Helper()
			page, text := newPage(), &strings.Builder{}
			event := c.Event
			event.Headline = story.Headline(c) // as the server sends it
			p.eventText(page, event)
			require.NoError(t, page.print(text))
			return text.String()
		}})
	})
}
