package contract

import (
	"encoding/json"
	"fmt"
)

// RevokeSignal is the payload of the signal "revoke". Ending access early is obeyed whatever the payload looks like,
// so reading it never fails: a bare string is the reason, anything else that is no object is kept as text.
type RevokeSignal struct {
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// UnmarshalJSON reads any JSON.
func (s *RevokeSignal) UnmarshalJSON(data []byte) error {
	var loose any
	if err := json.Unmarshal(data, &loose); err != nil {
		s.Reason = string(data)
		return nil //nolint:nilerr // a revoke with a broken payload is still a revoke
	}
	fields, isObject := loose.(map[string]any)
	if !isObject {
		if loose != nil {
			s.Reason = fmt.Sprint(loose)
		}
		return nil
	}
	s.By, s.Reason = text(fields["by"]), text(fields["reason"])
	return nil
}

// ExtendSignal is the payload of the signal "extend". Nobody vouches for who sent it, so it becomes an extension that
// a reviewer must approve.
type ExtendSignal struct {
	By       string `json:"by,omitempty"`
	Duration string `json:"duration"`
	Reason   string `json:"reason,omitempty"`
}

func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}
