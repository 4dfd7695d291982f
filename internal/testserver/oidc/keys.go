package oidc

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Key signs tokens.
type Key struct {
	id      string
	private *rsa.PrivateKey
}

// NewKey makes a key that no provider knows.
func NewKey(t testing.TB) *Key {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return &Key{uuid.NewString(), private}
}

// ID is what tokens call the key.
func (k *Key) ID() string { return k.id }

// Key is the private key.
func (k *Key) Key() any { return k.private }

// SignatureAlgorithm is what the key signs with.
func (k *Key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

// Public is the half that everybody may have.
func (k *Key) Public() *rsa.PublicKey { return &k.private.PublicKey }

// Sign makes a JWT of claims. The headers are added to what it needs, and may overwrite that.
func (k *Key) Sign(t testing.TB, claims map[string]any, headers map[jose.HeaderKey]any) string {
	t.Helper()
	return Sign(
		t,
		jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: k.private, KeyID: k.id}},
		claims,
		headers,
	)
}

// Sign makes a JWT with any key.
func Sign(t testing.TB, key jose.SigningKey, claims map[string]any, headers map[jose.HeaderKey]any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, &jose.SignerOptions{ExtraHeaders: headers})
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	signed, err := signer.Sign(payload)
	require.NoError(t, err)
	token, err := signed.CompactSerialize()
	require.NoError(t, err)
	return token
}

// Key is the one that the provider signs with now.
func (s *Server) Key() *Key { return s.store.current()[0] }

// Rotate makes the provider sign with a new key. It publishes the old one no longer.
func (s *Server) Rotate(t testing.TB) *Key {
	t.Helper()
	fresh := NewKey(t)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.keys = []*Key{fresh}
	return fresh
}

// published is the public half of a key, as the provider shows it.
type published struct{ key *Key }

// ID is what tokens call the key.
func (p published) ID() string { return p.key.id }

// Key is the public key.
func (p published) Key() any { return p.key.Public() }

// Algorithm is what signatures of the key are made with.
func (p published) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }

// Use is to sign.
func (p published) Use() string { return "sig" }

// SigningKey is the key that signs now.
func (s *store) SigningKey(context.Context) (op.SigningKey, error) { return s.current()[0], nil }

// KeySet is what the provider publishes.
func (s *store) KeySet(context.Context) ([]op.Key, error) {
	var keys []op.Key
	for _, key := range s.current() {
		keys = append(keys, published{key})
	}
	return keys, nil
}

// JWK is the public half, as a token may bring it along.
func (k *Key) JWK() jose.JSONWebKey { return jose.JSONWebKey{Key: k.Public(), KeyID: k.id} }
