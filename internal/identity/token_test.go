package identity_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/internal/testserver/oidc"
	"curfew/workflows/contract"
)

func TestATokenOfTheProviderStandsForThePersonWhoSignedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)

	caller, err := w.callers.Authenticate(
		t.Context(),
		w.directory,
		w.provider.Key().Sign(t, w.claims(nil), nil),
	)

	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), caller.At, time.Minute)
	require.Equal(t, identity.Caller{
		Person: "alice", Groups: []string{"sre"}, At: caller.At, Scopes: people.Scopes(), Means: identity.MeansOIDC,
	}, caller)
}

func TestTokensThatProveNothingAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, stranger := w.provider.Key(), oidc.NewKey(t)
	hour := time.Hour
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	for name, refused := range map[string]struct {
		token string
		fault string
	}{
		"nothing":              {"", "no bearer token"},
		"no token at all":      {"not-a-token", "nobody's"},
		"very long":            {strings.Repeat("x", 64<<10), "longer than"},
		"no JWT":               {"a.b.c", "of a kind"},
		"another key":          {stranger.Sign(t, w.claims(nil), nil), "not signed by"},
		"another key's name":   {stranger.Sign(t, w.claims(nil), map[jose.HeaderKey]any{"kid": key.ID()}), "not signed by"},
		"a key that it brings": {stranger.Sign(t, w.claims(nil), map[jose.HeaderKey]any{"jwk": stranger.JWK()}), "not signed by"},
		"alg none":             {unsigned(t, "none", w.claims(nil)), "not signed by"},
		"alg None":             {unsigned(t, "None", w.claims(nil)), "not signed by"},
		"no signature":         {stripped(key.Sign(t, w.claims(nil), nil)), "not signed by"},
		"changed claims":       {altered(t, key.Sign(t, w.claims(nil), nil)), "not signed by"},
		"HS256 with the public key": {oidc.Sign(t, jose.SigningKey{
			Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: publicPEM(t, key), KeyID: key.ID()},
		}, w.claims(nil), nil), "not signed by"},
		"RS512, which is not allowed": {oidc.Sign(t, jose.SigningKey{
			Algorithm: jose.RS512, Key: jose.JSONWebKey{Key: key.Key(), KeyID: key.ID()},
		}, w.claims(nil), nil), "not signed by"},
		"expired":              {key.Sign(t, w.claims(map[string]any{"exp": ago(time.Second)}), nil), "expired"},
		"without an end":       {key.Sign(t, w.claims(map[string]any{"exp": nil}), nil), "expired"},
		"not yet":              {key.Sign(t, w.claims(map[string]any{"nbf": ago(-2 * time.Minute)}), nil), "not come yet"},
		"of the future":        {key.Sign(t, w.claims(map[string]any{"iat": ago(-hour)}), nil), "not come yet"},
		"a foreign issuer":     {key.Sign(t, w.claims(map[string]any{"iss": "https://evil.example.com"}), nil), "another provider"},
		"no issuer":            {key.Sign(t, w.claims(map[string]any{"iss": nil}), nil), "another provider"},
		"a longer issuer":      {key.Sign(t, w.claims(map[string]any{"iss": w.provider.Issuer + "/"}), nil), "another provider"},
		"a foreign audience":   {key.Sign(t, w.claims(map[string]any{"aud": "payroll"}), nil), "not made for Curfew"},
		"no audience":          {key.Sign(t, w.claims(map[string]any{"aud": nil}), nil), "not made for Curfew"},
		"a foreign client":     {key.Sign(t, w.claims(map[string]any{"azp": "payroll"}), nil), "a client that is not known"},
		"a foreign client_id":  {key.Sign(t, w.claims(map[string]any{"client_id": "payroll"}), nil), "a client that is not known"},
		"for several by whom?": {key.Sign(t, w.claims(map[string]any{"aud": []string{oidc.CLIClient, "x"}, "azp": nil}), nil), "for several"},
		"no subject":           {key.Sign(t, w.claims(map[string]any{"sub": nil}), nil), "no subject"},
		"a notice of sign-out": {key.Sign(t, w.claims(map[string]any{"events": map[string]any{"x": 1}}), nil), "an event"},
		"a typed sign-out":     {key.Sign(t, w.claims(nil), map[jose.HeaderKey]any{"typ": "logout+jwt"}), "of a kind"},
		"claims of odd types":  {key.Sign(t, w.claims(map[string]any{"azp": 7}), nil), "can't be understood"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, err := w.callers.Authenticate(t.Context(), w.directory, refused.token)
			require.Zero(t, caller)
			unproven(t, err, refused.fault)
			if refused.token != "" {
				require.NotContains(t, err.Error(), refused.token)
			}
		})
	}
}

