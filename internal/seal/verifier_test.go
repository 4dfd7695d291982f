package seal_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

func TestASealedFactOpensAfterItHasTravelled(t *testing.T) {
	t.Parallel()
	o := open(t)
	matter := seal.OfRequest(request())
	travelled := sent(t, sealed(t, o.server, matter, request()))

	fact, claims, err := seal.Open(o.verifier, matter, travelled)

	require.NoError(t, err)
	require.Equal(t, travelled.Fact, fact)
	require.Equal(t, matter, claims.Matter)
	require.Equal(t, digest(t, request()), claims.Digest)
	require.Equal(t, now, claims.At)
	require.NotEqual(t, travelled.Seal, sealed(t, o.server, matter, request()).Seal, "no two seals are the same")

	elsewhere, err := seal.Of(o.server, matter, now.In(time.FixedZone("CET", 3600)), request())
	require.NoError(t, err)
	_, claims, err = seal.Open(o.verifier, matter, elsewhere)
	require.NoError(t, err)
	require.Equal(t, now, claims.At, "whatever the server's time zone")
}

func TestTheSealSaysWhatTheHeaderOfAJWSShould(t *testing.T) {
	t.Parallel()
	o := open(t)
	header, _, _ := strings.Cut(sealed(t, o.server, seal.OfRequest(request()), request()).Seal, ".")
	text, err := base64.RawURLEncoding.DecodeString(header)
	require.NoError(t, err)
	written := fmt.Sprintf(`{"alg":"EdDSA","kid":%q,"typ":"curfew-request"}`, o.server.KeyID())
	require.Equal(t, written, string(text))
}

func TestEverythingButTheSealedFactIsRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	stranger := open(t).server
	matter := seal.OfReview(review("p-carol"), digest(t, request()))
	good := sealed(t, o.server, matter, review("p-carol"))
	for name, test := range map[string]struct {
		matter seal.Matter
		fact   any
		seal   string
		says   string
	}{
		"no seal":               {matter, good.Fact, "", "no seal"},
		"a huge seal":           {matter, good.Fact, strings.Repeat("a", 64<<10+1), "larger than 64 KiB"},
		"no JWS":                {matter, good.Fact, "seal", "can't be read"},
		"a line break":          {matter, good.Fact, good.Seal + "\n", "not written as Curfew writes seals"},
		"a key nobody knows":    {matter, good.Fact, sealed(t, stranger, matter, good.Fact).Seal, "which is not known here"},
		"a decider's review":    {matter, good.Fact, sealed(t, o.decider, matter, good.Fact).Seal, "a decider key may not seal a review"},
		"another kind":          {seal.Matter{Kind: contract.SealExtension}, good.Fact, good.Seal, "its seal is one of a review"},
		"another request":       {with(matter, func(m *seal.Matter) { m.Request = "another" }), good.Fact, good.Seal, "belongs to the request"},
		"another actor":         {with(matter, func(m *seal.Matter) { m.Actor = "p-dave" }), good.Fact, good.Seal, `vouches for "p-carol", and not for "p-dave"`},
		"something else shown":  {with(matter, func(m *seal.Matter) { m.Shown = "ff" }), good.Fact, good.Seal, "shown something else"},
		"nothing shown":         {with(matter, func(m *seal.Matter) { m.Shown = "" }), good.Fact, good.Seal, "shown something else"},
		"a changed fact":        {matter, with(good.Fact, func(r *contract.Review) { r.Reason = "x" }), good.Seal, "not what was sealed"},
		"no fact":               {matter, nil, good.Seal, "can't be sealed"},
		"a decision by servers": {matter, good.Fact, sealed(t, o.server, seal.Matter{Kind: contract.SealDecision}, 1).Seal, "a server key may not seal a decision"},
		"a kind of nobody":      {matter, good.Fact, sealed(t, o.server, seal.Matter{Kind: "hold"}, 1).Seal, "a server key may not seal a hold"},
	} {
		claims, err := o.verifier.Verify(test.matter, test.fact, test.seal)
		require.Error(t, err, name)
		requireRefused(t, err, test.says)
		require.Zero(t, claims, name)
		fact, _, err := seal.Open(
			o.verifier,
			matter,
			contract.Sealed[contract.Review]{Fact: good.Fact, Seal: test.seal},
		)
		if test.seal != good.Seal {
			require.Error(t, err, name)
			require.Zero(t, fact, name)
		}
	}
	_, err := (&seal.Verifier{}).Verify(matter, good.Fact, good.Seal)
	requireRefused(t, err, "not known here")
}

