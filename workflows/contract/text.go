package contract

import (
	"strings"
	"unicode"
)

// blanks are letters and signs that have no shape: fillers of Korean, the pattern of Braille without a dot, blanks of
// Egyptian writing, a note without a head, and what stands for an object that a text does not have.
const blanks = "\u115f\u1160\u2800\u3164\uffa0\ufffc\U00013441\U00013442\U0001d159"

// IsBlank is true for a text in which nobody sees anything: it has no letter, digit, mark of punctuation or sign.
func IsBlank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !strings.ContainsRune(blanks, r)
	})
}
