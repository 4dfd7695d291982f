package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Access is one entitlement for one subject on one target, with everything that is needed to take it away again:
// a later change of the configuration or the directory can't make it irrevocable.
type Access struct {
	Target string `json:"target"`
	// Entitlement is in the words of the target's kind, as canonical JSON (sorted keys).
	Entitlement json.RawMessage `json:"entitlement"`
	// Person is the subject's opaque id in the directory.
	Person string `json:"person"`
	// Account is the subject's name on the target, as the directory had it when the request was made.
	Account string `json:"account"`
	// TaskQueue names the workers that reach the target, as the configuration does; empty for those that serve every
	// other target. It says how to get there, and is no part of what the access is.
	TaskQueue string `json:"taskQueue,omitempty"`
	// ReadBack is ReadBackNone where the template accepts that nobody can see the access go. It is no part of what the
	// access is.
	ReadBack ReadBack `json:"readBack,omitempty"`
}

// ReadBack says how access is seen to be gone.
type ReadBack string

// ReadBackNone accepts that the target shows no proof. Access is removed all the same; that it is gone is not claimed.
const ReadBackNone ReadBack = "none"

// Digest identifies the entitlement and the account that holds it; 128 bits in hex, so that it fits into names at
// targets.
func (a Access) Digest() string {
	// encoding/json escapes <, > and & within a RawMessage when it is sent, so the escaped form is the one that stays.
	var entitlement bytes.Buffer
	json.HTMLEscape(&entitlement, a.Entitlement)
	hash := sha256.New()
	for _, part := range [][]byte{[]byte(a.Target), entitlement.Bytes(), []byte(a.Account)} {
		fmt.Fprintf(hash, "%d:%s", len(part), part) // with its length, so that no two accesses read the same
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// GrantID is the id of the one curfew.Grant that touches the target for this access, and the key of its holding.
func (a Access) GrantID() string { return GrantIDPrefix(a.Target, a.Digest()) + a.Person }

// GrantIDPrefix is how the id of the grant of an access begins, whoever the person is.
func GrantIDPrefix(target, digest string) string {
	return grantWorkflowStart + target + "/" + digest + "/"
}

// TargetTaskQueue is the task queue of the workers that the configuration calls by a name; empty for Curfew's own.
func TargetTaskQueue(name string) string {
	if name == "" {
		return TaskQueue
	}
	return TaskQueue + "/" + name
}

// IsGrantID is true for what has the form of a grant's id.
func IsGrantID(id string) bool {
	return strings.HasPrefix(id, grantWorkflowStart) &&
		strings.Count(id, "/") == strings.Count(GrantIDPrefix("", ""), "/")
}

// RequestWorkflowID is the id of the curfew.Request workflow of a request.
func RequestWorkflowID(request string) string { return requestWorkflowStart + request }

// RequestOfWorkflow is the request that a workflow's id names; false when it is none of a request's.
func RequestOfWorkflow(id string) (string, bool) { return strings.CutPrefix(id, requestWorkflowStart) }

// Lease is one request's hold on one grant.
type Lease struct {
	Request string    `json:"request"`
	Until   time.Time `json:"until"`
	// KeepSessions leaves the subject's open sessions alone when the access ends.
	KeepSessions bool `json:"keepSessions,omitempty"`
	// Reference is what the target may show beside the access: the ticket or incident.
	Reference string `json:"reference,omitempty"`
	// DriftCheckInterval is how often the target is looked at while the access is live; zero for never.
	DriftCheckInterval Duration `json:"driftCheckInterval,omitzero"`
	// Restore gives the access again when somebody else took it away.
	Restore bool `json:"restore,omitempty"`
	// ReadBack is that of the access, as the lease's template says.
	ReadBack ReadBack `json:"readBack,omitempty"`
}

// Leases holds up one grant; one lease for each request.
type Leases []Lease

// End is when the last lease ends; the zero time when there is none.
func (l Leases) End() time.Time {
	var end time.Time
	for _, lease := range l {
		if lease.Until.After(end) {
			end = lease.Until
		}
	}
	return end
}

// Last is the request whose lease ends last; empty without leases.
func (l Leases) Last() string {
	for _, lease := range l {
		if lease.Until.Equal(l.End()) {
			return lease.Request
		}
	}
	return ""
}

// Find returns the lease of a request.
func (l Leases) Find(request string) (Lease, bool) {
	for _, lease := range l {
		if lease.Request == request {
			return lease, true
		}
	}
	return Lease{}, false
}

// With returns the leases with this one added, or put in the place of its request's former one.
func (l Leases) With(lease Lease) Leases {
	return append(l.Without(lease.Request), lease)
}

// Without returns the leases of all other requests.
func (l Leases) Without(request string) Leases {
	return slices.DeleteFunc(slices.Clone(l), func(lease Lease) bool { return lease.Request == request })
}

// Live returns the leases that go on after an instant.
func (l Leases) Live(at time.Time) Leases {
	return slices.DeleteFunc(slices.Clone(l), func(lease Lease) bool { return !lease.Until.After(at) })
}

// DriftCheckInterval is the shortest time between looks that a lease asks for; zero when none does.
func (l Leases) DriftCheckInterval() time.Duration {
	var shortest time.Duration
	for _, lease := range l {
		if every := lease.DriftCheckInterval.Duration; every > 0 && (shortest == 0 || every < shortest) {
			shortest = every
		}
	}
	return shortest
}

// Restore is true when a lease asks for it.
func (l Leases) Restore() bool {
	return slices.ContainsFunc(l, func(lease Lease) bool { return lease.Restore })
}

// Requests are the ids of the requests that hold the leases.
func (l Leases) Requests() []string {
	requests := make([]string, len(l))
	for i, lease := range l {
		requests[i] = lease.Request
	}
	return requests
}

// KeepSessions is true when every lease asks to leave sessions alone.
func (l Leases) KeepSessions() bool {
	return len(l) > 0 && !slices.ContainsFunc(l, func(lease Lease) bool { return !lease.KeepSessions })
}

// Unread is true when every lease accepts that nobody can see the access go.
func (l Leases) Unread() bool {
	return len(l) > 0 && !slices.ContainsFunc(l, func(lease Lease) bool { return lease.ReadBack != ReadBackNone })
}
