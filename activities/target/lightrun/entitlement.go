package lightrun

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"curfew/workflows/contract"
)

const (
	maxEntitlement = 16 << 10 // in bytes
	maxName        = 128      // of a pool's id or a role, in bytes
	maxRoles       = 10
)

// entitlement is roles on agent pools. Its fields are in the order of canonical JSON.
type entitlement struct {
	AgentPoolIDs []string `json:"agentPoolIds"`
	Roles        []string `json:"roles"`
}

func normalize(raw json.RawMessage) (json.RawMessage, error) {
	parsed, err := parse(raw)
	if err != nil {
		return nil, err
	}
	canonical, err := json.Marshal(parsed)
	if err != nil {
		return nil, fmt.Errorf("write the entitlement: %w", err)
	}
	return canonical, nil
}

func parse(raw json.RawMessage) (entitlement, error) {
	if len(raw) > maxEntitlement {
		return entitlement{}, invalid("", fmt.Sprintf("keep it below %d KiB", maxEntitlement>>10), "the entitlement is too large")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return entitlement{}, invalid("", "write agentPoolIds and, if need be, roles", "the entitlement is not an object")
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if key != "agentPoolIds" && key != "roles" {
			return entitlement{}, invalid(clip(key), "an entitlement has agentPoolIds and roles", "is unknown")
		}
	}
	if fields["roles"] == nil {
		fields["roles"] = json.RawMessage(`["Standard"]`)
	}
	pools, err := names("agentPoolIds", fields["agentPoolIds"], maxPools)
	if err != nil {
		return entitlement{}, err
	}
	roles, err := names("roles", fields["roles"], maxRoles)
	return entitlement{AgentPoolIDs: pools, Roles: roles}, err
}

// names reads a list of 1 to limit different names and returns it trimmed and sorted.
func names(field string, raw json.RawMessage, limit int) ([]string, error) {
	fix := fmt.Sprintf("list 1 to %d", limit)
	var list []string
	if raw != nil && json.Unmarshal(raw, &list) != nil {
		return nil, invalid(field, fix, "is not a list of texts")
	}
	for i, name := range list {
		list[i] = strings.TrimSpace(name)
		switch {
		case list[i] == "":
			return nil, invalid(field, "remove it or fill it in", "entry %d is empty", i+1)
		case len(name) > maxName:
			return nil, invalid(field, fmt.Sprintf("use at most %d bytes", maxName), "entry %d is too long", i+1)
		case strings.ContainsFunc(list[i], unicode.IsControl):
			return nil, invalid(field, "remove them", "entry %d has control characters", i+1)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	switch {
	case len(list) == 0:
		return nil, invalid(field, fix, "is missing or empty")
	case len(list) > limit:
		return nil, invalid(field, fix, "has %d different entries", len(list))
	}
	return list, nil
}

func invalid(field, fix, fault string, args ...any) error {
	return contract.Problemf(contract.KindInvalid, field, fix, fault, args...)
}
