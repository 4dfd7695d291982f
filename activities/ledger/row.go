package ledger

import "curfew/workflows/contract"

// HoldingRow is what stores keep of a holding as text: they put the rest into columns as it is.
type HoldingRow struct {
	Leases, Uses, Proof      string
	Until, SettledAt, GoneAt Stamp
}

// RowOf writes a holding.
func RowOf(h Holding) (row HoldingRow, err error) {
	row.Until, row.SettledAt, row.GoneAt = Stamp{h.Until}, Stamp{h.SettledAt}, Stamp{h.GoneAt}
	if row.Leases, err = encode(h.Leases); err != nil {
		return HoldingRow{}, err
	}
	if row.Uses, err = encode(h.Uses); err != nil {
		return HoldingRow{}, err
	}
	if row.Proof, err = encode(h.Proof); err != nil {
		return HoldingRow{}, err
	}
	return row, nil
}

// Into reads what RowOf wrote into the holding.
func (r HoldingRow) Into(h *Holding) (err error) {
	h.Until, h.SettledAt, h.GoneAt = r.Until.Time, r.SettledAt.Time, r.GoneAt.Time
	if h.Leases, err = decodeLeases(r.Leases); err != nil {
		return err
	}
	if h.Uses, err = decodeUses(r.Uses); err != nil {
		return err
	}
	h.Proof, err = decodeProof(r.Proof)
	return err
}

// AlarmRow is what stores keep of an alarm as text.
type AlarmRow struct {
	At       Stamp
	Requests string
}

// Into reads it into the alarm.
func (r AlarmRow) Into(alarm *contract.Alarm) error {
	alarm.At = r.At.Time
	return decode(r.Requests, &alarm.Requests, "the requests of the alarm "+alarm.ID)
}
