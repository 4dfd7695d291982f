package ldap_test

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/ldap"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

var worlds atomic.Int64

// world is a part of a directory that no other test touches: people, groups of each sort, and an entry that only their
// members may read.
type world struct {
	server *slapd
	admin  *goldap.Conn
	name   string // its RDN in each tree
	count  atomic.Int64
}

func newWorld(t testing.TB, server *slapd) *world {
	t.Helper()
	w := &world{
		server: server,
		admin:  server.bind(t, adminDN, adminPassword),
		name:   fmt.Sprintf("ou=w%d", worlds.Add(1)),
	}
	for _, unit := range []string{"people", "groups", "curfew", "vaults"} {
		add(t, w.admin, w.under(unit), "organizationalUnit")
	}
	add(t, w.admin, w.vault(), "organizationalRole")
	standing := w.person(t, "standing")
	add(t, w.admin, w.group("member"), "groupOfNames", "member="+standing)
	add(t, w.admin, w.group("uniqueMember"), "groupOfUniqueNames", "uniqueMember="+standing)
	add(t, w.admin, w.group("memberUid"), "posixGroup", "gidNumber=7", "memberUid=standing")
	add(t, w.admin, "cn=by hand,"+w.under("curfew"), "groupOfNames", "member="+standing)
	return w
}

func (w *world) under(unit string) string { return w.name + ",ou=" + unit + "," + suffix }

func (w *world) vault() string { return "cn=vault," + w.under("vaults") }

// group is the world's group that keeps its members in an attribute; its name has what a DN must escape.
func (w *world) group(attribute string) string {
	return "cn=" + goldap.EscapeDN(`"ops", für `+strings.ToLower(attribute)+` + #1`) + "," + w.under("groups")
}

// add makes an entry; its first RDN gives it one attribute, and each text another.
func add(t testing.TB, admin *goldap.Conn, dn, classes string, attributes ...string) {
	t.Helper()
	parsed, err := goldap.ParseDN(dn)
	require.NoError(t, err)
	wanted := goldap.NewAddRequest(dn, nil)
	wanted.Attribute("objectClass", strings.Split(classes, ","))
	values := map[string][]string{}
	for _, naming := range parsed.RDNs[0].Attributes {
		values[naming.Type] = append(values[naming.Type], naming.Value)
	}
	for _, attribute := range attributes {
		name, value, _ := strings.Cut(attribute, "=")
		values[name] = append(values[name], value)
	}
	for name, all := range values {
		slices.Sort(all)
		wanted.Attribute(name, slices.Compact(all))
	}
	require.NoError(t, admin.Add(wanted), dn)
}

// change changes one attribute of an entry as an administrator would.
func (w *world) change(t testing.TB, dn string, change func(*goldap.ModifyRequest)) {
	t.Helper()
	request := goldap.NewModifyRequest(dn, nil)
	change(request)
	require.NoError(t, w.admin.Modify(request))
}

// person adds somebody with a login, and returns their DN.
func (w *world) person(t testing.TB, login string) string {
	t.Helper()
	dn := "uid=" + goldap.EscapeDN(login) + "," + w.under("people")
	add(t, w.admin, dn, "inetOrgPerson", "cn=Somebody", "sn=Somebody", "userPassword="+personPassword)
	return dn
}

func (w *world) login(t testing.TB) string {
	t.Helper()
	login := fmt.Sprintf("%s-%d", strings.TrimPrefix(w.name, "ou="), w.count.Add(1))
	w.person(t, login)
	return login
}

// can tells whether a person may read the vault at this moment.
func (w *world) can(t *testing.T, dn string) bool {
	t.Helper()
	conn := w.server.bind(t, dn, personPassword)
	defer conn.Close()
	found, err := conn.Search(
		goldap.NewSearchRequest(w.vault(), goldap.ScopeBaseObject, goldap.NeverDerefAliases, 0, 0, false,
			"(objectClass=*)", []string{"cn"}, nil),
	)
	return err == nil && len(found.Entries) == 1
}

// snapshot is all that the world's groups are, in order, but for one member.
func (w *world) snapshot(t *testing.T, except string) string {
	t.Helper()
	var lines []string
	for _, unit := range []string{"groups", "curfew"} {
		found, err := w.admin.Search(
			goldap.NewSearchRequest(w.under(unit), goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, 0, false,
				"(objectClass=*)", []string{"*", "entryExpireTimestamp"}, nil),
		)
		require.NoError(t, err)
		for _, entry := range found.Entries {
			if except != "" && entry.GetAttributeValue("entryExpireTimestamp") != "" &&
				sameName(entry.GetAttributeValue("member"), except) {
				continue
			}
			for _, attribute := range entry.Attributes {
				for _, value := range attribute.Values {
					if !strings.Contains(strings.ToLower(attribute.Name), "member") || !sameName(value, except) {
						lines = append(lines, entry.DN+" "+attribute.Name+": "+value)
					}
				}
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func sameName(value, name string) bool {
	one, err := goldap.ParseDN(value)
	other, otherErr := goldap.ParseDN(name)
	return value == name || err == nil && otherErr == nil && name != "" && one.EqualFold(other)
}

func (w *world) settings() ldap.Settings {
	return ldap.Settings{Server: ldap.Server{
		URL: w.server.url, BindDN: broker, Password: config.SecretOf(brokerPassword),
	}}
}

func (w *world) entrySettings() ldap.EntrySettings {
	return ldap.EntrySettings{Server: ldap.Server{
		URL: w.server.url, BindDN: broker, Password: config.SecretOf(brokerPassword),
	}, Container: "ou=curfew, " + suffix}
}

func (w *world) people() ldap.People { return ldap.People{Base: w.under("people"), Attribute: "uid"} }

func open(t testing.TB, settings target.Settings) target.Connector {
	t.Helper()
	connector, err := settings.Open()
	require.NoError(t, err)
	return connector
}

func (w *world) membership(t testing.TB, attribute string) json.RawMessage {
	t.Helper()
	return normalized(t, ldap.Kind(), "group", w.group(attribute))
}

func (w *world) place(t testing.TB) json.RawMessage {
	t.Helper()
	return normalized(t, ldap.EntryKind(), "groupsUnder", w.under("curfew"))
}

func normalized(t testing.TB, kind target.Kind, key, value string) json.RawMessage {
	t.Helper()
	written, err := json.Marshal(map[string]string{key: value})
	require.NoError(t, err)
	entitlement, err := kind.Normalize(written)
	require.NoError(t, err)
	return entitlement
}

func accessOf(entitlement json.RawMessage, account string) target.Access {
	key := contract.Access{Target: "directory", Entitlement: entitlement, Account: account}.Digest()
	return target.Access{Key: key, Entitlement: entitlement, Account: account}
}

func requireProblem(t *testing.T, err error, kind contract.Kind, parts ...string) *contract.Problem {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "not a problem: %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	for _, part := range parts {
		require.Contains(t, problem.Error(), part)
	}
	require.NotContains(t, problem.Error(), brokerPassword)
	return problem
}

// closedAddress is where nothing listens.
func closedAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}
