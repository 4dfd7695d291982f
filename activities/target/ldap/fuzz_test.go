package ldap

import (
	"encoding/json"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

// A DN is kept in one spelling, which names the same entry and is its own.
func FuzzADNKeepsItsMeaningInItsOneSpelling(f *testing.F) {
	for _, seed := range []string{
		"cn=db-admins,ou=groups,dc=example,dc=org", `cn=a\,b+sn=c\+d,dc=x`, `CN=\20a\20,DC=x`, `cn=\c3\a4,dc=x`, `uid=#x,dc=x`, `cn=\#x,dc=x`,
		`cn=a\00b,dc=x`, "cn=a=b,dc=x", `cn="a,b",dc=x`, "2.5.4.3=#04024869,dc=x", `cn=a;dc=x`, "cn= a  b ,dc=x", "", ",", "cn=,dc=x", `cn=\`, "cn=a\u00a0", `C =\20`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		written, err := json.Marshal(membership{Group: text})
		require.NoError(t, err)
		normal, err := normalizeMembership(written)
		if err != nil {
			problem, known := contract.ProblemOf(err)
			require.True(t, known, "%v", err)
			require.NotEmpty(t, problem.Field)
			require.NotEmpty(t, problem.Fix)
			return
		}
		again, err := normalizeMembership(normal)
		require.NoError(t, err, "%s", normal)
		require.Equal(t, string(normal), string(again))
		var before, after membership
		require.NoError(t, json.Unmarshal(written, &before))
		require.NoError(t, json.Unmarshal(normal, &after))
		given, err := ldap.ParseDN(before.Group)
		require.NoError(t, err)
		kept, err := ldap.ParseDN(after.Group)
		require.NoError(t, err)
		require.Len(t, kept.RDNs, len(given.RDNs))
	})
}

// Whatever an account is called, a filter looks for exactly that, and for nothing else.
func FuzzAFilterLooksForExactlyOneValue(f *testing.F) {
	for _, seed := range []string{"alice", "*", "a)(uid=*", `\2a`, "\x00", "ä", "\xff", "(", `\`, " a ", "&(|!="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, login string) {
		packet, err := ldap.CompileFilter("(uid=" + ldap.EscapeFilter(login) + ")")
		require.NoError(t, err)
		require.Equal(t, ber.Tag(ldap.FilterEqualityMatch), packet.Tag)
		require.Len(t, packet.Children, 2)
		require.Equal(t, "uid", packet.Children[0].Data.String())
		require.Equal(t, login, packet.Children[1].Data.String())
	})
}
