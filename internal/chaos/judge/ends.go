package judge

import (
	"slices"
	"time"
)

// End is one access that had to end, and when it was seen to.
type End struct {
	Key      Key       `json:"key"`
	Requests []string  `json:"requests"`
	At       time.Time `json:"at"`
	Early    bool      `json:"early,omitempty"` // somebody ended it before its deadline
	// AtLeast is how late it surely was, AtMost when it was seen to be gone. Left is true when it never was.
	AtLeast time.Duration `json:"atLeast"`
	AtMost  time.Duration `json:"atMost"`
	Left    bool          `json:"left,omitempty"`
	Row     string        `json:"row"`
	Allowed time.Duration `json:"allowed"`
	Wrong   []string      `json:"wrong,omitempty"`
}

// Late is true when no bound allows it. What the quiet row allows is judged over all its ends; one alone may be as late
// as when a worker dies.
func (e End) Late() bool {
	if e.Row == RowQuiet {
		return e.Left || e.AtLeast > bounds[WorkerDied].late
	}
	return e.Left || e.AtLeast > e.Allowed
}

// segment is a stretch that holds cover without a gap.
type segment struct {
	key      Key
	requests []string
	from     time.Time
	end      time.Time
	early    bool
	next     time.Time // when the following segment of the same key begins; zero when there is none
}

// segments put the holds of each key together, in the order of their beginnings.
func segments(all []hold) (found []segment) {
	last := map[Key]int{}
	for _, h := range all {
		end, early := h.end()
		at, begun := last[h.key]
		if begun && !h.from.After(found[at].end) {
			s := &found[at]
			s.requests = append(s.requests, h.request)
			if end.After(s.end) {
				s.end, s.early = end, early
			}
			continue
		}
		if begun {
			found[at].next = h.from
		}
		last[h.key] = len(found)
		found = append(found, segment{key: h.key, requests: []string{h.request}, from: h.from, end: end, early: early})
	}
	return found
}

// ends measures every segment that was seen to be there until its end.
func ends(r Record, all []hold) (found []End) {
	for _, s := range segments(all) {
		if slices.Contains(r.Standing, s.key) {
			continue
		}
		p, seen := lastWithin(r.Presences, s)
		if !seen || !s.end.Before(r.To) || !p.GoneAt.IsZero() && p.GoneAt.Before(s.end) {
			continue // never given, not over yet, or gone before: others judge that
		}
		allowed := allow(s.key, s.end, s.early, r.Faults)
		e := End{
			Key: s.key, Requests: s.requests, At: s.end, Early: s.early, Row: allowed.row,
			Allowed: allowed.until.Sub(s.end), Wrong: allowed.wrong,
		}
		until := p.To
		if !s.next.IsZero() && s.next.Before(until) {
			until = s.next // from then on another request holds it up
		}
		e.AtLeast = max(0, until.Sub(s.end))
		switch {
		case !p.GoneAt.IsZero():
			e.AtMost = max(e.AtLeast, p.GoneAt.Sub(s.end))
		case !s.next.IsZero():
			e.AtMost = e.AtLeast
		default:
			e.AtMost, e.Left = e.AtLeast, e.AtLeast > e.Allowed
		}
		found = append(found, e)
	}
	return found
}

// lastWithin is the last presence of a segment's key that began before the next segment.
func lastWithin(presences []Presence, s segment) (found Presence, seen bool) {
	for _, p := range presences {
		if p.Key != s.key || p.To.Before(s.from) || !s.next.IsZero() && p.From.After(s.next) {
			continue
		}
		if !seen || p.From.After(found.From) {
			found, seen = p, true
		}
	}
	return found, seen
}

// Percentile is the nearest rank; zero of nothing.
func Percentile(late []time.Duration, percent int) time.Duration {
	if len(late) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(late))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}
