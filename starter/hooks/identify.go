package hooks

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"curfew/workflows/contract"
)

// deliveryID is the first name that a delivery has; without one it is named by what it says. Only names that the source
// has signed may be given: by another one, a delivery that was seen could be sent again. It becomes a part of a
// workflow's id, so that what is no short word is digested.
func deliveryID(body []byte, names ...string) string {
	for _, name := range names {
		if name != "" {
			return plain(name, digest([]byte(name)))
		}
	}
	return digest(body)
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256-" + hex.EncodeToString(sum[:])
}

// maxTitle bounds what a reason repeats of a title, in bytes.
const maxTitle = 200

// oneLine is a stranger's text in one short line that hides and reorders nothing.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	return contract.Shorten(strings.Join(strings.Fields(text), " "), maxTitle)
}