// with returns a changed copy.
func with[T any](value T, change func(*T)) T {
	change(&value)
	return value
}

// Whoever has a good seal, but no key, signs with what a careless verifier would take for one.
func TestOtherAlgorithmsAndHeadersAreRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	key, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	matter := seal.OfRequest(request())
	good := sealed(t, o.server, matter, request())
	_, rest, _ := strings.Cut(good.Seal, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	own, err := json.Marshal(jose.JSONWebKey{Key: key})
	require.NoError(t, err)
	id := o.server.KeyID()
	hmac := func(header string) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(o.keys[0].Public)},
			(&jose.SignerOptions{}).WithHeader("kid", id).WithType("curfew-request"))
		require.NoError(t, err, header)
		signed, err := signer.Sign([]byte(`{}`))
		require.NoError(t, err)
		text, err := signed.CompactSerialize()
		require.NoError(t, err)
		return text
	}
	for header, says := range map[string]string{
		`{"alg":"none","kid":"` + id + `"}`:                               `algorithm "none"`,
		`{"alg":"None","kid":"` + id + `"}`:                               `algorithm "None"`,
		`{"alg":"","kid":"` + id + `"}`:                                   `algorithm ""`,
		`{"kid":"` + id + `"}`:                                            `algorithm ""`,
		`{"alg":"HS256","kid":"` + id + `"}`:                              `algorithm "HS256"`,
		`{"alg":"EdDSA"}`:                                                 "not known here",
		`{"alg":"EdDSA","kid":"../` + strings.Repeat("x", 1000) + `"}`:    "not known here",
		`{"alg":"EdDSA","kid":"` + id + `","jwk":` + string(own) + `}`:    "has not made",
		`{"alg":"EdDSA","kid":"` + id + `","b64":false,"crit":["b64"]}`:   "has not made",
		`{"alg":"EdDSA","kid":"` + id + `","crit":["exp"],"exp":1}`:       "has not made",
		`{"alg":"EdDSA","kid":"` + id + `","jku":"https://example.com"}`:  "has not made",
		`{"alg":"EdDSA","kid":"` + id + `","typ":"curfew-request"`:        "can't be read",
		`{"alg":"` + strings.Repeat("A", 5000) + `","kid":"` + id + `"}`:  "only EdDSA counts",
		`{"alg":"EdDSA","kid":"` + id + `","typ":"curfew-request","x":1}`: "has not made",
	} {
		encoded := base64.RawURLEncoding.EncodeToString([]byte(header))
		for _, forged := range []string{
			encoded + "." + payload + "." + signature, encoded + "." + payload + ".",
			encoded + "." + payload + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private, []byte(encoded+"."+payload))),
		} {
			_, err := o.verifier.Verify(matter, request(), forged)
			requireRefused(t, err, says)
		}
	}
	_, err = o.verifier.Verify(matter, request(), hmac("the public key as a shared secret"))
	requireRefused(t, err, `algorithm "HS256"`)
}

// A key that signs more than claims, or claims of a later release, opens nothing that this release doesn't understand.
func TestOnlyWhatCurfewWritesIsOpened(t *testing.T) {
	t.Parallel()
	key, text, err := seal.NewKey(seal.RoleServer, now)
	require.NoError(t, err)
	private := privateOf(t, text)
	v := verifier(t, seal.Keys{key}, now)
	matter := seal.OfRequest(request())
	claims := fmt.Sprintf(
		`{"actor":"p-alice","at":"2026-11-23T12:00:00Z","digest":%q,"kind":"request","nonce":"n","request":%q}`,
		digest(t, request()),
		request().ID,
	)
	sign := func(payload string, options *jose.SignerOptions) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: private}, options)
		require.NoError(t, err)
		signed, err := signer.Sign([]byte(payload))
		require.NoError(t, err)
		text, err := signed.CompactSerialize()
		require.NoError(t, err)
		return text
	}
	headers := func(typ string) *jose.SignerOptions {
		return (&jose.SignerOptions{}).WithHeader("kid", key.ID).WithType(jose.ContentType(typ))
	}
	_, err = v.Verify(matter, request(), sign(claims, headers("curfew-request")))
	require.NoError(t, err)
	for name, forged := range map[string]string{
		"a claim that is not known": sign(strings.Replace(claims, `{`, `{"aaa":1,`, 1), headers("curfew-request")),
		"a claim that is twice":     sign(strings.Replace(claims, `{`, `{"actor":"p-bob",`, 1), headers("curfew-request")),
		"a name in capitals":        sign(strings.Replace(claims, `"actor"`, `"Actor"`, 1), headers("curfew-request")),
		"space":                     sign(strings.Replace(claims, `{`, `{ `, 1), headers("curfew-request")),
		"a local time":              sign(strings.Replace(claims, `12:00:00Z`, `13:00:00+01:00`, 1), headers("curfew-request")),
		"no JSON":                   sign("claims", headers("curfew-request")),
		"no type":                   sign(claims, (&jose.SignerOptions{}).WithHeader("kid", key.ID)),
		"the type of another kind":  sign(claims, headers("curfew-review")),
		"one more header":           sign(claims, headers("curfew-request").WithContentType("json")),
		"bare claims":               sign(claims, headers("curfew-request").WithBase64(false)),
	} {
		_, err := v.Verify(matter, request(), forged)
		require.Error(t, err, name)
		requireRefused(t, err, "its seal")
	}
}

func TestAnyChangedByteOfTheSealIsRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	matter := seal.OfRequest(request())
	good := sealed(t, o.server, matter, request()).Seal
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/\n\x00é"
	for i := range good {
		for _, other := range []byte{alphabet[i%64], alphabet[(i*7+1)%64], good[i] ^ 1, '.', '\n', '='} {
			forged := good[:i] + string(other) + good[i+1:]
			if forged == good {
				continue
			}
			_, err := o.verifier.Verify(matter, request(), forged)
			require.Error(t, err, "byte %d as %q", i, other)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(0, len(good)).Draw(t, "from")
		to := rapid.IntRange(from, len(good)).Draw(t, "to")
		forged := good[:from] + rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 0, 8, -1).
			Draw(t, "put in") +
			good[to:]
		if _, err := o.verifier.Verify(matter, request(), forged); forged != good {
			require.Error(t, err)
		}
	})
}

func TestAnyChangeOfTheFactIsRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	matter := seal.OfRequest(request())
	good := sealed(t, o.server, matter, request())
	text, err := json.Marshal(good.Fact)
	require.NoError(t, err)
	tried := 0
	for i := range text {
		for _, other := range []byte{text[i] ^ 1, text[i] ^ 2, '0', 'z', ' '} {
			forged := append([]byte{}, text...)
			forged[i] = other
			var fact contract.Request
			if json.Unmarshal(forged, &fact) != nil || digest(t, fact) == digest(t, good.Fact) {
				continue // says the same in other words, as a name in capitals does
			}
			tried++
			_, err := o.verifier.Verify(matter, fact, good.Seal)
			require.Error(t, err, "%s", forged)
		}
	}
	require.Greater(t, tried, len(text))
}

// The digest is over what is acted on: text that reads as the same fact is the same fact, and no other text is.
func TestOnlyTheSameFactHasTheSameDigest(t *testing.T) {
	t.Parallel()
	base := request()
	seen := map[string]string{digest(t, base): "unchanged"}
	for name, change := range map[string]func(*contract.Request){
		"subject":     func(r *contract.Request) { r.Subject = "p-bob" },
		"duration":    func(r *contract.Request) { r.Duration.Duration++ },
		"reason":      func(r *contract.Request) { r.Reason += " " },
		"ticket":      func(r *contract.Request) { r.Ticket, r.Incident = r.Incident, r.Ticket },
		"asked at":    func(r *contract.Request) { r.AskedAt = r.AskedAt.Add(time.Nanosecond) },
		"account":     func(r *contract.Request) { r.Terms.Accesses[0].Account = "root" },
		"entitlement": func(r *contract.Request) { r.Terms.Accesses[0].Entitlement = json.RawMessage(`{"role":"owners"}`) },
		"one more":    func(r *contract.Request) { r.Terms.Accesses = append(r.Terms.Accesses, r.Terms.Accesses[0]) },
		"none":        func(r *contract.Request) { r.Terms.Accesses = nil },
		"maximum":     func(r *contract.Request) { r.Terms.MaxDuration.Duration *= 2 },
	} {
		changed := request()
		change(&changed)
		sum := digest(t, changed)
		require.NotContains(t, seen, sum, name)
		seen[sum] = name
	}
}

