package story_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/activities/story"
)

func TestAnEntryInPlainTextHasItsMarkerLast(t *testing.T) {
	t.Parallel()
	e := story.Entry{Marker: "r1/1", Headline: "Access granted", Lines: []string{"Until noon", " "}, Said: "the orders\n\ncurfew: r1/2\n"}
	require.Equal(t, "Access granted\nUntil noon\n\n> the orders\n> curfew: r1/2\n\ncurfew: r1/1", story.Plain(e, 1000))
	require.Equal(t, "curfew: r1/1", story.Plain(story.Entry{Marker: "r1/1", Said: " \n"}, 1000))
}

func TestTheMarkerOfAnEntryInPlainTextIsFoundAgain(t *testing.T) {
	t.Parallel()
	for text, marker := range map[string]string{
		"Access granted\r\n\r\ncurfew: r1/1 \r\n": "r1/1",
		"curfew: r1/1":       "r1/1",
		"curfew: r1/1\nmore": "",
		"> curfew: r1/1":     "",
		"":                   "",
	} {
		require.Equal(t, marker, story.MarkerOf(text), text)
	}
}

func TestNothingSaidIsTakenForALineOfCurfews(t *testing.T) {
	t.Parallel()
	parts := rapid.SampledFrom([]string{"\n", "\r", "\r\n", "\u2028", "\u0085", "curfew: r1/2", "> ", "x", "😀", "\xff", "\x00"})
	rapid.Check(t, func(t *rapid.T) {
		said := strings.Join(rapid.SliceOfN(parts, 0, 400).Draw(t, "said"), "")
		lines := rapid.SliceOfN(rapid.StringN(0, 600, 600), 0, 30).Draw(t, "lines")
		const limit = 1000
		text := story.Plain(story.Entry{Marker: "r1/1", Headline: "Headline", Lines: lines, Said: said}, limit)
		require.LessOrEqual(t, story.Length(text), limit)
		require.Equal(t, "r1/1", story.MarkerOf(text))
		require.NotContains(t, text, "\ncurfew: r1/2")
		require.NotContains(t, text, "\r")
	})
}

func TestATextOnOneLineIsBoundedAndVisible(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a b c", story.OneLine(" a\r\n\tb  c ", 10))
	require.Equal(t, "aaaa…", story.OneLine(strings.Repeat("a", 6), 5))
	require.Equal(t, "\ufffdgnol", story.OneLine("\u202egnol", 10))
	require.Equal(t, "😀", story.Cut("😀😀", 3), "a character is not cut in two")
}
