package ldap_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/ldap"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

func TestEntitlementsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		`cn=admins,ou=groups,dc=example,dc=org`:       `cn=admins,ou=groups,dc=example,dc=org`,
		` CN = Admins , OU=Groups;DC=EXAMPLE,dc=org`:  `cn=admins,ou=groups,dc=example,dc=org`,
		`cn=DB   admins\20,dc=org`:                    `cn=db admins,dc=org`,
		`cn=a\2c b\+c \22d\22 \\,dc=org`:              `cn=a\, b\+c \"d\" \\,dc=org`,
		`cn=ZO\c3\8b,dc=org`:                          `cn=zoë,dc=org`,
		`ou=x+cn=y,dc=org`:                            `cn=y+ou=x,dc=org`,
		`cn=\23hash,dc=org`:                           `cn=\#hash,dc=org`,
		`entryUUID=AbC+2.5.4.3=Kept As It Is,dc=org`:  `2.5.4.3=Kept As It Is+entryuuid=AbC,dc=org`,
		`cn=` + strings.Repeat("a", 1000) + `,dc=org`: `cn=` + strings.Repeat("a", 1000) + `,dc=org`,
	} {
		for _, kind := range []struct {
			target.Kind
			key string
		}{{ldap.Kind(), "group"}, {ldap.EntryKind(), "groupsUnder"}} {
			canonical := normalized(t, kind.Kind, kind.key, written)
			var read map[string]string
			require.NoError(t, json.Unmarshal(canonical, &read))
			require.Equal(t, map[string]string{kind.key: want}, read)
			again, err := kind.Normalize(canonical)
			require.NoError(t, err)
			require.JSONEq(t, string(canonical), string(again))
		}
	}
}