func TestTokensOfPeopleWhoMayNotComeInAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	many := make([]string, 1001)
	for i := range many {
		many[i] = "g"
	}
	for name, test := range map[string]struct {
		changes map[string]any
		fault   string
	}{
		"nobody in the directory": {map[string]any{"sub": "mallory", "email": "mallory@example.com"}, `nobody in the directory has the email "mallory@example.com"`},
		"letters that only look":  {map[string]any{"email": "alıce@example.com"}, "nobody in the directory"},
		"an unverified address":   {map[string]any{"email_verified": false}, "verified"},
		"an address of no state":  {map[string]any{"email_verified": nil}, "verified"},
		"an odd state":            {map[string]any{"email_verified": 1}, "verified"},
		"no address":              {map[string]any{"email": nil}, "no claim email"},
		"an odd address":          {map[string]any{"email": []string{"alice@example.com"}}, "no claim email"},
		"two persons":             {map[string]any{"sub": "dora"}, "two persons, dora and alice"},
		"no groups":               {map[string]any{"groups": nil}, "no claim groups"},
		"groups elsewhere":        {map[string]any{"groups": nil, "_claim_names": map[string]any{"groups": "s"}, "_claim_sources": map[string]any{"s": map[string]any{"endpoint": "x"}}}, "more groups than the provider puts into a token"},
		"groups that are none":    {map[string]any{"groups": 7}, "no list of groups"},
		"null for groups":         {map[string]any{"groups": json.RawMessage("null")}, "no list of groups"},
		"groups with no name":     {map[string]any{"groups": []any{"sre", ""}}, "no list of groups"},
		"groups with numbers":     {map[string]any{"groups": []any{"sre", 7}}, "no list of groups"},
		"very many groups":        {map[string]any{"groups": many}, "no list of groups"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, err := w.callers.Authenticate(
				t.Context(),
				w.directory,
				w.provider.Key().Sign(t, w.claims(test.changes), nil),
			)
			require.Zero(t, caller)
			require.Contains(t, requireProblem(t, err, contract.KindForbidden).Fault, test.fault)
		})
	}
}

func TestWhatIsRightIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct {
		changes map[string]any
		person  string
		groups  []string
	}{
		"capital letters of an address":  {map[string]any{"email": "ALICE@Example.COM"}, "alice", []string{"sre"}},
		"verified, in words":             {map[string]any{"email_verified": "true"}, "alice", []string{"sre"}},
		"a clock that is ahead":          {map[string]any{"nbf": time.Now().Add(30 * time.Second).Unix()}, "alice", []string{"sre"}},
		"no azp, for one":                {map[string]any{"azp": nil}, "alice", []string{"sre"}},
		"for several, by a known client": {map[string]any{"aud": []string{oidc.WebClient, "x"}}, "alice", []string{"sre"}},
		"known by the subject":           {map[string]any{"sub": "dora", "email": nil}, "dora", []string{"sre"}},
		"the subject before the address": {map[string]any{"sub": "dora", "email_verified": false}, "dora", []string{"sre"}},
		"one group, not in a list":       {map[string]any{"groups": "sre"}, "alice", []string{"sre"}},
		"a member of nothing":            {map[string]any{"groups": []string{}}, "alice", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, err := w.callers.Authenticate(
				t.Context(),
				w.directory,
				w.provider.Key().Sign(t, w.claims(test.changes), nil),
			)
			require.NoError(t, err)
			require.Equal(t, test.person, caller.Person)
			require.Equal(t, test.groups, caller.Groups)
		})
	}
}

func TestAMissingClaimOfGroupsMeansNoneOnlyWhereTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *people.Directory) { c.OIDC.Groups.Optional = true })

	caller, err := w.callers.Authenticate(
		t.Context(),
		w.directory,
		w.provider.Key().Sign(t, w.claims(map[string]any{"groups": nil}), nil),
	)
	require.NoError(t, err)
	require.Empty(t, caller.Groups)

	_, err = w.callers.Authenticate(
		t.Context(),
		w.directory,
		w.provider.Key().Sign(t, w.claims(map[string]any{"groups": 7}), nil),
	)
	requireProblem(t, err, contract.KindForbidden)
}

func TestAnotherClaimMayNameThePersonAndThenLettersCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *people.Directory) {
		c.OIDC.PersonClaim = "preferred_username"
		c.People["alice"] = people.Person{Login: "Alice"}
	})
	token := func(name string) string {
		return w.provider.Key().Sign(t, w.claims(map[string]any{"preferred_username": name}), nil)
	}

	caller, err := w.callers.Authenticate(t.Context(), w.directory, token("Alice"))
	require.NoError(t, err)
	require.Equal(t, "alice", caller.Person)

	_, err = w.callers.Authenticate(t.Context(), w.directory, token("alice"))
	requireProblem(t, err, contract.KindForbidden)
}

// unsigned is a token with an algorithm that signs nothing.
func unsigned(t *testing.T, algorithm string, claims map[string]any) string {
	t.Helper()
	part := func(of any) string {
		text, err := json.Marshal(of)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return part(map[string]string{"alg": algorithm, "typ": "JWT"}) + "." + part(claims) + "."
}

func stripped(token string) string { return token[:strings.LastIndex(token, ".")+1] }

// altered makes somebody else of the token's person.
func altered(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.ReplaceAll(string(text), "alice", "dora")))
	return strings.Join(parts, ".")
}

func publicPEM(t *testing.T, key *oidc.Key) []byte {
	t.Helper()
	encoded, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: encoded})
}

func TestAClaimInAnotherCaseNamesNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, claim := range []string{"\u017fub", "SUB", "client_ID"} { // Unicode has a small s of another shape
		token := w.provider.Key().Sign(t, w.claims(map[string]any{claim: "somebody else"}), nil)
		caller, err := w.callers.Authenticate(t.Context(), w.directory, token)
		require.NoError(t, err, claim)
		require.Equal(t, "alice", caller.Person, claim)
	}
}
