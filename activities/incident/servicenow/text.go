package servicenow

import (
	"fmt"
	"regexp"
	"strings"

	"curfew/activities/story"
)

// All limits are in UTF-16 code units.
const (
	// noteLimit is how long a work note may be: the default of instances.
	noteLimit = 4000
	lineLimit = 500
	lineCount = 20
)

const (
	paragraph = "\n\n"
	// quotes goes before each line that a person said.
	quotes    = "> "
	shortened = "\n(shortened)"
	// gap is seen by nobody and keeps what is around it from being read as one.
	gap = "\u200b"
)

// codeTag is what ServiceNow takes for the beginning or end of HTML that it shows as such.
var codeTag = regexp.MustCompile(`(?i)\[(\s*/?\s*code)`)

// render writes an entry as plain text, which is all that work notes take but for one tag. The marker is the last line;
// what a person said is before it, on lines that show that it is, so that nothing of it can be taken for a line of
// Curfew's.
func render(entry story.Entry) string {
	var head []string
	for _, line := range append([]string{entry.Headline}, entry.Lines[:min(len(entry.Lines), lineCount)]...) {
		if line = story.OneLine(line, lineLimit); line != "" {
			head = append(head, line)
		}
	}
	if left := len(entry.Lines) - lineCount; left > 0 {
		head = append(head, fmt.Sprintf("… %d more lines", left))
	}
	text, marker := story.Cut(defuse(strings.Join(head, "\n")), noteLimit/2), story.MarkerStart+entry.Marker
	if quotation := quote(entry.Said, noteLimit-len(paragraph+paragraph)-story.Length(text+marker)); quotation != "" {
		text += paragraph + quotation
	}
	return strings.TrimPrefix(text+paragraph+marker, paragraph)
}

// quote shows what a person said, without the empty lines.
func quote(said string, room int) string {
	lines := strings.FieldsFunc(defuse(story.Visible(said)), isBreak)
	if strings.TrimSpace(strings.Join(lines, "")) == "" {
		return ""
	}
	whole := quotes + strings.Join(lines, "\n"+quotes)
	if story.Length(whole) <= room {
		return whole
	}
	return story.Cut(whole, room-len(shortened)) + shortened
}

// isBreak is true for what may be shown as the end of a line. Of control characters, no others are left.
func isBreak(r rune) bool { return r == '\n' || r == '\u2028' || r == '\u2029' }

func defuse(text string) string { return codeTag.ReplaceAllString(text, "["+gap+"$1") }
