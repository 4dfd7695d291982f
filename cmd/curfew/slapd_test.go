package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

const (
	ldapSuffix   = "dc=example,dc=com"
	ldapAdmin    = "cn=admin," + ldapSuffix
	ldapPassword = "the directory's password"
	ldapGroup    = "cn=ops," + ldapSuffix
)

// startDirectory starts a slapd with alice and a group, which ends with the test, and returns its address.
func startDirectory(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("slapd")
	if err != nil {
		program = "/usr/sbin/slapd"
	}
	folder := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	settings := filepath.Join(folder, "slapd.conf")
	require.NoError(t, os.Mkdir(filepath.Join(folder, "data"), 0o700))
	require.NoError(t, os.WriteFile(settings, fmt.Appendf(nil, `modulepath /usr/lib/ldap
moduleload back_mdb
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
database mdb
suffix "%s"
rootdn "%s"
rootpw "%s"
directory %s
`, ldapSuffix, ldapAdmin, ldapPassword, filepath.Join(folder, "data")), 0o600))
	server := exec.CommandContext(t.Context(), program, "-f", settings, "-h", "ldap://"+address, "-d", "0")
	require.NoError(t, server.Start())
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	var conn *goldap.Conn
	require.Eventually(t, func() bool {
		conn, err = goldap.DialURL("ldap://" + address)
		return err == nil && conn.Bind(ldapAdmin, ldapPassword) == nil
	}, time.Minute, 50*time.Millisecond, "slapd does not answer")
	defer conn.Close()
	for dn, attributes := range map[string]map[string][]string{
		ldapSuffix: {"objectClass": {"dcObject", "organization"}, "o": {"Example"}},
	} {
		addEntry(t, conn, dn, attributes)
	}
	addEntry(
		t,
		conn,
		"uid=alice,"+ldapSuffix,
		map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Alice"}, "sn": {"Alice"}},
	)
	addEntry(t, conn, ldapGroup, map[string][]string{"objectClass": {"groupOfNames"}, "member": {ldapAdmin}})
	return "ldap://" + address
}

func addEntry(t *testing.T, conn *goldap.Conn, dn string, attributes map[string][]string) {
	t.Helper()
	request := goldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	require.NoError(t, conn.Add(request), dn)
}
