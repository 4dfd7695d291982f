package seal

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"curfew/workflows/contract"
)

// privateBlock is the type of a PEM block that holds a private key as PKCS #8.
const privateBlock = "PRIVATE KEY"

// Signer seals with one private key. It may be used by several goroutines.
type Signer struct {
	id string
	// private is behind a function because fmt prints the bytes of a key, but a function as an address.
	private func() ed25519.PrivateKey
}

// ParseSigner reads the private half of a key, as `curfew keys new` writes it: one Ed25519 key as PKCS #8 in PEM. No
// error repeats any of it.
func ParseSigner(text string) (*Signer, error) {
	const fix = "make a key with `curfew keys new`"
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != privateBlock || strings.TrimSpace(string(rest)) != "" {
		return nil, contract.Invalid("it is not one private key in PEM").Advise(fix)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, contract.Invalid("the private key is not written as PKCS #8 says").Advise(fix)
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, contract.Invalid("the private key is not one of Ed25519").Advise(fix)
	}
	return newSigner(private)
}

func newSigner(private ed25519.PrivateKey) (*Signer, error) {
	public, ok := private.Public().(ed25519.PublicKey)
	if !ok {
		return nil, contract.Internal("the private key has no public half")
	}
	id, err := KeyID(public)
	if err != nil {
		return nil, err
	}
	return &Signer{id: id, private: func() ed25519.PrivateKey { return private }}, nil
}

// Secret is one that every process with this key has, and nobody else. Neither says anything of the other.
func (s *Signer) Secret() ([]byte, error) {
	return hkdf.Key(sha256.New, s.private().Seed(), nil, "curfew shared secret", sha256.Size)
}

// KeyID is the id of the signer's key, under which its public half must be among the keys of those who verify.
func (s *Signer) KeyID() string { return s.id }

// Seal signs that the matter's actor said a fact at a time. It fails with contract.KindInvalid when the fact can't be
// sealed, as Digest does.
func (s *Signer) Seal(matter Matter, at time.Time, fact any) (string, error) {
	digest, err := Digest(fact)
	if err != nil {
		return "", err
	}
	payload, err := canonical(Claims{Matter: matter, Digest: digest, At: at.UTC(), Nonce: rand.Text()})
	if err != nil {
		return "", fmt.Errorf("write a seal's claim: %w", err)
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.EdDSA, Key: s.private()},
		(&jose.SignerOptions{}).WithHeader("kid", s.id).WithType(jose.ContentType(typeOf(matter.Kind))),
	)
	if err != nil {
		return "", fmt.Errorf("set a seal's key up: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign a claim: %w", err)
	}
	seal, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("write a seal: %w", err)
	}
	if len(seal) > maxSeal {
		return "", contract.Invalid("its seal would be larger than %d KiB", maxSeal>>10).
			At(string(matter.Kind)).
			Advise("shorten what it names")
	}
	return seal, nil
}

// typeOf is the JWS type of the seals of a kind.
func typeOf(kind contract.SealKind) string { return "curfew-" + string(kind) }
