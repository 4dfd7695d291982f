package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
)

const (
	provider = "oidc: {issuer: https://login.example.com, clientId: curfew}\n"
	aHash    = "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
)

func TestP9_EveryMistakeAboutIdentityIsToldWithItsPlaceAndRemedy(t *testing.T) {
	t.Parallel()
	token := func(changes string) string {
		return "people: {robot: {}}\nserviceTokens:\n  ci: {" + changes + "}\n"
	}
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"nothing of a provider": {"oidc: {}", []string{
			"curfew.yaml:1:1: oidc.issuer: is missing; write it as the provider's discovery document does, like https://login.example.com",
			"curfew.yaml:1:1: oidc.clientId: is missing; register Curfew as a client at the provider, and write the id that it got",
		}},
		"an issuer that is no address": {"oidc: {issuer: login, clientId: curfew}", []string{
			"curfew.yaml:1:16: oidc.issuer: is no web address; write it like https://curfew.example.com",
		}},
		"in the clear": {"server: {url: http://curfew.example.com}\noidc: {issuer: http://login.example.com, clientId: curfew}", []string{
			"curfew.yaml:1:15: server.url: would send cookies of the sign-in in the clear; write it with https://; only a loopback address may do without",
			"curfew.yaml:2:16: oidc.issuer: would send keys and tokens in the clear; write it with https://; only a loopback address may do without",
		}},
		"a long session": {"oidc:\n  issuer: https://login.example.com\n  clientId: curfew\n  session: 25h", []string{
			"curfew.yaml:4:12: oidc.session: 25h is too long; write at most 24h",
		}},
		"empty audiences and no claim": {
			"oidc:\n  issuer: https://login.example.com\n  clientId: curfew\n  audiences: [a, '']\n  groups: {optional: true}", []string{
				"curfew.yaml:4:18: oidc.audiences[1]: is empty; write an id, or take the item out",
				"curfew.yaml:5:22: oidc.groups.optional: is about no claim; name the claim too, or take the line out",
			},
		},
		"two people with one address": {provider + "people:\n  ada: {login: Ada@example.com}\n  bob: {login: ada@EXAMPLE.com}", []string{
			"curfew.yaml:4:16: people.bob.login: is that of ada already; give each person a sign-in of their own",
		}},
		"two people with one subject": {provider + "people:\n  ada: {subject: x}\n  bob: {subject: x}", []string{
			"curfew.yaml:4:18: people.bob.subject: is that of ada already; give each person a sign-in of their own",
		}},
		"a login with space": {provider + "people: {ada: {login: ' ada@example.com'}}", []string{
			"curfew.yaml:2:23: people.ada.login: is no name that a provider gives: it is too long, or has space around it; copy it from the provider again",
		}},
		"nothing of a token": {token(""), []string{
			"curfew.yaml:3:3: serviceTokens.ci.person: is missing; name the person that it stands for",
			"curfew.yaml:3:3: serviceTokens.ci.hash: is missing; make a token with curfew tokens new, and copy the line that it prints",
			"curfew.yaml:3:3: serviceTokens.ci.scopes: is missing; choose from read, ask, review, revoke, operate",
			"curfew.yaml:3:3: serviceTokens.ci.expires: is missing; write until when it is good, like 2027-01-31T00:00:00Z",
		}},
		"a mistyped token": {token("person: robt, hash: '" + aHash + "0', scopes: [aks], expires: 2027-01-31"), []string{
			`curfew.yaml:3:16: serviceTokens.ci.person: there is no person "robt"; did you mean robot?`,
			"curfew.yaml:3:28: serviceTokens.ci.hash: is no sha256: and 64 hexadecimal digits; make a token with curfew tokens new, and copy the line that it prints",
			`curfew.yaml:3:113: serviceTokens.ci.scopes[0]: "aks" is no choice here; did you mean ask?`,
			"curfew.yaml:3:128: serviceTokens.ci.expires: is no time; write it like 2027-01-31T00:00:00Z",
		}},
		"a secret for a hash": {token("person: robot, hash: " + canary + ", scopes: [ask], expires: 2027-01-31T00:00:00Z"), []string{
			"curfew.yaml:3:29: serviceTokens.ci.hash: is no sha256: and 64 hexadecimal digits; make a token with curfew tokens new, and copy the line that it prints",
		}},
		"one token twice": {
			token("person: robot, hash: '"+aHash+"', scopes: [ask], expires: 2027-01-31T00:00:00Z") +
				"  cd: {person: robot, hash: '" + aHash + "', scopes: [ask], expires: 2027-01-31T00:00:00Z}", []string{
				"curfew.yaml:3:29: serviceTokens.ci.hash: is the same as that of cd; make another with curfew tokens new",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			file := filepath.Join(folder, "curfew.yaml")
			require.NoError(t, os.WriteFile(file, []byte(test.text), 0o600))
			_, err := config.Load(file, config.Kinds{})
			require.Error(t, err)
			require.Equal(t, test.want, strings.Split(strings.ReplaceAll(err.Error(), folder+"/", ""), "\n"))
			require.NotContains(t, err.Error(), canary)
		})
	}
}

func TestIdentityIsReadAndDefaultsAreSafe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "curfew.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
oidc:
  issuer: https://login.example.com/
  clientId: curfew
  groups: {claim: groups}
people:
  kim: {login: Kim@example.com}
  robot: {subject: 0f3a}
serviceTokens:
  ci: {person: robot, hash: "`+aHash+`", scopes: [ask, read], expires: 2027-01-31T00:00:00Z}
`), 0o600))

	c, err := config.Load(file, config.Kinds{})

	require.NoError(t, err)
	require.Equal(t, "https://login.example.com/", c.OIDC.Issuer, "tokens have it letter for letter")
	require.Equal(t, "curfew", c.OIDC.CLIClientID)
	require.Equal(t, "email", c.OIDC.PersonClaim)
	require.False(t, c.OIDC.Groups.Optional)
	require.Equal(t, 8*time.Hour, c.OIDC.Session.Duration)
	require.Equal(t, time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), c.ServiceTokens["ci"].Until)
	require.Equal(t, byte(0x1f), c.ServiceTokens["ci"].Digest[31])

	for login, want := range map[string]string{
		"Kim@example.com": "kim", "KIM@EXAMPLE.COM": "kim", "kim@example.com": "kim",
		"\u212aim@example.com": "", "k\u0131m@example.com": "", "kim@example.com ": "", "": "", "robot": "",
	} {
		person, ok := c.PersonByLogin(login)
		require.Equal(t, want, person, "%q", login)
		require.Equal(t, want != "", ok)
	}
	person, ok := c.PersonBySubject("0f3a")
	require.True(t, ok)
	require.Equal(t, "robot", person)
	for _, subject := range []string{"", "0F3A", "kim"} {
		_, ok := c.PersonBySubject(subject)
		require.False(t, ok, "%q", subject)
	}
}
