package identity_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/workflows/contract"
)

func TestGroupsThatAreLeftOutBecauseThereAreTooManyAreNotNone(t *testing.T) {
	t.Parallel()
	optional := newWorld(t, func(c *people.Directory) { c.OIDC.Groups.Optional = true })
	for name, changes := range map[string]map[string]any{
		"Entra, by code":            {"groups": nil, "_claim_names": map[string]any{"groups": "src1"}, "_claim_sources": map[string]any{"src1": map[string]any{"endpoint": "https://graph.example.com"}}},
		"without a source":          {"groups": nil, "_claim_names": map[string]any{"groups": "src1"}},
		"beside some of the groups": {"groups": []string{"sre"}, "_claim_names": map[string]any{"groups": "src1"}},
		"Entra, implicitly":         {"groups": nil, "hasgroups": true},
		"in words":                  {"groups": nil, "hasgroups": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := optional.callers.Authenticate(
				t.Context(),
				optional.directory,
				optional.provider.Key().Sign(t, optional.claims(changes), nil),
			)
			problem := requireProblem(t, err, contract.KindForbidden)
			require.Contains(t, problem.Fault, "more groups than the provider puts into a token")
			require.Contains(t, problem.Fix, "assigned to the application")
		})
	}
	for name, changes := range map[string]map[string]any{
		"no groups at all":            {"groups": nil},
		"another claim is elsewhere":  {"groups": nil, "_claim_names": map[string]any{"photo": "src1"}, "_claim_sources": map[string]any{"src1": map[string]any{"endpoint": "x"}}},
		"groups that are in it after": {"hasgroups": true},
		"no more than these":          {"groups": nil, "hasgroups": false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := optional.callers.Authenticate(
				t.Context(),
				optional.directory,
				optional.provider.Key().Sign(t, optional.claims(changes), nil),
			)
			require.NoError(t, err)
		})
	}
	unasked := newWorld(t, func(c *people.Directory) { c.OIDC.Groups = people.OIDCGroups{} })
	_, err := unasked.callers.Authenticate(
		t.Context(),
		unasked.directory,
		unasked.provider.Key().Sign(t, unasked.claims(map[string]any{"groups": nil, "hasgroups": true}), nil),
	)
	require.NoError(t, err, "whoever asks for no groups misses none")
}

func TestWhatIsSaidOfATokenIsTrueAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := func(d time.Duration) string { return time.Now().Add(d).Format(time.RFC3339) }
	for name, said := range map[string]struct {
		changes    map[string]any
		fault, fix string
	}{
		"exp as text":          {map[string]any{"exp": text(time.Hour)}, "claim exp is text", "mapper or script"},
		"exp as digits":        {map[string]any{"exp": "4102444800"}, "claim exp is text", "mapper or script"},
		"no exp":               {map[string]any{"exp": nil}, "no claim exp", "give tokens an end"},
		"exp as null":          {map[string]any{"exp": json.RawMessage("null")}, "claim exp is no number", "mapper or script"},
		"iat as text":          {map[string]any{"iat": text(0)}, "claim iat is text", "mapper or script"},
		"nbf as text":          {map[string]any{"nbf": text(0)}, "claim nbf is text", "mapper or script"},
		"nbf a little ahead":   {map[string]any{"nbf": time.Now().Add(2 * time.Minute).Unix()}, "time has not come yet: it counts from", "set the clocks"},
		"nbf far ahead":        {map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}, "time has not come yet: it counts from", "set the clocks"},
		"iat ahead":            {map[string]any{"iat": time.Now().Add(time.Hour).Unix()}, "time has not come yet: it was issued at", "set the clocks"},
		"an issuer with a /":   {map[string]any{"iss": w.provider.Issuer + "/"}, `it says "` + w.provider.Issuer + `/"`, "slash at its end"},
		"Entra's other issuer": {map[string]any{"iss": "https://sts.windows.net/tenant/"}, "sts.windows.net", "requestedAccessTokenVersion to 2"},
		"an odd audience":      {map[string]any{"aud": 7}, "claims can't be understood", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.callers.Authenticate(
				t.Context(),
				w.directory,
				w.provider.Key().Sign(t, w.claims(said.changes), nil),
			)
			unproven(t, err, said.fault)
			require.ErrorContains(t, err, said.fix)
			require.NotContains(t, err.Error(), "not signed", "it is")
		})
	}
}

func TestWhatIsSaidOfWhoeverSignsInIsTrueAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	byEmail := newWorld(t)
	byName := newWorld(t, func(c *people.Directory) {
		c.OIDC.PersonClaim = "preferred_username"
		c.People["alice"] = people.Person{Login: "alice@example.com"}
		c.Groups = map[string]people.Group{"platform": {Claim: "Platform Team"}, "sre": {Claim: "sre"}}
	})
	for name, said := range map[string]struct {
		world      *world
		changes    map[string]any
		fault, fix string
	}{
		"no email_verified":     {byEmail, map[string]any{"email_verified": nil}, "does not say whether your e-mail address is verified: it has no claim email_verified", "oidc.personClaim"},
		"an odd email_verified": {byEmail, map[string]any{"email_verified": 1}, "neither true nor false", "oidc.personClaim"},
		"an unverified address": {byEmail, map[string]any{"email_verified": false}, "says that your e-mail address is not verified", "verify your address"},
		"a UPN in other case": {
			byName,
			map[string]any{"preferred_username": "Alice@Example.com"},
			`says that your preferred_username is "Alice@Example.com", and the directory has it in other letters for alice`, "people.alice.login",
		},
		"a list with commas":   {byName, map[string]any{"preferred_username": "alice@example.com", "groups": "dev,ops"}, "one text that looks like several groups", "Multivalued"},
		"a list in JSON":       {byName, map[string]any{"preferred_username": "alice@example.com", "groups": `["dev"]`}, "one text that looks like several groups", "Multivalued"},
		"a list with spaces":   {byName, map[string]any{"preferred_username": "alice@example.com", "groups": "dev sre"}, "one text that looks like several groups", "Multivalued"},
		"a list in semicolons": {byName, map[string]any{"preferred_username": "alice@example.com", "groups": "dev;sre"}, "one text that looks like several groups", "Multivalued"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := said.world.callers.Authenticate(
				t.Context(),
				said.world.directory,
				said.world.provider.Key().Sign(t, said.world.claims(said.changes), nil),
			)
			problem := requireProblem(t, err, contract.KindForbidden)
			require.Contains(t, problem.Fault, said.fault)
			require.Contains(t, problem.Fix, said.fix)
		})
	}
	for _, one := range []string{"Platform Team", "Domain Users", "CN=sre,OU=groups,DC=example", "sre"} {
		var caller identity.Caller
		caller, err := byName.callers.Authenticate(
			t.Context(),
			byName.directory,
			byName.provider.Key().Sign(t, byName.claims(map[string]any{
				"preferred_username": "alice@example.com", "groups": one,
			}), nil),
		)
		require.NoError(t, err, one)
		require.Equal(t, []string{one}, caller.Groups, "it is one group")
	}
}
