// Package keyring holds the secrets that all servers share. What they make with one of them, a name or a sealed text,
// nobody else can make, and every server knows it again.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
)

// Ring is a list of secrets, the newest first. Names and texts are made with the newest; those of the others are still
// known, so that a secret can be replaced. The zero value knows nothing; it may be used by several goroutines.
type Ring struct {
	// secrets are behind a function because fmt prints bytes, but a function as an address.
	secrets func() [][]byte
}

// New makes a ring of secrets, the newest first. Each has to be as hard to guess as a key.
func New(secrets ...[]byte) Ring { return Ring{func() [][]byte { return secrets }} }

// Random makes a ring of one secret that no other process has.
func Random() Ring {
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // it never fails
	return New(secret)
}

// IsZero is true when there is no secret.
func (r Ring) IsZero() bool { return r.secrets == nil || len(r.secrets()) == 0 }

// Names are the names of what the parts tell from all else, one for each secret: the first is the one to give. Names of
// different purposes say nothing of each other.
func (r Ring) Names(purpose string, parts ...string) ([][]byte, error) {
	var names [][]byte
	for _, secret := range r.secrets() {
		key, err := derive(secret, purpose)
		if err != nil {
			return nil, err
		}
		mac := hmac.New(sha256.New, key)
		for _, part := range parts {
			digest := sha256.Sum256([]byte(part)) // so that no two lists of parts read the same
			mac.Write(digest[:])
		}
		names = append(names, mac.Sum(nil))
	}
	return names, nil
}

// Seal encrypts a text so that only a ring with the newest secret can read it, for the same purpose.
func (r Ring) Seal(purpose string, text []byte) ([]byte, error) {
	sealing, err := sealer(r.secrets()[0], purpose)
	if err != nil {
		return nil, err
	}
	return sealing.Seal(nil, nil, text, nil), nil
}

// Open reads what Seal has made with any of the secrets; false for everything else.
func (r Ring) Open(purpose string, sealed []byte) (text []byte, ok bool) {
	for _, secret := range r.secrets() {
		opening, err := sealer(secret, purpose)
		if err != nil {
			return nil, false
		}
		if text, err := opening.Open(nil, nil, sealed, nil); err == nil {
			return text, true
		}
	}
	return nil, false
}

func sealer(secret []byte, purpose string) (cipher.AEAD, error) {
	key, err := derive(secret, purpose)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("set a cipher up: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func derive(secret []byte, purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "curfew "+purpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return key, nil
}