func TestWrongEntitlementsAreExplained(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ written, field string }{
		"no mapping":         {`["cn=a"]`, ""},
		"nothing":            {``, ""},
		"unknown key":        {`{"group":"cn=a","role":"b"}`, "role"},
		"other case":         {`{"Group":"cn=a"}`, "Group"},
		"the other kind's":   {`{"groupsUnder":"cn=a"}`, "groupsUnder"},
		"missing":            {`{}`, "group"},
		"empty":              {`{"group":""}`, "group"},
		"blank":              {`{"group":"  "}`, "group"},
		"number":             {`{"group":7}`, "group"},
		"no DN":              {`{"group":"admins"}`, "group"},
		"a part without =":   {`{"group":"cn=a,admins"}`, "group"},
		"an empty value":     {`{"group":"cn=,dc=org"}`, "group"},
		"an odd attribute":   {`{"group":"c n=a,dc=org"}`, "group"},
		"a filter":           {`{"group":"(cn=*)"}`, "group"},
		"a line feed":        {`{"group":"cn=a\nb,dc=org"}`, "group"},
		"a hidden line feed": {`{"group":"cn=a\\0ab,dc=org"}`, "group"},
		"a zero byte":        {`{"group":"cn=a\\00,dc=org"}`, "group"},
		"no UTF-8":           {`{"group":"cn=\\ff,dc=org"}`, "group"},
		"an open escape":     {`{"group":"cn=a\\"}`, "group"},
		"too long":           {`{"group":"cn=` + strings.Repeat("a", 1030) + `"}`, "group"},
		"too large":          {`{"group":"cn=` + strings.Repeat("a", 20_000) + `"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ldap.Kind().Normalize(json.RawMessage(tc.written))
			problem := requireProblem(t, err, contract.KindInvalid)
			require.Equal(t, tc.field, problem.Field)
			require.NotEmpty(t, problem.Fix)
		})
	}
}

func TestSettingsAreCheckedBeforeUse(t *testing.T) {
	t.Parallel()
	valid := ldap.Settings{Server: ldap.Server{
		URL: "ldaps://ldap.example.org", BindDN: broker, Password: config.SecretOf(brokerPassword),
	}}
	people := ldap.People{Base: "ou=people," + suffix, Attribute: "uid"}
	for name, tc := range map[string]struct {
		field  string
		change func(*ldap.Settings)
	}{
		"no address":                 {"url", func(s *ldap.Settings) { s.URL = "" }},
		"no scheme":                  {"url", func(s *ldap.Settings) { s.URL = "ldap.example.org" }},
		"other scheme":               {"url", func(s *ldap.Settings) { s.URL = "https://ldap.example.org" }},
		"a socket":                   {"url", func(s *ldap.Settings) { s.URL = "ldapi:///run/slapd" }},
		"password in address":        {"url", func(s *ldap.Settings) { s.URL = "ldaps://curfew:" + brokerPassword + "@ldap.example.org" }},
		"a path":                     {"url", func(s *ldap.Settings) { s.URL = "ldaps://ldap.example.org/dc=org" }},
		"a query":                    {"url", func(s *ldap.Settings) { s.URL = "ldaps://ldap.example.org??sub" }},
		"in the clear":               {"url", func(s *ldap.Settings) { s.URL = "ldap://ldap.example.org" }},
		"encrypted twice":            {"startTLS", func(s *ldap.Settings) { s.StartTLS = true }},
		"no certificate":             {"rootCA", func(s *ldap.Settings) { s.RootCA = config.SecretOf("/etc/ca.pem") }},
		"no bind DN":                 {"bindDN", func(s *ldap.Settings) { s.BindDN = "" }},
		"a login to bind with":       {"bindDN", func(s *ldap.Settings) { s.BindDN = "curfew" }},
		"no password":                {"password", func(s *ldap.Settings) { s.Password = config.Secret{} }},
		"too few connections":        {"maxConnections", func(s *ldap.Settings) { s.MaxConnections = -1 }},
		"too many connections":       {"maxConnections", func(s *ldap.Settings) { s.MaxConnections = 101 }},
		"people without a base":      {"people.base", func(s *ldap.Settings) { s.People.Attribute = "uid" }},
		"people without attribute":   {"people.attribute", func(s *ldap.Settings) { s.People.Base = suffix }},
		"a filter for an attribute":  {"people.attribute", func(s *ldap.Settings) { s.People = ldap.People{Base: suffix, Attribute: "uid=*)(cn"} }},
		"members by another name":    {"memberAttribute", func(s *ldap.Settings) { s.MemberAttribute = "memberOf" }},
		"logins without people":      {"people", func(s *ldap.Settings) { s.MemberAttribute = "memberUid" }},
		"a placeholder for logins":   {"placeholder", func(s *ldap.Settings) { s.MemberAttribute, s.People, s.Placeholder = "memberUid", people, broker }},
		"a placeholder that's no DN": {"placeholder", func(s *ldap.Settings) { s.Placeholder = "nobody" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := valid
			tc.change(&settings)
			err := settings.Validate()
			connector, openErr := settings.Open()
			require.Equal(t, err, openErr)
			require.Nil(t, connector)
			problem := requireProblem(t, err, contract.KindInvalid)
			require.Equal(t, tc.field, problem.Field)
			require.NotEmpty(t, problem.Fix)
		})
	}
	for _, change := range []func(*ldap.Settings){
		func(*ldap.Settings) {},
		func(s *ldap.Settings) { s.URL, s.StartTLS = "ldap://ldap.example.org:3389", true },
		func(s *ldap.Settings) { s.URL = "ldap://127.0.0.1" },
		func(s *ldap.Settings) { s.URL = "ldap://[::1]:389/" },
		func(s *ldap.Settings) { s.MemberAttribute, s.People = "memberUid", people },
		func(s *ldap.Settings) { s.MemberAttribute, s.Placeholder = "uniqueMember", broker },
	} {
		settings := valid
		change(&settings)
		require.NoError(t, settings.Validate())
		open(t, &settings)
	}
}

func TestSettingsOfEntriesAreCheckedBeforeUse(t *testing.T) {
	t.Parallel()
	valid := ldap.EntrySettings{Server: ldap.Server{
		URL: "ldaps://ldap.example.org", BindDN: broker, Password: config.SecretOf(brokerPassword),
	}, Container: "ou=curfew, " + suffix}
	require.NoError(t, valid.Validate())
	for field, change := range map[string]func(*ldap.EntrySettings){
		"url":       func(s *ldap.EntrySettings) { s.URL = "ldap://ldap.example.org" },
		"container": func(s *ldap.EntrySettings) { s.Container = "" },
		"people":    func(s *ldap.EntrySettings) { s.People.Attribute = "uid" },
	} {
		settings := valid
		change(&settings)
		err := settings.Validate()
		connector, openErr := settings.Open()
		require.Equal(t, err, openErr)
		require.Nil(t, connector)
		require.Contains(t, requireProblem(t, err, contract.KindInvalid).Field, field)
	}
}

func TestTheKindsSayWhatDirectoriesCantDo(t *testing.T) {
	t.Parallel()
	members, entries := ldap.Kind(), ldap.EntryKind()
	require.Equal(t, "ldap", members.Name)
	require.Equal(t, "ldap-entry", entries.Name)
	require.False(t, members.Limits.EnforcesExpiry)
	require.True(t, entries.Limits.EnforcesExpiry)
	require.Zero(t, members.Limits.MaxDuration)
	require.Positive(t, entries.Limits.MaxDuration)
	for _, kind := range []target.Kind{members, entries} {
		require.Positive(t, kind.Limits.Settles)
		require.Len(t, target.FieldsOf(kind.Entitlement), 1)
	}
	_, lists := open(t, &ldap.EntrySettings{Server: ldap.Server{
		URL: "ldaps://h", BindDN: broker, Password: config.SecretOf("p"),
	}, Container: suffix}).(target.Lister)
	require.True(t, lists)
}
