package scim

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"curfew/activities/target"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const (
	longestID   = 256 // in bytes
	longestName = 512 // of users and groups, in bytes
)

// idPattern is what the ids of users and groups look like. It keeps them from leading to another path or filter.
var idPattern = regexp.MustCompile(`^[0-9A-Za-z._:@=+~|,$*!-]{1,256}$`)

// entitlement is membership in a group. The name is there for people, who could not tell one id from another; it is
// checked, so that what they approve is what is given. Its fields are in the order of canonical JSON.
type entitlement struct {
	DisplayName string `json:"displayName" doc:"the group's displayName, so that people see what they approve"`
	Group       string `json:"group" doc:"the group's id at the service, which its API tells"`
}

func normalize(written json.RawMessage) (json.RawMessage, error) {
	wanted, err := parse(written)
	if err != nil {
		return nil, err
	}
	return json.Marshal(wanted)
}

func parse(written json.RawMessage) (wanted entitlement, err error) {
	if err := target.DecodeEntitlement(written, &wanted); err != nil {
		return entitlement{}, err
	}
	if problem := checkName(
		"displayName",
		wanted.DisplayName,
		"write the group's displayName as the service has it",
	); problem != nil {
		return entitlement{}, problem
	}
	if problem := checkID("group", wanted.Group, "write the group's id as the service's API tells it"); problem != nil {
		return entitlement{}, problem
	}
	return wanted, nil
}

// groupOf is the group of an entitlement that was normalized.
func groupOf(entitlement json.RawMessage) string {
	wanted, _ := parse(entitlement) // it was read before
	return wanted.Group
}

// checkID finds what can be no id: it goes into paths and filters.
func checkID(field, id, fix string) *contract.Problem {
	switch {
	case id == "":
		return contract.Invalid("is empty").At(field).Advise(fix)
	case len(id) > longestID:
		return contract.Invalid("has %d bytes, more than %d", len(id), longestID).At(field).Advise(fix)
	case !isID(id):
		return contract.Invalid("%q is not an id", outbound.Clip(id)).At(field).Advise(fix)
	}
	return nil
}

func isID(text string) bool { return idPattern.MatchString(text) && text != "." && text != ".." }

func checkName(field, name, fix string) *contract.Problem {
	switch {
	case strings.TrimSpace(name) == "":
		return contract.Invalid("is empty").At(field).Advise(fix)
	case len(name) > longestName:
		return contract.Invalid("has %d bytes, more than %d", len(name), longestName).At(field).Advise(fix)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return contract.Invalid("%q is not plain text", outbound.Clip(name)).At(field).Advise(fix)
	}
	return nil
}
