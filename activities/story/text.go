package story

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"

	"curfew/workflows/contract"
)

// Lengths are in UTF-16 code units, which is how most systems that take text count.

// Length is how long a text is.
func Length(text string) int {
	units := 0
	for _, r := range text {
		units += utf16.RuneLen(r)
	}
	return units
}

// Cut keeps as many characters of a text as fit.
func Cut(text string, limit int) string {
	for at, r := range text {
		if limit -= utf16.RuneLen(r); limit < 0 {
			return text[:at]
		}
	}
	return text
}

// OneLine is text on one line, of bounded length.
func OneLine(text string, limit int) string {
	text = strings.Join(strings.Fields(Visible(text)), " ")
	if Length(text) <= limit {
		return text
	}
	return Cut(text, limit-1) + "…"
}

// Visible puts a sign in the place of what could hide or reorder text: control characters and broken encoding.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ReplaceAll(strings.ToValidUTF8(text, string(unicode.ReplacementChar)), "\r\n", "\n"))
}

const (
	plainLine  = 500 // the longest line of our own
	plainLines = 20
	quoteStart = "> "
	paragraph  = "\n\n"
)

// MarkerStart goes before the marker on its line.
const MarkerStart = "curfew: "

// plainID is what no system formats, and no query takes for a part of its language.
var plainID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$`)

// CheckID is about ids that become a part of a text and are looked for in it, like markers: they are ours, and plain. Its
// error is a *contract.Problem that names the field.
func CheckID(field, id string) error {
	if plainID.MatchString(id) {
		return nil
	}
	return contract.Problemf(contract.KindInvalid, field,
		"use letters, digits and . _ / - alone, at most 100", "%.120q can't be found again where it was told", id)
}

// Plain writes an entry as text without any format, of a length that must have room for more than a few lines. The marker is the last line; all that a person said
// is before it, on lines that begin with ">", so that nothing of it can be taken for a line of Curfew's. MarkerOf finds
// the marker again.
func Plain(e Entry, limit int) string {
	lines := []string{OneLine(e.Headline, plainLine)}
	for _, line := range e.Lines[:min(len(e.Lines), plainLines)] {
		if line = OneLine(line, plainLine); line != "" {
			lines = append(lines, line)
		}
	}
	if left := len(e.Lines) - plainLines; left > 0 {
		lines = append(lines, fmt.Sprintf("… %d more lines", left))
	}
	marker := MarkerStart + e.Marker
	text := Cut(strings.Join(lines, "\n"), limit/2)
	if quoted := quoted(e.Said, limit-len(paragraph+paragraph)-Length(text+marker)); quoted != "" {
		text += paragraph + quoted
	}
	return strings.TrimLeft(text+paragraph+marker, "\n")
}

// quoted is what a person said, on lines that show that it is.
func quoted(said string, room int) string {
	said = strings.TrimRight(Visible(said), " \t\n")
	if said == "" {
		return ""
	}
	whole := quoteStart + strings.Join(strings.FieldsFunc(said, isBreak), "\n"+quoteStart)
	if Length(whole) <= room {
		return whole
	}
	const shortened = "\n(shortened)"
	return Cut(whole, room-len(shortened)) + shortened
}

// isBreak is true for what some system may show as the end of a line. Control characters are not visible, so none is left.
func isBreak(r rune) bool { return r == '\n' || r == '\u2028' || r == '\u2029' }

// MarkerOf returns the marker of an entry that was written by Plain; empty when there is none.
func MarkerOf(text string) string {
	text = strings.TrimSpace(text)
	marker, found := strings.CutPrefix(strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:]), MarkerStart)
	if !found {
		return ""
	}
	return marker
}
