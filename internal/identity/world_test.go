package identity_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/internal/strictyaml"
	"curfew/internal/testserver/oidc"
	"curfew/workflows/contract"
)

const callback = "https://curfew.example.com/signin/callback"

// world is a provider, and a directory that trusts it.
type world struct {
	provider  *oidc.Server
	directory *people.Directory
	callers   *identity.Authenticator
}

// people: alice and bob are known by their addresses, the machine and dora by their subjects; mallory is not known.
func everybody() []oidc.Person {
	return []oidc.Person{
		{Subject: "alice", Email: "Alice@Example.com", Verified: true, Groups: []string{"sre", "on-call"}},
		{Subject: "bob", Email: "bob@example.com", Groups: []string{}},
		{Subject: "dora", Email: "dora@example.com", Groups: []string{"sre"}},
		{Subject: "mallory", Email: "mallory@example.com", Verified: true, Groups: []string{}},
		{Subject: "nogroups", Email: "nogroups@example.com", Verified: true},
	}
}

func newWorld(t *testing.T, change ...func(*people.Directory)) *world {
	t.Helper()
	w := &world{provider: oidc.Start(t, oidc.Options{People: everybody(), Redirect: callback})}
	w.directory = trusting(w.provider.Issuer)
	for _, change := range change {
		change(w.directory)
	}
	w.callers = identity.New(w.directory.OIDC)
	return w
}

func trusting(issuer string) *people.Directory {
	return &people.Directory{
		OIDC: &people.OIDC{
			Issuer:       issuer,
			ClientID:     oidc.WebClient,
			ClientSecret: strictyaml.SecretOf(oidc.WebSecret),
			CLIClientID:  oidc.CLIClient,
			Audiences:    []string{oidc.Resource},
			Clients:      []string{oidc.Machine},
			PersonClaim:  people.ClaimEmail,
			Groups:       people.OIDCGroups{Claim: "groups"},
		},
		People: map[string]people.Person{
			"alice": {Login: "alice@example.com", Token: strictyaml.SecretOf("token-of-alice")},
			"bob":   {Login: "bob@example.com"}, "dora": {Subject: "dora"},
			"nogroups": {Login: "nogroups@example.com"}, "robot": {Subject: oidc.Machine},
		},
	}
}

// claims are those of a token of alice's that is right in everything, with changes; nil takes a claim out.
func (w *world) claims(changes map[string]any) map[string]any {
	now := time.Now()
	claims := map[string]any{
		"iss": w.provider.Issuer, "sub": "alice", "aud": oidc.CLIClient, "azp": oidc.CLIClient,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"email": "alice@example.com", "email_verified": true, "groups": []string{"sre"},
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// unproven wants an error that says what is wrong with a token, and that another may do.
func unproven(t *testing.T, err error, fault string) {
	t.Helper()
	var refusal *identity.Unproven
	require.ErrorAs(t, err, &refusal)
	require.Contains(t, refusal.Fault, fault)
	require.NotEmpty(t, refusal.Fix)
}

// requireProblem wants an error of a kind that no other token would mend.
func requireProblem(t *testing.T, err error, kind contract.Kind) *contract.Problem {
	t.Helper()
	var refusal *identity.Unproven
	require.Error(t, err)
	require.NotErrorAs(t, err, &refusal)
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, kind, problem.Kind, "%v", problem)
	require.NotEmpty(t, problem.Fix)
	return problem
}
