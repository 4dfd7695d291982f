package webhook

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"curfew/activities/target"
	"curfew/internal/outbound"
)

const (
	maxName       = 128 // in bytes
	maxAttributes = 20
	maxValue      = 256 // of an attribute, in bytes
)

var attributePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// entitlement is what the receiver gives, in words that only it understands. Its fields are in the order of canonical
// JSON.
type entitlement struct {
	Attributes map[string]string `json:"attributes,omitempty" doc:"what else the receiver must know, up to 20 texts by their names"`
	Name       string            `json:"name" doc:"what the receiver gives"`
}

func normalize(written json.RawMessage) (json.RawMessage, error) {
	var wanted entitlement
	if err := target.DecodeEntitlement(written, &wanted); err != nil {
		return nil, err
	}
	if err := checkText("name", wanted.Name, maxName); err != nil {
		return nil, err
	}
	if len(wanted.Attributes) > maxAttributes {
		return nil, invalid("attributes", fmt.Sprintf("keep to %d", maxAttributes), "has %d entries", len(wanted.Attributes))
	}
	for _, name := range slices.Sorted(maps.Keys(wanted.Attributes)) {
		if !attributePattern.MatchString(name) {
			return nil, invalid("attributes", "use up to 64 letters, digits, _ and -, and begin with a letter",
				"%q is no name of an attribute", outbound.Clip(name))
		}
		if err := checkText("attributes."+name, wanted.Attributes[name], maxValue); err != nil {
			return nil, err
		}
	}
	canonical, err := json.Marshal(wanted)
	if err != nil {
		return nil, fmt.Errorf("write the entitlement: %w", err)
	}
	return canonical, nil
}

// checkText keeps to texts that have one spelling: two that look alike would be two grants of one thing.
func checkText(field, text string, limit int) error {
	switch {
	case text == "":
		return invalid(field, "fill it in or take it out", "is empty")
	case len(text) > limit:
		return invalid(field, fmt.Sprintf("use at most %d bytes", limit), "has %d bytes", len(text))
	case !oneLine(text):
		return invalid(field, "write it as one line of text", "has control characters")
	case strings.TrimSpace(text) != text:
		return invalid(field, "take them off", "begins or ends with spaces")
	default:
		return nil
	}
}
