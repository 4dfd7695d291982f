package jira

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/activities/story"
)

func TestEscapedTextFormatsNothing(t *testing.T) {
	t.Parallel()
	for typed, written := range map[string]string{
		"until 10:30, orders-db":       `until 10:30, orders\-db`,
		"[click|https://evil.example]": `\[click\|https:/` + gap + `/evil.example\]`,
		"[~accountid:1234]":            `\[\~accountid:1234\]`,
		"[~mallory] [^file]":           `\[\~mallory\] \[\^file\]`,
		"!https://evil/x.png!":         `\!https:/` + gap + `/evil/x.png\!`,
		"{code}x{code}":                `\{code\}x\{code\}`,
		"{color:red}x":                 `\{color:red\}x`,
		"*bold* _it_ -no- +in+ ??c??":  `\*bold\* \_it\_ \-no\- \+in\+ \?\?c\?\?`,
		"{{mono}} ^up^ ~down~":         `\{\{mono\}\} \^up\^ \~down\~`,
		"|| a || b ||":                 `\|\| a \|\| b \|\|`,
		"# one":                        `\# one`,
		"----":                         `\-\-\-\-`,
		"h1. Approved":                 "h1" + gap + ". Approved",
		"bq. said":                     "bq" + gap + ". said",
		"mailto:a@example.com":         "mailto" + gap + ":a@example.com",
		"MAILTO:a@example.com":         "MAILTO" + gap + ":a@example.com",
		"www.evil.example":             "www" + gap + ".evil.example",
		`\[x|y]`:                       `&#92;\[x\|y\]`,
		`\\`:                           `&#92;&#92;`,
		"(x) :)":                       `\(x\) :\)`,
		"a\r\n\r\nb\tc  ":              "a b c",
		"\u202egnol":                   "\ufffdgnol",
		"nul\x00 bad\xff":              "nul\ufffd bad\ufffd",
		strings.Repeat("ä", 501):       strings.Repeat("ä", 499) + "…",
	} {
		require.Equal(t, written, escape(typed), typed)
	}
}

func TestAnEntryNeedsNothingButItsMarker(t *testing.T) {
	t.Parallel()
	require.Equal(t, "curfew: r/1", render(story.Entry{Marker: "r/1", Lines: []string{" "}, Said: " \n"}))
	require.Equal(t, "{noformat}\nx\n{noformat}\n\ncurfew: r/1", render(story.Entry{Marker: "r/1", Said: "x"}))
}

// fragments are what an attacker would put together.
var fragments = []string{
	"{noformat}",
	"{NoFormat}",
	"{noformat:title=x}",
	"{ noformat}",
	"{",
	"noformat}",
	`\`,
	"\n",
	"\r",
	"\r\n",
	" ",
	"\x00",
	gap,
	"curfew: r/1",
	"curfew: r/2",
	"[x|https://evil]",
	"{code}",
	"\u2028",
	"\xff",
	"😀",
	"x",
}

var anything = rapid.Custom(func(t *rapid.T) string {
	return strings.Join(rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(fragments), rapid.String())).Draw(t, "parts"), "")
})

func TestNothingSaidBreaksOutOfItsQuotation(t *testing.T) {
	t.Parallel()
	fences := regexp.MustCompile(`(?i)\{\s*noformat`)
	rapid.Check(t, func(t *rapid.T) {
		said := anything.Draw(t, "said")
		if rapid.Bool().Draw(t, "long") {
			said = strings.Repeat(said+"x", bodyLimit/(len(said)+1)+1)
		}
		body := render(story.Entry{Marker: "r/1", Headline: "Headline", Said: said})
		require.LessOrEqual(t, story.Length(body), bodyLimit)
		require.Equal(t, "r/1", markerOf(body))
		lines := strings.Split(body, "\n")
		require.Equal(t, "*Headline*", lines[0])
		if len(fences.FindAllString(body, -1)) == 0 {
			require.Equal(t, "*Headline*\n\ncurfew: r/1", body, "nothing was said")
			return
		}
		require.Len(t, fences.FindAllString(body, -1), 2)
		require.Equal(t, fence, lines[2])
		after := strings.TrimPrefix(body[strings.LastIndex(body, "\n"+fence):], "\n"+fence+"\n\n")
		require.Equal(t, "curfew: r/1", strings.TrimPrefix(after, "Shortened: Jira takes no longer comment.\n\n"))
	})
}

func TestNoLineOfOursFormatsWhatItNames(t *testing.T) {
	t.Parallel()
	live := regexp.MustCompile(`(^|[^\\])[][*_+^~?!{}()|#-]`)
	rapid.Check(t, func(t *rapid.T) {
		line := strings.ReplaceAll(escape(anything.Draw(t, "text")), "&#92;", "")
		require.NotContains(t, line, "\n")
		require.False(t, live.MatchString(line), line)
		require.NotContains(t, line, "://")
	})
}
