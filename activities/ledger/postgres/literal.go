package postgres

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// literal is a text as a column keeps it. Any bytes come back as they were, and nobody who reads the table with a
// client of their own is shown control characters.
type literal string

// Scan reads what escape wrote.
func (l *literal) Scan(value any) error {
	kept, isText := value.(string)
	if !isText {
		return fmt.Errorf("the ledger has a %T where a text should be", value)
	}
	if !strings.ContainsRune(kept, '\\') {
		*l = literal(kept)
		return nil
	}
	var text []byte
	for rest := kept; rest != ""; {
		char, multibyte, tail, err := strconv.UnquoteChar(rest, 0)
		if err != nil {
			return fmt.Errorf("the ledger has a text with an escape that is none: %w", err)
		}
		if multibyte || char < utf8.RuneSelf {
			text = utf8.AppendRune(text, char)
		} else {
			text = append(text, byte(char)) //nolint:gosec // of two hexadecimal digits
		}
		rest = tail
	}
	*l = literal(text)
	return nil
}

// escape writes \, control characters, marks that turn the direction of writing, and bytes that are no UTF-8 as Go's
// literals do. Texts that differ stay different.
func escape(text string) string {
	var kept strings.Builder
	for rest := text; rest != ""; {
		char, size := utf8.DecodeRuneInString(rest)
		switch {
		case char == '\\':
			kept.WriteString(`\\`)
		case char == utf8.RuneError && size == 1:
			fmt.Fprintf(&kept, `\x%02x`, rest[0])
		case unicode.IsControl(char) || unicode.Is(unicode.Bidi_Control, char):
			fmt.Fprintf(&kept, `\u%04x`, char)
		default:
			kept.WriteString(rest[:size])
		}
		rest = rest[size:]
	}
	return kept.String()
}
