package ldap

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

const (
	longestDN    = 1024 // in bytes
	longestLogin = 256  // in bytes
	shown        = 200  // how much of others' text an error shows, in bytes
)

// membership is the entitlement of the kind "ldap".
type membership struct {
	Group string `json:"group" doc:"the DN of the group, like cn=db-admins,ou=groups,dc=example,dc=org"`
}

// place is the entitlement of the kind "ldap-entry". Whoever guards the access takes the members of all groups there.
type place struct {
	GroupsUnder string `json:"groupsUnder" doc:"the DN under which Curfew makes groups, like ou=db-admins,ou=curfew,dc=example,dc=org"`
}

func normalizeMembership(written json.RawMessage) (json.RawMessage, error) {
	var wanted membership
	if err := target.DecodeEntitlement(written, &wanted); err != nil {
		return nil, err
	}
	group, err := parseDN("group", wanted.Group)
	if err != nil {
		return nil, err
	}
	return json.Marshal(membership{Group: canonical(group)})
}

func normalizePlace(written json.RawMessage) (json.RawMessage, error) {
	var wanted place
	if err := target.DecodeEntitlement(written, &wanted); err != nil {
		return nil, err
	}
	under, err := parseDN("groupsUnder", wanted.GroupsUnder)
	if err != nil {
		return nil, err
	}
	return json.Marshal(place{GroupsUnder: canonical(under)})
}

var typePattern = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+)$`)

// parseDN reads a DN that names an entry, so not the empty one.
func parseDN(field, text string) (*ldap.DN, error) {
	const fix = `write a DN like cn=db-admins,ou=groups,dc=example,dc=org, with a \ before a comma within a name`
	if text == "" {
		return nil, contract.Invalid("is missing or empty").At(field).Advise(fix)
	}
	wrong := contract.Invalid("%q is not a DN", contract.Shorten(text, shown)).At(field).Advise(fix)
	if len(text) > longestDN || !isText(text) {
		return nil, wrong
	}
	dn, err := ldap.ParseDN(text)
	if err != nil || len(dn.RDNs) == 0 {
		return nil, wrong
	}
	for _, rdn := range dn.RDNs {
		for _, part := range rdn.Attributes {
			if !typePattern.MatchString(part.Type) || strings.TrimSpace(part.Value) == "" || !isText(part.Value) {
				return nil, wrong
			}
		}
	}
	return dn, nil
}

// isText is true for a single line of UTF-8.
func isText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// caseless are the attributes of RFC 4514's own table: their values are the same in whatever case and spacing.
var caseless = []string{"cn", "l", "st", "o", "ou", "c", "street", "dc", "uid"}

// canonical writes a DN so that two spellings of the same name give the same text, as far as can be told without the
// directory's schema: otherwise two grants of one thing would not know of each other.
func canonical(dn *ldap.DN) string {
	names := make([]string, len(dn.RDNs))
	for i, rdn := range dn.RDNs {
		parts := make([]string, len(rdn.Attributes))
		for j, part := range rdn.Attributes {
			of, value := strings.ToLower(part.Type), part.Value
			if slices.Contains(caseless, of) {
				value = strings.ToLower(strings.Join(strings.Fields(value), " "))
			}
			parts[j] = of + "=" + ldap.EscapeDN(value)
		}
		slices.Sort(parts)
		names[i] = strings.Join(parts, "+")
	}
	return strings.Join(names, ",")
}

func within(container, dn *ldap.DN) bool {
	return container.EqualFold(dn) || container.AncestorOfFold(dn)
}