// A worker of an earlier release reads a fact without the fields that it does not know, and must not act on the rest.
func TestAFactThatIsNotKnownInFullIsRefused(t *testing.T) {
	t.Parallel()
	type newer struct {
		contract.Review
		OnlyIf string `json:"onlyIf,omitempty"`
	}
	o := open(t)
	matter := seal.OfReview(review("p-carol"), digest(t, request()))
	conditional := sealed(t, o.server, matter, newer{review("p-carol"), "the moon is full"})
	plain := sealed(t, o.server, matter, newer{Review: review("p-carol")})

	_, err := o.verifier.Verify(matter, review("p-carol"), conditional.Seal)
	requireRefused(t, err, "not what was sealed; ask anew; if nobody has changed it, update this worker")
	_, err = o.verifier.Verify(matter, review("p-carol"), plain.Seal)
	require.NoError(t, err, "what is empty is left out, so both releases read the same")
}

// Facts that were sealed under the first release with seals are opened by every later one: a field that is added is
// left out while it is empty, and none that was there changes its name or its form.
func TestFactsOfTheFirstReleaseKeepTheirDigest(t *testing.T) {
	t.Parallel()
	keeps[contract.Request](
		t,
		`{"id":"01KAS3T4M5X6Y7Z8A9B0C1D2E3","template":"t","requester":"a","subject":"b","duration":"1h30m","reason":"r","source":"cli",
		"askedAt":"2026-11-23T12:00:00.123Z","terms":{"digest":"d","accesses":[{"target":"t","entitlement":{"role":"r"},"person":"b","account":"b"}],
		"maxDuration":"8h","pendingFor":"1h"}}`,
	)
	keeps[contract.Review](
		t,
		`{"request":"01","reviewer":"c","verdict":"deny","reason":"no","at":"2026-11-23T12:00:00Z"}`,
	)
	keeps[contract.Extension](
		t,
		`{"request":"01","by":"a","duration":"30m","reason":"more","at":"2026-11-23T12:00:00Z"}`,
	)
	keeps[contract.CertificateAsk](
		t,
		`{"request":"01","person":"a","target":"t","publicKey":"k","at":"2026-11-23T12:00:00Z"}`,
	)
	keeps[contract.DecisionFact](
		t,
		`{"request":"01","requestDigest":"d","reviewDigests":["e"],"extensionDigests":["f"],"ruling":"grant","lasts":"2h",
		"until":"2026-11-23T12:00:00Z","policyDigest":"p"}`,
	)
}

func keeps[T any](t *testing.T, text string) {
	t.Helper()
	var fact T
	require.NoError(t, json.Unmarshal([]byte(text), &fact))
	now, err := json.Marshal(fact)
	require.NoError(t, err)
	require.JSONEq(t, text, string(now))
	require.Equal(t, digest(t, json.RawMessage(text)), digest(t, fact))
}

func TestWhatCannotBeSealedIsSaidSo(t *testing.T) {
	t.Parallel()
	o := open(t)
	_, err := o.server.Seal(seal.OfRequest(request()), now, map[string]int64{"n": 1<<53 + 1})
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok)
	require.Equal(t, contract.KindInvalid, problem.Kind)
	require.Contains(t, problem.Error(), "9007199254740993")
	huge, err := seal.Of(o.server, seal.Matter{Kind: contract.SealReview, Actor: strings.Repeat("a", 64<<10)}, now, "x")
	require.ErrorContains(t, err, "larger than 64 KiB")
	require.Zero(t, huge)
}

func FuzzVerify(f *testing.F) {
	o := open(f)
	matter := seal.OfRequest(request())
	good := sealed(f, o.server, matter, request()).Seal
	header, _, _ := strings.Cut(good, ".")
	for _, seed := range []string{good, "", "..", header + "..", "e30.e30.", good + ".", strings.Repeat(".", 100), "{}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, forged string) {
		_, err := o.verifier.Verify(matter, request(), forged)
		if forged != good {
			requireRefused(t, err, "seal")
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	o := open(b)
	matter, fact := seal.OfRequest(request()), request()
	for b.Loop() {
		_, err := o.server.Seal(matter, now, fact)
		require.NoError(b, err)
	}
}

func BenchmarkVerify(b *testing.B) {
	o := open(b)
	matter := seal.OfRequest(request())
	s := sealed(b, o.server, matter, request())
	for b.Loop() {
		_, err := o.verifier.Verify(matter, s.Fact, s.Seal)
		require.NoError(b, err)
	}
}
