package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"curfew/internal/exactjson"
	"curfew/workflows/contract"
)

const (
	maxKeySet = 1 << 20 // bytes of a key set's JSON
	maxKeys   = 1000    // in a set
)

// Keys is a set of public keys. Its JSON is a JWK set (RFC 7517, RFC 8037) with members of Curfew's own.
type Keys []Key

// jwk is the JSON of a key. Curfew's own members are curfew_role, and nbf, exp and retired in seconds since 1970.
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	Role      Role   `json:"curfew_role"`
	NotBefore int64  `json:"nbf,omitzero"`
	NotAfter  int64  `json:"exp,omitzero"`
	Retired   int64  `json:"retired,omitzero"`
	// Private is read to be refused: a set of public keys is given to many.
	Private string `json:"d,omitempty"`
}

type jwkSet struct {
	Keys []jwk `json:"keys"`
}

// form is what every key of Curfew has in common.
var form = jwk{Type: "OKP", Curve: "Ed25519", Use: "sig", Algorithm: "EdDSA"}

// ParseKeys reads a key set, strictly: a member that is not known is an error, because it may be a mistyped one that
// retires a key. It fails with contract.KindInvalid, and names the key and the member.
func ParseKeys(text []byte) (Keys, error) {
	const fix = "make the set with `curfew keys new`, and copy it whole"
	if len(text) > maxKeySet {
		return nil, contract.Invalid("is larger than %d KiB", maxKeySet>>10).At("keys").Advise(fix)
	}
	var set jwkSet
	if err := exactjson.UnmarshalKnown(text, &set); err != nil {
		return nil, contract.Invalid("is no set of public keys: %v", err).At("keys").Advise(fix)
	}
	keys := make(Keys, 0, len(set.Keys))
	for i, encoded := range set.Keys {
		key, problem := encoded.key()
		if problem != nil {
			return nil, inKey(i, problem)
		}
		keys = append(keys, key)
	}
	if err := keys.check(); err != nil {
		return nil, err
	}
	return keys, nil
}

// MarshalJSON writes what ParseKeys reads.
func (k Keys) MarshalJSON() ([]byte, error) {
	set := jwkSet{Keys: make([]jwk, 0, len(k))}
	for _, key := range k {
		encoded := form
		encoded.X, encoded.ID, encoded.Role = base64.RawURLEncoding.EncodeToString(key.Public), key.ID, key.Role
		encoded.NotBefore, encoded.NotAfter, encoded.Retired = seconds(
			key.NotBefore,
		), seconds(
			key.NotAfter,
		), seconds(
			key.Retired,
		)
		set.Keys = append(set.Keys, encoded)
	}
	return json.Marshal(set)
}

// Retire takes a key out of use: it seals nothing new from now on, and at a time, now or later, all that it has sealed
// stops to count. What is set already is never put off. It fails with contract.KindNotFound when there is no such key,
// and with contract.KindConflict when it is retired by then anyway.
func (k Keys) Retire(id string, at, now time.Time) (Keys, error) {
	i := slices.IndexFunc(k, func(key Key) bool { return key.ID == id })
	if i < 0 {
		return nil, contract.NotFound("there is no key %q in the set", contract.Shorten(id, 32)).
			At("key").
			Advise("`curfew keys list` shows all")
	}
	at, now = at.UTC().Truncate(time.Second), now.UTC().Truncate(time.Second)
	if k[i].retired(at) {
		return nil, contract.Conflict("the key %s is retired at %s already", id, k[i].Retired.Format(time.RFC3339)).
			At("key").
			Advise("name an earlier time, or leave it as it is")
	}
	changed := slices.Clone(k)
	changed[i].Retired = at
	if changed[i].NotAfter.IsZero() || changed[i].NotAfter.After(now) {
		changed[i].NotAfter = now
	}
	return changed, nil
}

// check refuses sets in which a key is wrong or there twice.
func (k Keys) check() error {
	if len(k) > maxKeys {
		return contract.Invalid("holds more than %d keys", maxKeys).
			At("keys").
			Advise("take out those that have been retired for long")
	}
	seen := make(map[string]bool, len(k))
	for i, key := range k {
		if problem := key.check(); problem != nil {
			return inKey(i, problem)
		}
		if seen[key.ID] {
			return inKey(i, contract.Invalid("the key %s is there twice", key.ID).At("kid").Advise("keep one of them"))
		}
		seen[key.ID] = true
	}
	return nil
}

func (j jwk) key() (Key, *contract.Problem) {
	if j.Private != "" {
		return Key{}, contract.Invalid("is the private half of a key").
			At("d").
			Advise("retire the key: everybody who could read this file can seal with it")
	}
	if (jwk{Type: j.Type, Curve: j.Curve, Use: j.Use, Algorithm: j.Algorithm}) != form {
		return Key{}, contract.Invalid("is not that of a key to sign with: OKP, with crv Ed25519, use sig and alg EdDSA").
			At("kty").
			Advise("make keys with `curfew keys new`")
	}
	public, err := base64.RawURLEncoding.DecodeString(j.X)
	if err != nil || len(public) != ed25519.PublicKeySize {
		return Key{}, contract.Invalid("is no Ed25519 public key").At("x").Advise("copy the key again")
	}
	return Key{
		ID: j.ID, Role: j.Role, Public: public,
		NotBefore: instant(j.NotBefore), NotAfter: instant(j.NotAfter), Retired: instant(j.Retired),
	}, nil
}

func inKey(i int, problem *contract.Problem) error {
	inside := *problem
	inside.Field = fmt.Sprintf("keys[%d].%s", i, problem.Field)
	return &inside
}

func seconds(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}

func instant(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
