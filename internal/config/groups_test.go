package config_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/people"
)

const elsewhere = `
oidc: {issuer: https://login.example.com, clientId: curfew, groups: {claim: groups}}
people:
  ada: {accounts: {db: ada, corp: uid=ada}}
  bob: {accounts: {corp: uid=bob}}
directories:
  corp: {kind: postgres, dsn: file:two}
  same: {kind: postgres, accounts: db, dsn: file:one}
groups:
  listed: [ada]
  dba: {directory: corp, role: dba}
  platform: {claim: Platform Team}
targets: {db: {kind: postgres, dsn: file:one}}
templates:
  t:
    entitlements: [{target: db, role: r}]
    duration: {default: 1h, max: 2h}
    ticket: none
    approvals: [{name: dba, groups: [dba], approve: 2}, {name: platform, groups: [listed, platform], approve: 3}]
`

func TestGroupsMayBeElsewhere(t *testing.T) {
	t.Parallel()
	c, err := load(t, elsewhere)
	require.NoError(t, err, "nobody counts members that are not listed")
	require.Equal(t, people.Group{People: []string{"ada"}}, c.Groups["listed"])
	require.Equal(t, "corp", c.Groups["dba"].Directory)
	require.JSONEq(t, `{"role":"dba"}`, string(c.Groups["dba"].Spec))
	require.Equal(t, people.Group{Claim: "Platform Team"}, c.Groups["platform"])
	require.Equal(t, []string{"Platform Team"}, c.Claimed())
	require.Equal(t, lasting(12*time.Hour), c.OIDC.Groups.Lasts)
	require.Equal(t, &postgresSettings{DSN: config.SecretOf(canary + "-two")}, c.Directories["corp"].Settings)
	require.Equal(t, map[string]string{"uid=ada": "ada", "uid=bob": "bob"}, c.AccountsIn("corp"))
	require.Equal(t, map[string]string{"ada": "ada"}, c.AccountsIn("same"))
}

func TestAProcessThatAsksNoDirectoryNeedsNoneOfTheirSecrets(t *testing.T) {
	t.Parallel()
	text := elsewhere + "  # the rest is as it was\n"
	dir := folder(t, text)
	source := config.Source{File: filepath.Join(dir, "curfew.yaml"), Kinds: kinds, Serves: config.Nothing}

	c, err := source.Load()
	require.NoError(t, err)
	require.Nil(t, c.Directories["corp"].Settings)

	source.Directories = true
	c, err = source.Load()
	require.NoError(t, err)
	require.NotNil(t, c.Directories["corp"].Settings)
	require.Nil(t, c.Targets["db"].Settings, "it serves no target all the same")
}

func TestP9_EveryMistakeAboutGroupsIsToldWithItsPlaceAndRemedy(t *testing.T) {
	t.Parallel()
	const people = "people: {ada: {}}\n"
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"no group": {people + "groups: {a: ada}", []string{
			"curfew.yaml:2:13: groups.a: is no group; list people like [ada, grace], or write directory or claim",
		}},
		"no directory": {people + "groups: {a: {role: r}, b: {directory: corp, role: r}}", []string{
			"curfew.yaml:2:10: groups.a.directory: is missing; name one of directories, or write claim",
			"curfew.yaml:2:39: groups.b.directory: there is no directory \"corp\"; write how it is reached in directories",
		}},
		"another word": {people + "directories: {corp: {kind: postgres, dsn: file:one}}\ngroups: {a: {directory: corp, rle: r}}", []string{
			"curfew.yaml:3:10: groups.a: is no entitlement: json: unknown field \"rle\"; write role",
		}},
		"a kind that can't tell": {people + "directories: {corp: {kind: lightrun}, none: {}}", []string{
			"curfew.yaml:2:28: directories.corp.kind: there is no kind of directory \"lightrun\"; known here: postgres",
			"curfew.yaml:2:39: directories.none.kind: is missing; known here: postgres",
		}},
		"accounts nowhere": {people + "directories: {corp: {kind: postgres, accounts: bd, dsn: file:one}}\ntargets: {db: {kind: postgres, dsn: file:one}}", []string{
			"curfew.yaml:2:48: directories.corp.accounts: there is no target \"bd\"; did you mean db?",
		}},
		"claims that nobody knows": {people + "groups: {a: {claim: x}}", []string{
			"curfew.yaml:2:21: groups.a.claim: is known by nobody: tokens tell no groups; write in oidc.groups.claim which claim has a person's groups",
		}},
		"two places": {people + provider + "groups: {a: {claim: x, directory: corp}}", []string{
			"curfew.yaml:3:21: groups.a.claim: stands beside directory; keep one of them",
		}},
		"no while": {"oidc:\n  issuer: https://login.example.com\n  clientId: curfew\n  groups: {claim: g, lasts: 200h}", []string{
			"curfew.yaml:4:29: oidc.groups.lasts: 200h is too long; write at most 168h",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, mistakes(t, test.text))
		})
	}
}
