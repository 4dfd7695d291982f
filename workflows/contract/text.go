package contract

import (
	"strings"
	"unicode"
)

// blanks are letters and signs that have no shape: fillers of Korean, and the pattern of Braille without a dot.
const blanks = "\u115f\u1160\u2800\u3164\uffa0"

// IsBlank is true for a text in which nobody sees anything: it has no letter, digit, mark of punctuation or sign.
func IsBlank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !strings.ContainsRune(blanks, r)
	})
}
