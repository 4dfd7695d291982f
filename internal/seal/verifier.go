package seal

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"curfew/workflows/contract"
)

const (
	// maxSeal bounds a seal, in bytes. Those that Curfew makes have less than one KiB.
	maxSeal = 64 << 10
	// skew is how far the clocks of those who seal and those who verify may be apart.
	skew = time.Minute
)

// What to do about seals that are refused.
const (
	askTheServer = "ask through the Curfew server, which seals what it has checked"
	shareTheKeys = "give this process the key set of today"
)

// Verifier knows whose seals are good, and for what. It may be used by several goroutines.
type Verifier struct {
	keys    map[string]Key
	now     func() time.Time
	anyDate bool
}

// NewVerifier makes a verifier that goes by a set of public keys and a clock. It fails with contract.KindInvalid when
// there is something wrong with a key.
func NewVerifier(keys Keys, now func() time.Time) (*Verifier, error) {
	if err := keys.check(); err != nil {
		return nil, err
	}
	byID := make(map[string]Key, len(keys))
	for _, key := range keys {
		byID[key.ID] = key
	}
	return &Verifier{keys: byID, now: now}, nil
}

// AnyDate is a verifier that believes seals of the future too: for what only records, or takes access away. Clocks that
// differ must not hold that up.
func (v *Verifier) AnyDate() *Verifier {
	patient := *v
	patient.anyDate = true
	return &patient
}

// Ahead is true of a problem that time will mend: a seal is good, and dated in the future of this machine's clock.
func Ahead(problem *contract.Problem) bool {
	return problem.Kind == contract.KindUnavailable && slices.Contains(kinds(), contract.SealKind(problem.Field))
}

// Verify returns what a seal says, if it is good for a matter and a fact: signed by a key that may seal this kind, and
// in every part about this matter and this fact. Every refusal is a *contract.Problem of contract.KindForbidden that
// says why; but a seal of the future is contract.KindUnavailable, because one of two clocks is wrong, and nobody has
// forged anything.
func (v *Verifier) Verify(matter Matter, fact any, seal string) (Claims, error) {
	claims, err := v.read(matter.Kind, seal)
	if err != nil {
		return Claims{}, err
	}
	if err := claims.cover(matter, fact); err != nil {
		return Claims{}, err
	}
	return claims, nil
}

// read returns what a seal says, if one of the keys has signed it. What the seal is about is for the caller to check;
// kind only names in refusals what was to be opened.
func (v *Verifier) read(kind contract.SealKind, seal string) (Claims, error) {
	signed, err := parse(kind, seal)
	if err != nil {
		return Claims{}, err
	}
	id := signed.Signatures[0].Protected.KeyID
	key, known := v.keys[id]
	if !known {
		return Claims{}, contract.Forbidden("its seal is by the key %q, which is not known here", contract.Shorten(id, 32)).
			At(string(kind)).
			Advise(shareTheKeys)
	}
	now := v.now()
	if key.retired(now) {
		return Claims{}, contract.Forbidden("its seal is by the key %s, which is retired", key.ID).
			At(string(kind)).
			Advise("ask anew")
	}
	payload, err := signed.Verify(key.Public)
	if err != nil {
		return Claims{}, contract.Forbidden("its seal has a signature that the key %s has not made", key.ID).
			At(string(kind)).
			Advise(askTheServer)
	}
	var claims Claims
	if err := json.Unmarshal(payload, &claims); err != nil || !plain(signed, claims, key, seal) {
		return Claims{}, contract.Forbidden("its seal is not written as Curfew writes seals").
			At(string(kind)).
			Advise(askTheServer)
	}
	if err := key.vouches(kind, claims); err != nil {
		return Claims{}, err
	}
	if !v.anyDate && claims.At.After(now.Add(skew)) {
		return Claims{}, contract.Unavailable("its seal is dated %s, which is still to come", claims.At.Format(time.RFC3339)).
			At(string(kind)).
			Advise("set the clocks of servers and workers right")
	}
	return claims, nil
}

// parse takes a seal apart and believes nothing of it.
func parse(kind contract.SealKind, seal string) (*jose.JSONWebSignature, error) {
	switch {
	case seal == "":
		return nil, contract.Forbidden("it has no seal").At(string(kind)).Advise(askTheServer)
	case len(seal) > maxSeal:
		return nil, contract.Forbidden("its seal is larger than %d KiB", maxSeal>>10).
			At(string(kind)).
			Advise(askTheServer)
	}
	signed, err := jose.ParseSignedCompact(seal, []jose.SignatureAlgorithm{jose.EdDSA})
	var algorithm *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &algorithm):
		return nil, contract.Forbidden("its seal is signed with the algorithm %q, and only EdDSA counts", contract.Shorten(string(algorithm.Got), 32)).
			At(string(kind)).
			Advise(askTheServer)
	case err != nil || len(signed.Signatures) != 1:
		return nil, contract.Forbidden("its seal can't be read").At(string(kind)).Advise(askTheServer)
	}
	return signed, nil
}

// plain is true when a seal is, byte for byte, as Curfew would write it: no header and no claim is there that this
// release doesn't understand, and there is no second way to write the same seal.
func plain(signed *jose.JSONWebSignature, claims Claims, key Key, seal string) bool {
	header, err := canonical(map[string]string{"alg": string(jose.EdDSA), "kid": key.ID, "typ": typeOf(claims.Kind)})
	if err != nil {
		return false
	}
	claims.At = claims.At.UTC()
	payload, err := canonical(claims)
	if err != nil {
		return false
	}
	encode := base64.RawURLEncoding.EncodeToString
	return seal == encode(header)+"."+encode(payload)+"."+encode(signed.Signatures[0].Signature)
}

// cover refuses claims that are about another matter or another fact.
func (c Claims) cover(matter Matter, fact any) error {
	switch {
	case c.Kind != matter.Kind:
		return contract.Forbidden("its seal is one of a %s", c.Kind).At(string(matter.Kind)).Advise(askTheServer)
	case c.Request != matter.Request:
		return contract.Forbidden("its seal belongs to the request %q", contract.Shorten(c.Request, 64)).
			At(string(matter.Kind)).
			Advise(askTheServer)
	case c.Actor != matter.Actor:
		return contract.Forbidden("its seal vouches for %q, and not for %q", contract.Shorten(c.Actor, 64), contract.Shorten(matter.Actor, 64)).
			At(string(matter.Kind)).
			Advise(askTheServer)
	case c.Shown != matter.Shown:
		return contract.Forbidden("its actor was shown something else").
			At(string(matter.Kind)).
			Advise("look at it again and decide anew")
	}
	digest, err := Digest(fact)
	if err != nil {
		return contract.Forbidden("%v", err).At(string(matter.Kind)).Advise(askTheServer)
	}
	if digest != c.Digest {
		return contract.Forbidden("it is not what was sealed").
			At(string(matter.Kind)).
			Advise("ask anew; if nobody has changed it, update this worker to the server's release")
	}
	return nil
}
