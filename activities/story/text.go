package story

import (
	"regexp"
	"strings"
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

// MarkerStart goes before the marker on its line.
const MarkerStart = "curfew: "

// plainID is what no system formats, and no query takes for a part of its language.
var plainID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$`)

// CheckID is about ids that become a part of a text and are looked for in it, like markers: they are ours, and plain.
// Its error is a *contract.Problem that names the field.
func CheckID(field, id string) error {
	if plainID.MatchString(id) {
		return nil
	}
	return contract.Invalid("%.120q can't be found again where it was told", id).
		At(field).
		Advise("use letters, digits and . _ / - alone, at most 100")
}

// MarkerOf returns the marker of a text whose last line it is; empty when there is none.
func MarkerOf(text string) string {
	text = strings.TrimSpace(text)
	marker, found := strings.CutPrefix(strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:]), MarkerStart)
	if !found {
		return ""
	}
	return marker
}
