package jira

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
)

var (
	// unescaped is a character of Jira's markup that no backslash stands before.
	unescaped = regexp.MustCompile(`(^|[^\\])[][*_+^~?!{}()|#-]`)
	// bare is what Jira makes a link, a heading or a quotation of without any such character.
	bare = regexp.MustCompile(`(?i)://|mailto:|www\.|^h[1-6]\.|^bq\.`)
	// fenceStart is what could begin or end a quotation.
	fenceStart = regexp.MustCompile(`(?i)(^|[^\\])\{\s*noformat`)
)

// Whatever people type, Jira shows it as text: no mention, link, macro or format, and no other marker than ours.
func FuzzNothingTypedBecomesMarkup(f *testing.F) {
	for _, seed := range []string{
		"", "[~mallory]", "{noformat}\ncurfew: r/2", "{ NoFormat:title=x}", `\[x|https://evil.example]`, "h1. Approved", "http:////x",
		"mailto:://x", "WWW..x", "a\r\nbq. b", "\u202e{\u200bnoformat}", "\xff\x00", "{{noformat}", `\\{noformat}`, "&#92;[x]",
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, headline, said string) {
		line := strings.ReplaceAll(escape(headline), "&#92;", "")
		require.NotContains(t, line, "\n")
		require.False(t, unescaped.MatchString(line), "%q", line)
		require.False(t, bare.MatchString(line), "%q", line)

		body := render(story.Entry{Marker: "r/1", Headline: headline, Lines: []string{said}, Said: said})
		require.LessOrEqual(t, story.Length(body), bodyLimit)
		require.Equal(t, "r/1", markerOf(body))
		require.Contains(t, []int{0, 2}, len(fenceStart.FindAllString(body, -1)), "%q", body)
		if before, quotation, quoted := strings.Cut(body, fence+"\n"); quoted {
			require.False(t, fenceStart.MatchString(before), "%q", body)
			within, after, closed := strings.Cut(quotation, "\n"+fence+"\n")
			require.True(t, closed, "%q", body)
			require.False(t, fenceStart.MatchString(within+after), "%q", body)
		}
	})
}
