package people

import (
	"strings"
	"unicode"
)

// Names of people elsewhere, their accounts and e-mail addresses, are compared by one rule when the file is read and
// when they are used: ASCII's capital and small letters are the same, and everything else counts as it is written.
// Systems that take more for the same exist, so that the file may not give two people names that differ in less: who
// has one of them could be taken for the other there.

// fold writes a name as all that are the same are written. It leaves other scripts alone: there, letters that look
// different can become the same, and an account that anybody may register would be somebody's.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// alike writes a name as all are written that some system may take for the same. What fold makes the same, it does too.
func alike(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, name)
}

// SameAccount is true for two ways to write one account.
func SameAccount(one, other string) bool { return fold(one) == fold(other) }
