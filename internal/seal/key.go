package seal

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"curfew/workflows/contract"
)

// Role is whose key a key is, and so what it may seal.
type Role string

// The roles of keys.
const (
	RoleServer  Role = "server"  // seals what people say
	RoleDecider Role = "decider" // seals decisions
)

// seals are the kinds that the keys of a role may seal; those of any other role seal nothing.
var seals = map[Role][]contract.SealKind{
	RoleServer: {
		contract.SealRequest,
		contract.SealReview,
		contract.SealExtension,
		contract.SealCertificate,
		contract.SealTakeOver,
		contract.SealDelivery,
		contract.SealEnd,
	},
	RoleDecider: {contract.SealDecision},
}

// Key is the public half of a key. Its times are whole seconds; those that are zero never come.
type Key struct {
	ID        string
	Role      Role
	Public    ed25519.PublicKey
	NotBefore time.Time // what is sealed before counts for nothing
	NotAfter  time.Time // what is sealed later counts for nothing; what was sealed before still counts
	Retired   time.Time // from then on nothing counts that it has sealed, whatever its date
}

// Phase is where a key is in its life.
type Phase string

// The phases of a key, in the order in which it passes them.
const (
	PhaseWaiting  Phase = "waiting"  // its time is still to come
	PhaseActive   Phase = "active"   // it may seal
	PhaseRetiring Phase = "retiring" // it seals nothing new; what it has sealed counts
	PhaseRetired  Phase = "retired"  // nothing counts that it has sealed
)

// NewKey makes a key of a role that counts from now on, and returns both its halves; the private one is PKCS #8 in PEM.
func NewKey(role Role, now time.Time) (Key, []byte, error) {
	if !role.known() {
		return Key{}, nil, unknownRole("role", role)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, nil, fmt.Errorf("make a key: %w", err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, nil, fmt.Errorf("write a key: %w", err)
	}
	id, err := KeyID(public)
	if err != nil {
		return Key{}, nil, err
	}
	return Key{ID: id, Role: role, Public: public, NotBefore: now.UTC().Truncate(time.Second)},
		pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: encoded}), nil
}

// KeyID names a public key by the first 64 bits of its thumbprint (RFC 7638, SHA-256), in hex.
func KeyID(public ed25519.PublicKey) (string, error) {
	thumbprint, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	if err != nil {
		return "", contract.Invalid("is no Ed25519 public key").At("x").Advise("copy the key again")
	}
	return hex.EncodeToString(thumbprint[:8]), nil
}

// Phase is where the key is at a time.
func (k Key) Phase(at time.Time) Phase {
	switch {
	case k.retired(at):
		return PhaseRetired
	case !k.NotAfter.IsZero() && at.After(k.NotAfter):
		return PhaseRetiring
	case at.Before(k.NotBefore):
		return PhaseWaiting
	default:
		return PhaseActive
	}
}

func (k Key) retired(at time.Time) bool { return !k.Retired.IsZero() && !at.Before(k.Retired) }

// kinds are all kinds of seals.
func kinds() (all []contract.SealKind) {
	for _, some := range seals {
		all = append(all, some...)
	}
	return all
}

// vouches refuses claims that the key may not make, or not at the time that they bear.
func (k Key) vouches(kind contract.SealKind, claims Claims) error {
	switch {
	case !slices.Contains(seals[k.Role], claims.Kind):
		return contract.Forbidden("its seal is by the key %s, and a %s key may not seal a %s", k.ID, k.Role, claims.Kind).
			At(string(kind)).
			Advise(askTheServer)
	case claims.At.Before(k.NotBefore.Add(-skew)):
		return contract.Forbidden("its seal is dated %s, before the key %s was valid", claims.At.Format(time.RFC3339), k.ID).
			At(string(kind)).
			Advise("ask anew")
	case !k.NotAfter.IsZero() && claims.At.After(k.NotAfter.Add(skew)):
		return contract.Forbidden("its seal is dated %s, when the key %s had expired", claims.At.Format(time.RFC3339), k.ID).
			At(string(kind)).
			Advise("have the server seal with a key of today")
	}
	return nil
}

// check names the first fault of a key; the fields are those of its JSON.
func (k Key) check() *contract.Problem {
	if !k.Role.known() {
		return unknownRole("curfew_role", k.Role)
	}
	id, err := KeyID(k.Public)
	switch {
	case err != nil:
		return contract.AsProblem(err)
	case id != k.ID:
		return contract.Invalid("%q is not the id of this key", contract.Shorten(k.ID, 32)).
			At("kid").
			Advise("copy the key again")
	}
	return nil
}

func (r Role) known() bool { return len(seals[r]) > 0 }

func unknownRole(field string, role Role) *contract.Problem {
	return contract.Invalid("%q is no role", contract.Shorten(string(role), 32)).
		At(field).
		Advise("write server or decider")
}
