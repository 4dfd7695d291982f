package pagerduty

import (
	"fmt"
	"strings"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

// All limits are in bytes. PagerDuty does not say how long a note may be; nobody wants to read a longer one in an
// incident.
const (
	noteLimit = 8000
	lineLimit = 300
	lineCount = 12
)

const (
	paragraph = "\n\n"
	// indent goes before each line that a person said: it is shown as it was typed, also by what reads notes as
	// Markdown.
	indent    = "    "
	shortened = paragraph + "Shortened."
)

// render writes an entry as plain text. The marker is the last line, so that nothing that a person said can be taken
// for it.
func render(entry story.Entry) string {
	var head []string
	for _, line := range append([]string{entry.Headline}, entry.Lines[:min(len(entry.Lines), lineCount)]...) {
		if line = oneLine(line); line != "" {
			head = append(head, line)
		}
	}
	if left := len(entry.Lines) - lineCount; left > 0 {
		head = append(head, fmt.Sprintf("… %d more lines", left))
	}
	text, marker := strings.Join(head, "\n"), story.MarkerStart+entry.Marker
	if quotation := quote(entry.Said, noteLimit-len(text+marker+paragraph+paragraph)); quotation != "" {
		text += paragraph + quotation
	}
	return strings.TrimPrefix(text+paragraph+marker, paragraph)
}

// quote shows what a person said as it was typed.
func quote(said string, room int) string {
	said = strings.Trim(story.Visible(said), "\n\t ")
	if said == "" {
		return ""
	}
	quoted := indent + strings.ReplaceAll(said, "\n", "\n"+indent)
	if len(quoted) <= room {
		return quoted
	}
	kept := strings.TrimSuffix(contract.Shorten(quoted, room-len(shortened)), "…")
	return strings.TrimRight(kept, "\n ") + shortened
}

// oneLine is text on one line, of bounded length and without links that Markdown would hide behind other words.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(story.Visible(text)), " ")
	return contract.Shorten(strings.ReplaceAll(text, "](", "] ("), lineLimit)
}
