package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"curfew/workflows/contract"
)

// EncodeStatus is the JSON that stores keep of a status. The bytes of entitlements stay as they are: the ids of grants
// are digests of them.
func EncodeStatus(status contract.Status) (string, error) { return encode(status) }

// DecodeStatus reads what EncodeStatus wrote, with all times in UTC.
func DecodeStatus(text string) (contract.Status, error) {
	var status contract.Status
	if err := decode(text, &status, "a status"); err != nil {
		return contract.Status{}, err
	}
	times := []*time.Time{
		&status.AskedAt,
		status.StartAt,
		status.ContinuousSince,
		status.ReviewDue,
		status.DecideBy,
		status.GrantedAt,
		status.Until,
		status.EndedAt,
	}
	if status.PostReview != nil {
		times = append(times, &status.PostReview.At)
	}
	if status.Ending != nil {
		times = append(times, &status.Ending.At)
	}
	for i := range status.Reviews {
		times = append(times, &status.Reviews[i].At)
	}
	if status.Extension != nil {
		times = append(times, &status.Extension.At)
	}
	for i := range status.Holds {
		times = append(times, status.Holds[i].GoneAt, status.Holds[i].RemovedAt)
	}
	for _, at := range times {
		if at != nil {
			*at = at.UTC()
		}
	}
	return status, nil
}

// decodeLeases reads leases, with all times in UTC.
func decodeLeases(text string) (contract.Leases, error) {
	var leases contract.Leases
	if err := decode(text, &leases, "leases"); err != nil {
		return nil, err
	}
	for i := range leases {
		leases[i].Until = leases[i].Until.UTC()
	}
	return leases, nil
}

// EncodeAccess is the JSON that a store may keep of a holding's access. The entitlement keeps its bytes.
func EncodeAccess(access contract.Access) (string, error) { return encode(access) }

// DecodeAccess reads what EncodeAccess wrote.
func DecodeAccess(text string) (contract.Access, error) {
	var access contract.Access
	if err := decode(text, &access, "an access"); err != nil {
		return contract.Access{}, err
	}
	if string(access.Entitlement) == "null" {
		access.Entitlement = nil
	}
	return access, nil
}

// encode writes JSON as json.Marshal does, except that it leaves <, > and & alone.
func encode(value any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("write %T for the ledger: %w", value, err)
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}

func decode(text string, value any, what string) error {
	if err := json.Unmarshal([]byte(text), value); err != nil {
		return fmt.Errorf("read %s that the ledger keeps: %w", what, err)
	}
	return nil
}
