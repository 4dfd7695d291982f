package ldap_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const before = `
include   /etc/ldap/schema/core.schema
include   /etc/ldap/schema/cosine.schema
include   /etc/ldap/schema/inetorgperson.schema
include   /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload dds
moduleload memberof
moduleload refint
sizelimit 5
TLSCertificateFile    %[1]s/server.pem
TLSCertificateKeyFile %[1]s/server.key
database  mdb
suffix    "` + suffix + `"
rootdn    "` + adminDN + `"
rootpw    %[2]s
directory %[1]s
maxsize   104857600
dbnosync
overlay   memberof
access to attrs=userPassword by anonymous auth by * none
`

// follow lets groups keep up with people who are moved.
const follow = `
overlay refint
refint_attributes member uniqueMember
`

// What the entry "vault" of each world opens to: members of groups of the world, by whichever attribute.
const vaultRule = `
access to dn.regex="^cn=vault,(ou=[^,]+),ou=vaults,` + suffix + `$"
        by set.expand="[ldap:///$1,ou=groups,` + suffix + `??sub?(objectClass=groupOfNames)]/member & user" read
        by set.expand="[ldap:///$1,ou=groups,` + suffix + `??sub?(objectClass=groupOfUniqueNames)]/uniqueMember & user" read
        by set.expand="[ldap:///$1,ou=groups,` + suffix + `??sub?(objectClass=posixGroup)]/memberUid & user/uid" read
        by set.expand="[ldap:///$1,ou=curfew,` + suffix + `??sub?(objectClass=groupOfNames)]/member & user" read
        by * none
`

// fromPage takes blocks of configuration out of the page that administrators copy them from.
func fromPage(t testing.TB, titles ...string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.FromSlash("../../../docs/targets/ldap.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, title := range titles {
		block := regexp.MustCompile("(?s)```conf\n# " + title + "\n(.*?)```").FindSubmatch(page)
		if block == nil {
			t.Fatalf("docs/targets/ldap.md has no block %q", title)
		}
		all.Write(block[1])
	}
	return all.String()
}

func (s *slapd) configure(more string) error {
	if err := writeCertificates(s.dir); err != nil {
		return err
	}
	text := fmt.Sprintf(before, s.dir, adminPassword) + vaultRule
	return os.WriteFile(filepath.Join(s.dir, "slapd.conf"), []byte(text+more+"\n"), 0o600)
}

// fill adds what all worlds share.
func (s *slapd) fill(t testing.TB) {
	t.Helper()
	admin := s.bind(t, adminDN, adminPassword)
	add(t, admin, suffix, "dcObject,organization", "dc=example", "o=Example")
	add(t, admin, broker, "organizationalRole,simpleSecurityObject", "userPassword="+brokerPassword)
	add(t, admin, "cn=powerless,"+suffix, "organizationalRole,simpleSecurityObject", "userPassword="+brokerPassword)
	add(t, admin, "cn=nobody,"+suffix, "organizationalRole")
	for _, unit := range []string{"people", "groups", "curfew", "vaults"} {
		add(t, admin, "ou="+unit+","+suffix, "organizationalUnit")
	}
}
