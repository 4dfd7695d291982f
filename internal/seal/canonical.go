package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/gowebpki/jcs"

	"curfew/workflows/contract"
)

// maxFact bounds a fact's JSON, in bytes. Temporal takes payloads of twice as much.
const maxFact = 1 << 20

// Digest identifies a fact: SHA-256 of its canonical JSON, in hex. It is the same before and after the fact has
// travelled as JSON. It fails with contract.KindInvalid for what has no canonical JSON: duplicate keys, numbers that a
// double can't hold as they are written, more than 1 MiB.
func Digest(fact any) (string, error) {
	text, err := arrived(fact)
	if err != nil {
		return "", contract.Invalid("the fact can't be sealed: %v", err).
			Advise("write large or precise numbers as texts, every key once, and keep it below 1 MiB")
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// arrived is the canonical JSON of a fact as whoever it is sent to will have it. Some values change on their way once:
// a struct whose lists are empty but not nil is written, and left out when it is written again.
func arrived(fact any) ([]byte, error) {
	if fact == nil {
		return nil, errors.New("there is none")
	}
	sent, err := json.Marshal(fact)
	if err != nil {
		return nil, fmt.Errorf("write it as JSON: %w", err)
	}
	if len(sent) > maxFact {
		return nil, fmt.Errorf("its JSON has %d bytes", len(sent))
	}
	received := reflect.New(reflect.TypeOf(fact))
	if err := json.Unmarshal(sent, received.Interface()); err != nil {
		return nil, fmt.Errorf("read its JSON: %w", err)
	}
	return canonical(received.Elem().Interface())
}

// canonical is a value's JSON as RFC 8785 writes it.
func canonical(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write it as JSON: %w", err)
	}
	if err := exact(text); err != nil {
		return nil, err
	}
	text, err = jcs.Transform(text)
	if err != nil {
		return nil, fmt.Errorf("make its JSON canonical: %w", err)
	}
	return text, nil
}

// exact refuses numbers that canonical JSON would write differently. It holds numbers as doubles, so that otherwise two
// different numbers could have one digest. The text is JSON that encoding/json has written.
func exact(text []byte) error {
	for len(text) > 0 {
		switch c := text[0]; {
		case c == '"':
			text = text[quoted(text):]
		case c == '-' || '0' <= c && c <= '9':
			digits := len(text) - len(bytes.TrimLeft(text, "+-.0123456789eE"))
			number := string(text[:digits])
			double, err := strconv.ParseFloat(number, 64)
			if err != nil {
				return fmt.Errorf("the number %s is too large", contract.Shorten(number, 32))
			}
			if written, err := jcs.NumberToJSON(double); err != nil || written != number {
				return fmt.Errorf("the number %s is not as canonical JSON writes it", contract.Shorten(number, 32))
			}
			text = text[digits:]
		default:
			text = text[1:]
		}
	}
	return nil
}

// quoted is how long the JSON string is that a text begins with.
func quoted(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
