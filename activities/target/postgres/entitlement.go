package postgres

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// longestName is in bytes. PostgreSQL would cut a longer name, and mean another role.
const longestName = 63

// Whoever is in one of these can become the server's operating system user, and stay.
var predefinedDangers = []string{"pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"}

// entitlement is membership in a role.
type entitlement struct {
	Role string `json:"role" doc:"the role whose membership is given"`
	// OwnsObjects says that the role's members can give on what it owns, and that this is known.
	OwnsObjects bool `json:"ownsObjects,omitempty" doc:"the role owns objects or may grant privileges on, which members can give to others for good, and that is known"`
}

func normalize(written json.RawMessage) (json.RawMessage, error) {
	var wanted entitlement
	if err := target.DecodeEntitlement(written, &wanted); err != nil {
		return nil, err
	}
	if problem := checkName("role", wanted.Role); problem != nil {
		return nil, problem
	}
	if slices.Contains(predefinedDangers, wanted.Role) {
		return nil, contract.Invalid("%s lets its members take over the server, so the access could not be taken away", wanted.Role).
			At("role").
			Advise("name a role with just the privileges that are needed")
	}
	return json.Marshal(wanted)
}

// roleOf is the role of an entitlement that was normalized.
func roleOf(entitlement json.RawMessage) string {
	var wanted struct {
		Role string `json:"role"`
	}
	_ = json.Unmarshal(entitlement, &wanted) // it was read before
	return wanted.Role
}

// checkName finds what no role can be called.
func checkName(field, name string) *contract.Problem {
	switch {
	case name == "":
		return contract.Invalid("empty").At(field).Advise("name a role of the server")
	case len(name) > longestName:
		return contract.Invalid("%q has %d bytes, but names in PostgreSQL have at most %d", name, len(name), longestName).
			At(field).
			Advise("name a role of the server")
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return contract.Invalid("%q is not UTF-8 text", name).At(field).Advise("name a role of the server")
	default:
		return nil
	}
}

// membership is what a connector is asked about, checked.
type membership struct {
	role, account string
	known         bool // that members can give on what the role owns
}

func membershipOf(access target.Access) (membership, error) {
	var wanted entitlement
	if err := json.Unmarshal(access.Entitlement, &wanted); err != nil {
		return membership{}, contract.Invalid("not an entitlement of the kind postgres").
			At("role").
			Advise("write it like role: reporting")
	}
	for field, name := range map[string]string{"role": wanted.Role, "account": access.Account} {
		if problem := checkName(field, name); problem != nil {
			return membership{}, problem
		}
	}
	return membership{role: wanted.Role, account: access.Account, known: wanted.OwnsObjects}, nil
}
