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
	"curfew/workflows/contract"
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
		return nil, contract.Invalid("has %d entries", len(wanted.Attributes)).
			At("attributes").
			Advise(fmt.Sprintf("keep to %d", maxAttributes))
	}
	for _, name := range slices.Sorted(maps.Keys(wanted.Attributes)) {
		if !attributePattern.MatchString(name) {
			return nil, contract.Invalid("%q is no name of an attribute", outbound.Clip(name)).
				At("attributes").
				Advise("use up to 64 letters, digits, _ and -, and begin with a letter")
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
		return contract.Invalid("is empty").At(field).Advise("fill it in or take it out")
	case len(text) > limit:
		return contract.Invalid("has %d bytes", len(text)).At(field).Advise(fmt.Sprintf("use at most %d bytes", limit))
	case !oneLine(text):
		return contract.Invalid("has control characters").At(field).Advise("write it as one line of text")
	case strings.TrimSpace(text) != text:
		return contract.Invalid("begins or ends with spaces").At(field).Advise("take them off")
	default:
		return nil
	}
}
