package jira

import (
	"fmt"
	"regexp"
	"strings"

	"curfew/activities/story"
)

// All limits are in UTF-16 code units, which is how Jira counts.
const (
	bodyLimit = 32767
	lineLimit = 500
	lineCount = 20
)

const (
	fence     = "{noformat}"
	paragraph = "\n\n"
	// gap is seen by nobody and keeps what is around it from being read as one.
	gap = "\u200b"
)

var (
	// fenceLike is what Jira could take for the end of the quotation.
	fenceLike = regexp.MustCompile(`(?i)\{(\s*noformat)`)
	// eager is what Jira formats without any of the special characters: addresses, headings and quotations.
	eager = regexp.MustCompile(`(?i)(:/|mailto|www|^h[1-6]|^bq)(/|:|\.)`)
	// special are the characters that a backslash takes the meaning from; of a backslash itself, only its number does.
	special = strings.NewReplacer(append([]string{`\`, "&#92;"}, backslashed("*_-+^~?!{}[]()|#")...)...)
)

func backslashed(characters string) (pairs []string) {
	for _, character := range strings.Split(characters, "") {
		pairs = append(pairs, character, `\`+character)
	}
	return pairs
}

// render writes an entry in Jira's markup. The marker is a paragraph of its own and the last, so that nothing that a
// person said can be taken for it.
func render(entry story.Entry) string {
	var head []string
	if headline := escape(entry.Headline); headline != "" {
		head = append(head, "*"+headline+"*")
	}
	for _, line := range entry.Lines[:min(len(entry.Lines), lineCount)] {
		if line = escape(line); line != "" {
			head = append(head, line)
		}
	}
	if left := len(entry.Lines) - lineCount; left > 0 {
		head = append(head, fmt.Sprintf("… %d more lines", left))
	}
	text, marker := strings.Join(head, "\n"), story.MarkerStart+entry.Marker
	if quotation := quote(
		entry.Said,
		bodyLimit-story.Length(text)-story.Length(marker)-len(paragraph+paragraph),
	); quotation != "" {
		text += paragraph + quotation
	}
	return strings.TrimPrefix(text+paragraph+marker, paragraph)
}

// quote puts what a person said between fences, shows it as it was typed, and keeps it from ending the quotation.
func quote(said string, room int) string {
	said = fenceLike.ReplaceAllString(strings.TrimRight(story.Visible(said), " \t\n"), "{"+gap+"$1")
	if said == "" {
		return ""
	}
	const opening, closing, note = fence + "\n", "\n" + fence, paragraph + "Shortened: Jira takes no longer comment."
	kept := story.Cut(said, room-len(opening+closing+note))
	if kept == said {
		return opening + said + closing
	}
	return opening + kept + closing + note
}

// escape makes one line of text that Jira shows as it is: without links, mentions, macros and formats.
func escape(text string) string {
	return special.Replace(eager.ReplaceAllString(story.OneLine(text, lineLimit), "$1"+gap+"$2"))
}

// markerOf returns the marker at the end of a comment; empty when there is none. Jira Cloud keeps comments in another
// format and may hand them back with other spaces and escapes than they were written with.
func markerOf(body string) string {
	lines := strings.Split(strings.TrimSpace(body), "\n")
	last := strings.ReplaceAll(lines[len(lines)-1], `\`, "")
	marker, found := strings.CutPrefix(strings.TrimSpace(last), story.MarkerStart)
	if !found {
		return ""
	}
	return marker
}
