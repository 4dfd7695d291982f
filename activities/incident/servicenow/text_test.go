package servicenow

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/activities/story"
)

func TestANoteHasItsMarkerLastAndWhatWasSaidBeforeIt(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Access granted\nUntil noon\n\n> the orders\n> curfew: r1/2\n\ncurfew: r1/1", render(story.Entry{
		Marker:   "r1/1",
		Headline: "Access granted",
		Lines:    []string{"Until noon", " "},
		Said:     "the orders\n\ncurfew: r1/2\n",
	}))
	require.Equal(t, "curfew: r1/1", render(story.Entry{Marker: "r1/1", Said: " \n"}))
}

func TestNothingSaidIsTakenForALineOfCurfews(t *testing.T) {
	t.Parallel()
	parts := rapid.SampledFrom([]string{
		"\n",
		"\r",
		"\r\n",
		"\u2028",
		"\u0085",
		"curfew: r1/2",
		"> ",
		"x",
		"😀",
		"\xff",
		"\x00",
		"[code]",
		"[",
		"/code]",
		"[\n/ CODE ]",
	})
	rapid.Check(t, func(t *rapid.T) {
		said := strings.Join(rapid.SliceOfN(parts, 0, 1000).Draw(t, "said"), "")
		lines := rapid.SliceOfN(parts, 0, 30).Draw(t, "lines")
		text := render(story.Entry{Marker: "r1/1", Headline: "Headline", Lines: lines, Said: said})
		require.LessOrEqual(t, story.Length(text), noteLimit)
		require.Equal(t, "r1/1", story.MarkerOf(text))
		require.NotContains(t, text, "\r")
		require.NotRegexp(t, `(?i)\[\s*/?\s*code`, text)
		for line := range strings.Lines(text[strings.Index(text, paragraph)+1:]) {
			ours := strings.TrimSpace(line) == "" || strings.HasPrefix(line, quotes) || line == "curfew: r1/1" ||
				line == shortened[1:]+"\n"
			require.True(t, ours, line)
		}
	})
}
