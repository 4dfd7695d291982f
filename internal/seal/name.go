package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// nameDomain begins every text that is signed for a name. No seal begins so: a compact JWS has no zero byte.
const nameDomain = "curfew name\x00"

// Name is the same for the same parts whenever it is made with this key, and can't be guessed without it. So a message
// that bears it can be repeated, and nobody can send another one under its name before it is sent. A nil signer names
// the parts themselves.
func (s *Signer) Name(parts ...string) string {
	if s == nil {
		return strings.Join(parts, "/")
	}
	text := nameDomain
	for _, part := range parts {
		text += fmt.Sprintf("%d:%s", len(part), part) // with its length, so that no two lists read the same
	}
	sum := sha256.Sum256(ed25519.Sign(s.private(), []byte(text))) // Ed25519 signs the same text the same way
	return parts[0] + "/" + hex.EncodeToString(sum[:16])
}
