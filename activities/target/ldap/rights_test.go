package ldap_test

import (
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

// refresh sets an entry's life as an administrator.
func (w *world) refresh(t *testing.T, dn string, seconds int64) {
	t.Helper()
	require.NoError(t, refreshAs(w.admin, dn, seconds))
}

func refreshAs(conn *goldap.Conn, dn string, seconds int64) error {
	asked := ber.NewSequence("refresh")
	asked.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, dn, "entryName"))
	asked.AppendChild(ber.NewInteger(ber.ClassContext, ber.TypePrimitive, 1, seconds, "requestTtl"))
	value := ber.NewString(ber.ClassContext, ber.TypePrimitive, 1, string(asked.Bytes()), "requestValue")
	_, err := conn.Extended(goldap.NewExtendedRequest("1.3.6.1.4.1.1466.101.119.1", value))
	return err
}

func modification(dn string, change func(*goldap.ModifyRequest)) func(*goldap.Conn) error {
	return func(conn *goldap.Conn) error {
		request := goldap.NewModifyRequest(dn, nil)
		change(request)
		return conn.Modify(request)
	}
}

func addition(dn string, classes []string, name string) func(*goldap.Conn) error {
	return func(conn *goldap.Conn) error {
		request := goldap.NewAddRequest(dn, nil)
		request.Attribute("objectClass", classes)
		request.Attribute("cn", []string{name})
		request.Attribute("member", []string{broker})
		return conn.Add(request)
	}
}

func removal(dn string) func(*goldap.Conn) error {
	return func(conn *goldap.Conn) error { return conn.Del(goldap.NewDelRequest(dn, nil)) }
}

// seen is what somebody can read under a DN.
func seen(t *testing.T, conn *goldap.Conn, base, filter string, attributes ...string) []string {
	t.Helper()
	found, err := conn.Search(
		goldap.NewSearchRequest(
			base,
			goldap.ScopeWholeSubtree,
			goldap.NeverDerefAliases,
			0,
			0,
			false,
			filter,
			attributes,
			nil,
		),
	)
	if err != nil {
		require.True(
			t,
			goldap.IsErrorAnyOf(err, goldap.LDAPResultNoSuchObject, goldap.LDAPResultInsufficientAccessRights),
			err,
		)
		return nil
	}
	var values []string
	for _, entry := range found.Entries {
		for _, attribute := range entry.Attributes {
			values = append(values, attribute.Values...)
		}
	}
	return values
}

func requireRefused(t *testing.T, conn *goldap.Conn, attempts map[string]func(*goldap.Conn) error) {
	t.Helper()
	for name, attempt := range attempts {
		err := attempt(conn)
		require.True(
			t,
			goldap.IsErrorAnyOf(err, goldap.LDAPResultInsufficientAccessRights, goldap.LDAPResultNoSuchObject),
			"%s: %v",
			name,
			err,
		)
	}
}

func TestTheRightsForMembersAllowNothingElse(t *testing.T) {
	t.Parallel()
	for _, people := range []string{"People by DN", "People by login"} {
		t.Run(people, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, shared(t, "Groups", people))
			ada, group := w.person(t, "ada"), w.group("member")
			curfew := w.server.bind(t, broker, brokerPassword)
			requireRefused(t, curfew, map[string]func(*goldap.Conn) error{
				"rename a group": modification(
					group,
					func(r *goldap.ModifyRequest) { r.Add("description", []string{"x"}) },
				),
				"make a group":   addition("cn=new,"+w.under("groups"), []string{"groupOfNames"}, "new"),
				"remove a group": removal(group),
				"change a password": modification(
					ada,
					func(r *goldap.ModifyRequest) { r.Replace("userPassword", []string{"x"}) },
				),
				"change a person": modification(
					ada,
					func(r *goldap.ModifyRequest) { r.Replace("sn", []string{"x"}) },
				),
				"remove a person": removal(ada),
				"change Curfew": modification(
					broker,
					func(r *goldap.ModifyRequest) { r.Replace("userPassword", []string{"x"}) },
				),
				"change other trees": modification(
					"cn=by hand,"+w.under("curfew"),
					func(r *goldap.ModifyRequest) { r.Add("member", []string{ada}) },
				),
			})
			require.Empty(t, seen(t, curfew, w.under("groups"), "(objectClass=*)", "*"))
			require.Empty(t, seen(t, curfew, w.under("people"), "(objectClass=*)", "userPassword", "sn", "cn", "mail"))
			require.Empty(t, seen(t, curfew, w.under("people"), "(sn=Somebody)", "*"))
			require.Empty(t, seen(t, curfew, w.under("vaults"), "(objectClass=*)", "*"))
		})
	}
}

func TestTheRightsForEntriesAllowNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Entries", "People by DN", "Entries expire"))
	ada, byHand := w.person(t, "ada"), "cn=by hand,"+w.under("curfew")
	curfew := w.server.bind(t, broker, brokerPassword)
	requireRefused(t, curfew, map[string]func(*goldap.Conn) error{
		"make a group that lasts": addition("cn=new,"+w.under("curfew"), []string{"groupOfNames"}, "new"),
		"join a group that lasts": modification(
			byHand,
			func(r *goldap.ModifyRequest) { r.Add("member", []string{ada}) },
		),
		"remove a group that lasts": removal(byHand),
		"remove the container":      removal(w.under("curfew")),
		"join a group elsewhere": modification(
			w.group("member"),
			func(r *goldap.ModifyRequest) { r.Add("member", []string{ada}) },
		),
		"make an entry elsewhere": addition(
			"cn=new,"+w.under("groups"),
			[]string{"groupOfNames", "dynamicObject"},
			"new",
		),
		"change a person": modification(
			ada,
			func(r *goldap.ModifyRequest) { r.Replace("sn", []string{"x"}) },
		),
	})
	require.NotContains(
		t,
		seen(t, curfew, w.under("curfew"), "(objectClass=*)", "member", "description", "cn"),
		"by hand",
	)
	require.Empty(t, seen(t, curfew, w.under("groups"), "(objectClass=*)", "*"))
	require.Empty(t, seen(t, curfew, w.under("people"), "(objectClass=*)", "userPassword", "sn", "cn"))
}
