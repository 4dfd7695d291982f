package lightrun

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"curfew/activities/target"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// groupEntitlement is membership in a group. It is known by its id alone: a name can be given to another group, and two
// spellings of one membership would be two grants that end each other.
type groupEntitlement struct {
	GroupID string `json:"groupId" doc:"the id of a group, like 6f1c2d1e-7a53-4a63-9d0c-0d6f5d0a7f11"`
}

func normalizeGroup(written json.RawMessage) (json.RawMessage, error) {
	group, err := groupOf(written)
	if err != nil {
		return nil, err
	}
	canonical, err := json.Marshal(groupEntitlement{group})
	if err != nil {
		return nil, fmt.Errorf("write the entitlement: %w", err)
	}
	return canonical, nil
}

// groupOf reads the group's id, in its one spelling. It can stand in a path as it is.
func groupOf(written json.RawMessage) (string, error) {
	var wanted groupEntitlement
	if err := target.DecodeEntitlement(written, &wanted); err != nil {
		return "", err
	}
	const asText = 36 // uuid.Parse takes other forms as well
	id, err := uuid.Parse(strings.TrimSpace(wanted.GroupID))
	if err != nil || len(strings.TrimSpace(wanted.GroupID)) != asText {
		return "", contract.Invalid("%q is not the id of a group", outbound.Clip(wanted.GroupID)).
			At("groupId").
			Advise("write the group's id, like 6f1c2d1e-7a53-4a63-9d0c-0d6f5d0a7f11; not its name")
	}
	return id.String(), nil
}
