package lightrun

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

const (
	maxName  = 128 // of a pool's id or a role, in bytes
	maxRoles = 10
)

// defaultRole is given when a template names none.
const defaultRole = "Standard"

// entitlement is roles on agent pools. Its fields are in the order of canonical JSON.
type entitlement struct {
	AgentPoolIDs []string `json:"agentPoolIds" doc:"1 to 20 ids of agent pools"`
	Roles        []string `json:"roles,omitempty" doc:"1 to 10 roles on them; Standard when left out"`
}

func normalize(written json.RawMessage) (json.RawMessage, error) {
	wanted, err := parse(written)
	if err != nil {
		return nil, err
	}
	canonical, err := json.Marshal(wanted)
	if err != nil {
		return nil, fmt.Errorf("write the entitlement: %w", err)
	}
	return canonical, nil
}

func parse(written json.RawMessage) (entitlement, error) {
	var wanted entitlement
	if err := target.DecodeEntitlement(written, &wanted); err != nil {
		return entitlement{}, err
	}
	if wanted.Roles == nil {
		wanted.Roles = []string{defaultRole}
	}
	pools, err := names("agentPoolIds", wanted.AgentPoolIDs, maxPools)
	if err != nil {
		return entitlement{}, err
	}
	roles, err := names("roles", wanted.Roles, maxRoles)
	return entitlement{AgentPoolIDs: pools, Roles: roles}, err
}

// names wants 1 to limit different names and returns them trimmed and sorted.
func names(field string, list []string, limit int) ([]string, error) {
	fix := fmt.Sprintf("list 1 to %d", limit)
	for i, name := range list {
		list[i] = strings.TrimSpace(name)
		switch {
		case list[i] == "":
			return nil, contract.Invalid("entry %d is empty", i+1).At(field).Advise("remove it or fill it in")
		case len(name) > maxName:
			return nil, contract.Invalid("entry %d is too long", i+1).
				At(field).
				Advise(fmt.Sprintf("use at most %d bytes", maxName))
		case strings.ContainsFunc(list[i], unicode.IsControl):
			return nil, contract.Invalid("entry %d has control characters", i+1).At(field).Advise("remove them")
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	switch {
	case len(list) == 0:
		return nil, contract.Invalid("is empty").At(field).Advise(fix)
	case len(list) > limit:
		return nil, contract.Invalid("has %d different entries", len(list)).At(field).Advise(fix)
	}
	return list, nil
}
