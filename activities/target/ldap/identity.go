package ldap

import (
	"encoding/json"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// attributeUUID names an entry for good, whatever its DN is by then (RFC 4530).
const attributeUUID = "entryUUID"

// context is the part of the directory that a DN lies in, by which the directory is known: its naming context. It is
// empty where the directory does not say, and then UUIDs are not looked for either.
func (l *link) context(dn *ldap.DN) (string, error) {
	if l.contexts == nil {
		found, err := l.Search(
			ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, anything,
				[]string{"namingContexts"}, nil),
		)
		var refused *ldap.Error
		switch {
		case err != nil && !isAnswer(err, &refused):
			return "", err
		case err != nil || len(found.Entries) == 0:
			l.contexts = []string{}
		default:
			l.contexts = append([]string{}, found.Entries[0].GetAttributeValues("namingContexts")...)
		}
	}
	for _, context := range l.contexts {
		if above, err := ldap.ParseDN(context); err == nil && within(above, dn) {
			return canonical(above), nil
		}
	}
	return "", nil
}

// uuidOf reads the UUID of the entry with a DN; empty when there is no such entry, or none that we may see.
func (l *link) uuidOf(dn string) (string, error) {
	found, err := l.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false,
		"("+attributeUUID+"=*)", []string{attributeUUID}, nil))
	var refused *ldap.Error
	switch {
	case err != nil && !isAnswer(err, &refused):
		return "", err
	case err != nil || len(found.Entries) == 0:
		return "", nil
	}
	return strings.ToLower(found.Entries[0].GetAttributeValue(attributeUUID)), nil
}

// withUUIDs finds entries by their UUIDs anywhere in a naming context, also after they were moved.
func (l *link) withUUIDs(context, attribute string, uuids ...string) (map[string]*ldap.Entry, error) {
	var filter strings.Builder
	for _, uuid := range uuids {
		filter.WriteString("(" + attributeUUID + "=" + ldap.EscapeFilter(uuid) + ")")
	}
	found, err := l.Search(
		ldap.NewSearchRequest(context, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, len(uuids), 0, false,
			"(|"+filter.String()+")", []string{attributeUUID, attribute}, nil),
	)
	if err != nil {
		return nil, err
	}
	entries := map[string]*ldap.Entry{}
	for _, entry := range found.Entries {
		entries[strings.ToLower(entry.GetAttributeValue(attributeUUID))] = entry
	}
	return entries, nil
}

// names are the UUIDs of a group and of its member, and what the group was given of the member.
type names struct {
	Group  string `json:"group"`
	Member string `json:"member"`
	Value  string `json:"value"`
}

func namesOf(id string) (known names, ok bool) {
	err := json.Unmarshal([]byte(id), &known)
	return known, err == nil && known.Group != "" && known.Member != "" && known.Value != ""
}

func (n names) id() string {
	text, _ := json.Marshal(n) // it is text alone
	return string(text)
}

// identify reads the UUIDs of a group and a person, and tries that both are found by them. Where they are not, the
// membership is known by name.
func (l *link) identify(context, group string, of person) (id string, err error) {
	if context == "" || of == (person{}) || l.nameless {
		return "", nil
	}
	known := names{Value: of.value}
	if known.Group, err = l.uuidOf(group); err == nil && known.Group != "" {
		known.Member, err = l.uuidOf(of.dn)
	}
	if err != nil || known.Group == "" || known.Member == "" {
		return "", err
	}
	found, err := l.withUUIDs(context, attributeUUID, known.Group, known.Member)
	var refused *ldap.Error
	if err != nil && !isAnswer(err, &refused) {
		return "", err
	}
	if found[known.Group] == nil || found[known.Member] == nil {
		l.nameless = true // for as long as this connection lasts
		return "", nil
	}
	return known.id(), nil
}
