package webhook

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"curfew/activities/target"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// What a message asks for.
const (
	typeGrant    = "access.grant"
	typeRevoke   = "access.revoke"
	typeInspect  = "access.inspect"
	typeCheck    = "access.check"
	typeSessions = "access.endSessions"
	typeList     = "access.list"
	typeRemove   = "access.remove"
)

const (
	maxAccount   = 256 // in bytes
	maxReference = 128 // in bytes
)

var keyPattern = regexp.MustCompile(`^[0-9a-f]{32}$`)

// message is the body of a call. Which fields are set depends on the type.
type message struct {
	Type        string          `json:"type"`
	Key         string          `json:"key,omitempty"`
	Account     string          `json:"account,omitempty"`
	Entitlement json.RawMessage `json:"entitlement,omitempty"`
	Until       time.Time       `json:"until,omitzero"`
	Reference   string          `json:"reference,omitempty"`
	After       string          `json:"after,omitempty"` // the last key that was listed
}

// about asks something about an access, once what it names has been checked.
func about(what string, access target.Access) (message, error) {
	if !keyPattern.MatchString(access.Key) {
		return message{}, contract.Internal("%q is not the key of a grant", outbound.Clip(access.Key))
	}
	if !validAccount(access.Account) {
		return message{}, contract.Invalid("%q is no name of an account", outbound.Clip(access.Account)).
			At("account").
			Advise("give the person the name that the receiver knows, of 1 to 256 bytes")
	}
	canonical, err := normalize(access.Entitlement)
	if err != nil {
		return message{}, err
	}
	return message{Type: what, Key: access.Key, Account: access.Account, Entitlement: canonical}, nil
}

func validAccount(name string) bool { return name != "" && len(name) <= maxAccount && oneLine(name) }

// oneLine is true for text that is the same everywhere: UTF-8 without control characters.
func oneLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
