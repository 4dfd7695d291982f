package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"curfew/internal/people"
	"curfew/internal/strictyaml"
)

// serviceTokenPrefix lets people, and programs that look for leaked secrets, see what it is.
const serviceTokenPrefix = "curfew_"

// secretBytes makes what can't be guessed.
const secretBytes = 32

// NewServiceToken makes a token from 256 random bits, and the hash that the configuration keeps of it. No slow hash is
// needed: there is nothing to guess.
func NewServiceToken() (token strictyaml.Secret, hash string) {
	text := serviceTokenPrefix + NewSecret()
	digest := sha256.Sum256([]byte(text))
	return strictyaml.SecretOf(text), people.HashPrefix + hex.EncodeToString(digest[:])
}

// NewSecret returns 256 random bits as text that fits into addresses and cookies.
func NewSecret() string {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // it never fails
	return base64.RawURLEncoding.EncodeToString(secret)
}
