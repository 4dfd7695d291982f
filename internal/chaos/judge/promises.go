package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"curfew/workflows/contract"
)

// Violation is a promise that was broken.
type Violation struct {
	Promise string    `json:"promise"` // P1 to P9
	Request string    `json:"request,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Text    string    `json:"text"`
}

// Verdict is the judgement.
type Verdict struct {
	Ends       []End          `json:"ends"`
	Violations []Violation    `json:"violations"`
	Checked    map[string]int `json:"checked"` // how many things were held against each promise
}

// Quiet are the ends at their deadline with nothing wrong within 20 s before it.
func (v Verdict) Quiet() int {
	return len(v.late(RowQuiet))
}

// late is how late the ends of a row were, at least.
func (v Verdict) late(row string) (late []time.Duration) {
	for _, e := range v.Ends {
		if e.Row == row {
			late = append(late, e.AtLeast)
		}
	}
	return late
}

// Judge holds a record against all promises.
func Judge(r Record) Verdict {
	all := holds(r)
	c := &judgement{Record: r, holds: all, verdict: Verdict{Ends: ends(r, all), Checked: map[string]int{}}}
	c.noAccessWithoutADecision()
	c.accessEndsOnTime()
	c.goneIsGone()
	c.accessIsThereWhileHeldUp()
	c.standingAccessStays()
	c.nobodyDecidesForThemselves()
	c.nobodyForges()
	c.theRecordIsComplete()
	c.badInputIsExplained()
	return c.verdict
}

// judgement is one judgement under way.
type judgement struct {
	Record
	holds   []hold
	verdict Verdict
}

func (c *judgement) checked(promise string) { c.verdict.Checked[promise]++ }

func (c *judgement) broken(promise, request string, at time.Time, format string, args ...any) {
	c.verdict.Violations = append(c.verdict.Violations, Violation{promise, request, at, fmt.Sprintf(format, args...)})
}

// of are the holds of a key.
func (c *judgement) of(key Key) (found []hold) {
	for _, h := range c.holds {
		if h.key == key {
			found = append(found, h)
		}
	}
	return found
}

// P1: whatever is seen was approved before, by as many others as it takes.
func (c *judgement) noAccessWithoutADecision() {
	for _, p := range c.Presences {
		if slices.Contains(c.Standing, p.Key) || slices.Contains(c.Forbidden, p.Key) {
			continue
		}
		c.checked("P1")
		decided := slices.DeleteFunc(c.of(p.Key), func(h hold) bool { return h.from.After(p.From) })
		if len(decided) == 0 {
			c.broken("P1", "", p.From, "%s was seen, and nobody had approved it before", p.Key)
			continue
		}
		if !slices.ContainsFunc(decided, func(h hold) bool { end, _ := h.end(); return !end.Before(p.AbsentAt) }) {
			c.broken("P3", decided[len(decided)-1].request, p.From, "%s came back after its end", p.Key)
			continue
		}
		c.approvedInTheLedger(p, decided)
	}
}

// approvedInTheLedger is P8 where it decides: the ledger has taken the approval before the grant call.
func (c *judgement) approvedInTheLedger(p Presence, decided []hold) {
	c.checked("P8")
	unknown := func(h hold) bool { at, looked := c.Unapproved[h.request]; return looked && !at.Before(p.From) }
	if !slices.ContainsFunc(decided, func(h hold) bool { return !unknown(h) }) {
		c.broken("P8", decided[0].request, p.From, "%s was seen, and the ledger had not taken the approval yet", p.Key)
	}
}

// P2: access ends on time, and no later than what was asked for.
func (c *judgement) accessEndsOnTime() {
	for _, e := range c.verdict.Ends {
		c.checked("P2")
		switch {
		case e.Left:
			c.broken(
				"P2",
				strings.Join(e.Requests, " "),
				e.At,
				"%s is still there at the end, %s late; wrong was: %s",
				e.Key,
				seconds(e.AtLeast),
				words(e.Wrong),
			)
		case e.Late():
			c.broken(
				"P2",
				strings.Join(e.Requests, " "),
				e.At,
				"%s was there %s after its end, %s are allowed; wrong was: %s",
				e.Key,
				seconds(e.AtLeast),
				seconds(e.Allowed),
				words(e.Wrong),
			)
		}
	}
	c.quietEndsAreOnTime()
	for _, request := range c.Requests {
		c.lastsNoLonger(request)
	}
}

const (
	// slack is for what a request's clock may begin later than the event that tells of it.
	slack = 2 * time.Second
	// early is how long before its end an access may be gone: clocks of one machine agree to less.
	early = 100 * time.Millisecond
	// stamp is how much earlier than it was an access may be said to be gone: workers go by when Temporal says that
	// they began, and hear of it a moment later.
	stamp = 500 * time.Millisecond
)

func (c *judgement) quietEndsAreOnTime() {
	p99 := Percentile(c.verdict.late(RowQuiet), 99)
	if p99 <= QuietBound {
		return
	}
	var late []string
	for _, e := range c.verdict.Ends {
		if e.Row == RowQuiet && e.AtLeast > QuietBound {
			late = append(late, fmt.Sprintf("%s (%s) %s", e.Key, strings.Join(e.Requests, " "), seconds(e.AtLeast)))
		}
	}
	c.broken(
		"P2",
		"",
		time.Time{},
		"with nothing wrong, 99 of 100 accesses end within %s, and %s are allowed; late were: %s",
		seconds(p99),
		seconds(QuietBound),
		strings.Join(late, ", "),
	)
}

func (c *judgement) lastsNoLonger(request Request) {
	story := c.Stories[request.ID]
	for _, event := range story.Events {
		if event.Kind != contract.EventGranted || story.Until.IsZero() {
			continue
		}
		c.checked("P2")
		longest := event.At.Add(request.Duration + extensions(request.ID, c.Said) + slack)
		if story.Until.After(longest) {
			promise := "P2"
			if tampered(request.ID, c.Said) {
				promise = "P7"
			}
			c.broken(
				promise,
				request.ID,
				story.Until,
				"its end is %s later than anybody has allowed",
				seconds(story.Until.Sub(longest)),
			)
		}
	}
}

// P3: what is said to be gone is gone.
func (c *judgement) goneIsGone() {
	for id, story := range c.Stories {
		for _, claim := range story.Gone {
			key, gone := claim.Key, claim.At
			c.checked("P3")
			for _, p := range c.Presences {
				if p.Key == key && p.To.After(gone.Add(stamp)) && !p.AbsentAt.After(gone) &&
					!c.heldByAnother(id, key, gone, p.To) {
					c.broken(
						"P3",
						id,
						gone,
						"the ledger says that %s was seen to be gone; it was there %s later",
						key,
						seconds(p.To.Sub(gone)),
					)
				}
			}
		}
	}
}

// heldByAnother is true when another request may hold an access up within a stretch.
func (c *judgement) heldByAnother(id string, key Key, from, to time.Time) bool {
	return slices.ContainsFunc(c.of(key), func(h hold) bool {
		end, _ := h.end()
		return h.request != id && h.from.Before(to) && end.After(from)
	})
}

// P4: access is there until the later of two ends.
func (c *judgement) accessIsThereWhileHeldUp() {
	for _, h := range c.holds {
		if h.granted.IsZero() || !h.granted.Before(h.surely()) {
			continue
		}
		c.checked("P4")
		seen := false
		for _, p := range c.Presences {
			if p.Key != h.key {
				continue
			}
			seen = seen || p.From.Before(h.until.Add(time.Second)) && !p.To.Before(h.from)
			if !p.GoneAt.IsZero() && p.Missed.After(h.granted) && p.GoneAt.Before(h.surely().Add(-early)) {
				c.broken(
					"P4",
					h.request,
					p.GoneAt,
					"%s was gone %s before its end",
					h.key,
					seconds(h.surely().Sub(p.GoneAt)),
				)
			}
		}
		if !seen && h.surely().Sub(h.granted) > slack {
			c.broken("P4", h.request, h.granted, "the ledger says that %s was granted, and nobody has seen it", h.key)
		}
	}
}

// P5: what was there before stays.
func (c *judgement) standingAccessStays() {
	for _, key := range c.Standing {
		c.checked("P5")
		there := false
		for _, p := range c.Presences {
			if p.Key != key {
				continue
			}
			there = true
			if !p.GoneAt.IsZero() {
				c.broken("P5", "", p.GoneAt, "%s was there before, and was taken away", key)
			}
		}
		if !there {
			c.broken("P5", "", c.From, "%s was there before, and was never seen", key)
		}
	}
}

// P6: nobody approves their own request.
func (c *judgement) nobodyDecidesForThemselves() {
	for _, s := range c.Said {
		if s.Act != ActApproveOwn {
			continue
		}
		c.checked("P6")
		if s.Answer == Taken {
			c.broken("P6", s.Request, s.Answered, "%s has approved what they asked for", s.By)
		}
	}
}

// P7: without a key nobody asks, approves or extends.
func (c *judgement) nobodyForges() {
	for _, p := range c.Presences {
		if slices.Contains(c.Forbidden, p.Key) {
			c.broken("P7", "", p.From, "%s was seen, and only a forger has asked for it", p.Key)
		}
	}
	for _, s := range c.Said {
		message := s.Act == ActForgeReview || s.Act == ActForgeExtension
		if message || s.Act == ActForgeRequest {
			c.checked("P7")
		}
		if message && s.Answer == Taken {
			c.broken("P7", s.Request, s.Answered, "the workflow has taken a forged message: %s", s.Act)
		}
	}
}

// P9: bad input gets a clear error, and starts nothing.
func (c *judgement) badInputIsExplained() {
	for _, s := range c.Said {
		if s.Act != ActAskInvalid {
			continue
		}
		c.checked("P9")
		if s.Answer == Taken || len(c.Stories[s.Request].Events) > 0 {
			c.broken("P9", s.Request, s.Answered, "bad input has started something")
		}
		if p := s.Problem; s.Answer == Refused && (p == nil || p.Field == "" || p.Fault == "" || p.Fix == "") {
			c.broken("P9", s.Request, s.Answered, "bad input was refused without a field, a fault and a fix: %v", p)
		}
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func words(wrong []string) string {
	if len(wrong) == 0 {
		return "nothing"
	}
	return strings.Join(wrong, ", ")
}
