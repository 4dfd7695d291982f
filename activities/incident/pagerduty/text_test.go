package pagerduty

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/activities/story"
)

func TestAnEntryNeedsNothingButItsMarker(t *testing.T) {
	t.Parallel()
	require.Equal(t, "curfew: r/1", render(story.Entry{Marker: "r/1", Lines: []string{" "}, Said: " \n"}))
	require.Equal(t, "    x\n\ncurfew: r/1", render(story.Entry{Marker: "r/1", Said: "x"}))
}

func TestTheLongestEntryFits(t *testing.T) {
	t.Parallel()
	long := story.Entry{
		Marker:   strings.Repeat("r", 98) + "/1",
		Headline: strings.Repeat("ä", 1000),
		Said:     strings.Repeat("\n😀", 5000),
	}
	for range 100 {
		long.Lines = append(long.Lines, strings.Repeat("|", 1000))
	}
	text := render(long)
	require.LessOrEqual(t, len(text), noteLimit)
	require.Contains(t, text, "\n… 88 more lines\n\n    😀\n    😀")
	require.True(t, strings.HasSuffix(text, "\n\nShortened.\n\ncurfew: "+long.Marker))
	require.Equal(t, long.Marker, story.MarkerOf(text))
}

func TestALineHidesNoLinkBehindOtherWords(t *testing.T) {
	t.Parallel()
	require.Equal(
		t,
		"[our page] (https://evil.example) and more",
		oneLine("[our page](https://evil.example)\nand  more"),
	)
}

func TestAMarkerIsFoundOnlyAtTheEnd(t *testing.T) {
	t.Parallel()
	for content, marker := range map[string]string{
		"x\n\ncurfew: r/1": "r/1", "x\r\n\r\ncurfew: r/1 \r\n": "r/1", "curfew: r/1": "r/1",
		"curfew: r/1\nx": "", "x curfew: r/1": "", "": "", "> curfew: r/1": "",
	} {
		require.Equal(t, marker, story.MarkerOf(content), content)
	}
}

// fragments are what an attacker would put together.
var fragments = []string{
	"curfew: r/1",
	"curfew: r/2",
	"\n",
	"\r",
	"\r\n",
	"    ",
	"\t",
	"\x00",
	"\u2028",
	"\xff",
	"```",
	"[x](https://evil)",
	"😀",
	"x",
}

func TestNothingSaidBreaksOutOfItsQuotation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(fragments), rapid.String())).Draw(t, "parts")
		said := strings.Join(parts, "")
		if rapid.Bool().Draw(t, "long") {
			said = strings.Repeat(said+"x", noteLimit/(len(said)+1)+1)
		}
		text := render(story.Entry{Marker: "r/1", Headline: "Headline", Said: said})
		require.LessOrEqual(t, len(text), noteLimit)
		require.Equal(t, "r/1", story.MarkerOf(text))
		lines := strings.Split(text, "\n")
		require.Equal(t, "Headline", lines[0])
		require.Equal(t, []string{"", "curfew: r/1"}, lines[len(lines)-2:])
		for _, line := range lines[1 : len(lines)-2] {
			require.True(t, line == "" || line == "Shortened." || strings.HasPrefix(line, indent), "%q", line)
		}
	})
}
