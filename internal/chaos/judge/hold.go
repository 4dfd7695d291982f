package judge

import (
	"slices"
	"time"

	"curfew/workflows/contract"
)

// hold is one request's right to one access: from when, until when, and how sure that is.
type hold struct {
	request string
	key     Key
	from    time.Time // nobody may have it before
	granted time.Time // the ledger says so; zero when it doesn't
	// until is the deadline, and longest the latest that it may be; they differ when an extension's fate is not known.
	until, longest time.Time
	early          time.Time // when somebody ended it early; zero when nobody did
	disturbed      time.Time // the first attempt to end it early, or to tamper with its workflows; zero when there was none
}

// end is when the access has to be gone, as far as this hold goes, and whether that is before its deadline.
func (h hold) end() (at time.Time, early bool) {
	if !h.early.IsZero() && h.early.Before(h.longest) {
		return h.early, true
	}
	return h.longest, false
}

// surely is until when the access has to be there.
func (h hold) surely() time.Time {
	if !h.disturbed.IsZero() && h.disturbed.Before(h.until) {
		return h.disturbed
	}
	return h.until
}

// holds are those of all requests that enough others have approved.
func holds(r Record) (found []hold) {
	for _, request := range r.Requests {
		from, decided := decidedAt(request, r.Said)
		if !decided {
			continue
		}
		for _, key := range request.Keys {
			h := hold{request: request.ID, key: key, from: from}
			h.times(request, r)
			found = append(found, h)
		}
	}
	slices.SortStableFunc(found, func(a, b hold) int { return a.from.Compare(b.from) })
	return found
}

// decidedAt is when the approval was sent that completed what a request needs. Approvals of the requester don't count,
// and those that were refused neither.
func decidedAt(request Request, said []Said) (time.Time, bool) {
	var by []string
	var sent []time.Time
	asked := time.Time{}
	for _, s := range said {
		switch {
		case s.Request != request.ID || s.Answer == Refused:
		case s.Act == ActAsk:
			asked = s.First
		case s.Act == ActApprove && s.By != request.Requester && !slices.Contains(by, s.By):
			by, sent = append(by, s.By), append(sent, s.First)
		}
	}
	slices.SortFunc(sent, time.Time.Compare)
	if asked.IsZero() || len(sent) < request.Needed {
		return time.Time{}, false
	}
	at := asked
	if request.Needed > 0 {
		at = sent[request.Needed-1]
	}
	if request.StartAt.After(at) {
		at = request.StartAt
	}
	return at, true
}

func (h *hold) times(request Request, r Record) {
	story := r.Stories[request.ID]
	over := time.Time{}
	for _, event := range story.Events {
		if event.Kind == contract.EventGranted {
			h.granted = event.At
		}
		if terminal(event.Kind) {
			over = event.At
		}
	}
	switch {
	case !h.granted.IsZero() && !story.Until.IsZero():
		h.until, h.longest = story.Until, story.Until.Add(untoldExtensions(request.ID, r))
	case !over.IsZero():
		h.until, h.longest = h.from, over // it was never granted: nothing has to be there, and afterwards nothing may
	default:
		h.until, h.longest = h.from, h.latest(request, r)
	}
	h.disturb(r.Said)
}

// untoldExtensions are those that were not refused, and that the ledger knows nothing of because its request's workflow
// was taken away from it.
func untoldExtensions(id string, r Record) time.Duration {
	if !tampered(id, r.Said) {
		return 0
	}
	told := 0
	for _, event := range r.Stories[id].Events {
		if event.Kind == contract.EventExtended {
			told++
		}
	}
	var untold time.Duration
	for _, s := range r.Said {
		if s.Request != id || s.Act != ActExtend || s.Answer == Refused {
			continue
		}
		if told > 0 {
			told--
			continue
		}
		untold += s.Duration
	}
	return untold
}

// latest is the end of access of which the ledger tells nothing: as long as was asked for after it was first seen.
func (h *hold) latest(request Request, r Record) time.Time {
	for _, p := range r.Presences {
		if p.Key == h.key && !p.From.Before(h.from) {
			return p.From.Add(request.Duration + extensions(request.ID, r.Said))
		}
	}
	return h.from
}

// extensions is how much longer a request may last, by all extensions that were not refused.
func extensions(id string, said []Said) (longer time.Duration) {
	for _, s := range said {
		if s.Request == id && s.Act == ActExtend && s.Answer != Refused {
			longer += s.Duration
		}
	}
	return longer
}

// disturb finds who has ended the hold early, or may have.
func (h *hold) disturb(said []Said) {
	for _, s := range said {
		ends := s.Request == h.request && (s.Act == ActRevoke || s.Act == ActSignalRevoke)
		tampers := s.Request == h.request && (tampering(s.Act) || s.Act == ActCancelWorkflow) ||
			slices.Contains(s.Keys, h.key)
		if s.Answer == Refused || !ends && !tampers {
			continue
		}
		if h.disturbed.IsZero() || s.First.Before(h.disturbed) {
			h.disturbed = s.First
		}
		if ends && s.Answer == Taken && (h.early.IsZero() || s.Sent.Before(h.early)) {
			h.early = s.Sent
		}
	}
}

// tampering is what a writer of the namespace does to a workflow, so that it can't tell its story to the end.
func tampering(act Act) bool { return act == ActTerminate || act == ActReset }

// Ends is true for a request that was taken in, and whose workflow nobody has taken away: its story has to have an end.
func Ends(id string, said []Said) bool {
	asked := slices.ContainsFunc(
		said,
		func(s Said) bool { return s.Request == id && s.Act == ActAsk && s.Answer == Taken },
	)
	return asked && !tampered(id, said)
}

func tampered(id string, said []Said) bool {
	return slices.ContainsFunc(said, func(s Said) bool {
		return s.Request == id && tampering(s.Act) && s.Answer != Refused
	})
}
