package ssh

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

const (
	mostOpenings = 5000
	// mostCertificates is for one access; mostRecorded for all, revoked ones included.
	mostCertificates = 100
	mostRecorded     = 20_000
	// remembered is how long a certificate is kept in mind after its end, for hosts whose clocks are late.
	remembered = 24 * time.Hour
)

// record is what an authority has given and what it has taken back. Its methods are pure; store keeps it.
type record struct {
	// ID differs from every other record's. The list of revoked certificates carries it too.
	ID string `json:"id"`
	// CA is the fingerprint of the authority that everything here was signed by.
	CA       string              `json:"ca"`
	List     edition             `json:"list"`
	Openings map[string]*opening `json:"openings"` // by the access's key
}

// edition numbers the lists of revoked certificates.
type edition struct {
	Version uint64    `json:"version"`
	MadeAt  time.Time `json:"madeAt"`
}

// opening is one access, from its first grant until none of its certificates can matter any more.
type opening struct {
	Account      string          `json:"account"`
	Entitlement  json.RawMessage `json:"entitlement"`
	Reference    string          `json:"reference,omitempty"`
	Until        time.Time       `json:"until,omitzero"` // zero when it is closed
	Certificates []certificate   `json:"certificates,omitempty"`
}

// certificate is one that was issued.
type certificate struct {
	Serial  uint64    `json:"serial,string"` // in quotes, for programs that read numbers as floating-point
	Until   time.Time `json:"until"`
	Revoked bool      `json:"revoked,omitempty"`
}

func newRecord(ca string, now time.Time) *record {
	return &record{
		ID:       rand.Text(),
		CA:       ca,
		List:     edition{Version: 1, MadeAt: now.UTC().Truncate(time.Second)},
		Openings: map[string]*opening{},
	}
}

// isOpen is true while certificates may be issued.
func (o *opening) isOpen(now time.Time) bool { return o != nil && o.Until.After(now) }

// worksUntil is when the last thing ends that lets the subject in: the opening itself, or a certificate from before its
// end was moved to be earlier. It is zero when nothing does.
func (o *opening) worksUntil(now time.Time) time.Time {
	var end time.Time
	if o == nil {
		return end
	}
	if o.isOpen(now) {
		end = o.Until
	}
	for _, issued := range o.Certificates {
		if !issued.Revoked && issued.Until.After(now) && issued.Until.After(end) {
			end = issued.Until
		}
	}
	return end
}

// open opens an access or moves its end.
func (r *record) open(access target.Access, now time.Time) (target.Granted, error) {
	found := r.Openings[access.Key]
	if found.isOpen(now) && found.Until.Equal(access.Until) {
		return target.AlreadyThere, nil
	}
	r.forget(now)
	if found == nil {
		if len(r.Openings) >= mostOpenings {
			return "", contract.Capacity("the authority keeps %d accesses already", len(r.Openings)).
				Advise("wait until others have ended, or make a second target")
		}
		found = &opening{}
	}
	r.Openings[access.Key] = found
	found.Account, found.Entitlement, found.Reference, found.Until = access.Account, access.Entitlement, access.Reference, access.Until.UTC()
	return target.AccessGranted, nil
}

// close closes an access and revokes all that was issued for it, also what has just run out: a host's clock may be
// late.
func (r *record) close(key string, now time.Time) target.Revoked {
	found := r.Openings[key]
	worked := !found.worksUntil(now).IsZero()
	if found != nil {
		found.Until = time.Time{}
		for i := range found.Certificates {
			found.Certificates[i].Revoked = true
		}
	}
	r.forget(now)
	if worked {
		return target.AccessRevoked
	}
	return target.AlreadyAbsent
}

// issuable finds the opening that a certificate may be issued for.
func (r *record) issuable(access target.Access, now time.Time) (*opening, error) {
	r.forget(now)
	found := r.Openings[access.Key]
	if !found.isOpen(now) || found.Account != access.Account {
		return nil, contract.Conflict("%.200q has no open access here", access.Account).
			Advise("request it, and ask again when it is granted")
	}
	recorded := 0
	for _, other := range r.Openings {
		recorded += len(other.Certificates)
	}
	if len(found.Certificates) >= mostCertificates || recorded >= mostRecorded {
		return nil, contract.Capacity("%d certificates of this access are kept, %d in all", len(found.Certificates), recorded).
			Advise("use one that was issued before")
	}
	return found, nil
}

// forget drops what can't matter any more.
func (r *record) forget(now time.Time) {
	for key, found := range r.Openings {
		found.Certificates = slices.DeleteFunc(found.Certificates, func(issued certificate) bool {
			return now.After(issued.Until.Add(remembered))
		})
		if len(found.Certificates) == 0 && !found.isOpen(now) {
			delete(r.Openings, key)
		}
	}
}

// revoked are the serial numbers that hosts must refuse, in their order.
func (r *record) revoked() []uint64 {
	var serials []uint64
	for _, found := range r.Openings {
		for _, issued := range found.Certificates {
			if issued.Revoked {
				serials = append(serials, issued.Serial)
			}
		}
	}
	slices.Sort(serials)
	return serials
}
