package plan

import (
	"math/rand/v2"
	"time"
)

// Template is what is asked for.
type Template string

// The templates, in the words of the configuration that the plan is played with.
const (
	Read       Template = "read"       // a role in the database; one approval
	Write      Template = "write"      // another role
	Debug      Template = "debug"      // Lightrun
	Both       Template = "both"       // the first role and Lightrun; two approvals
	Everything Template = "everything" // both roles and Lightrun
	Planned    Template = "planned"    // the first role, at a start that was asked for
	Emergency  Template = "emergency"  // the first role, as break-glass access
	Waiting    Template = "waiting"    // the first role, if somebody decides within a short time
)

// Fate is what reviewers, or the requester, make of a request.
type Fate string

// The fates.
const (
	Approved  Fate = "approved"
	Denied    Fate = "denied"
	Lapsed    Fate = "lapsed"
	Withdrawn Fate = "withdrawn"
	// BreakGlass needs nobody before, and is reviewed afterwards.
	BreakGlass Fate = "break-glass"
)

// Request is one person's request, and what becomes of it. Instants after At are counted from when it is active, or,
// for what comes before, from when it was asked for.
type Request struct {
	Number   int           `json:"number"`
	Person   int           `json:"person"`
	Template Template      `json:"template"`
	At       time.Duration `json:"at"`
	Duration time.Duration `json:"duration"` // whole seconds
	Fate     Fate          `json:"fate"`
	Decide   time.Duration `json:"decide"`             // after it was asked for
	StartIn  time.Duration `json:"startIn,omitempty"`  // after it was asked for
	Extend   *Extension    `json:"extend,omitempty"`   // while it is active
	EndAfter time.Duration `json:"endAfter,omitempty"` // somebody ends it early, so long after it is active
	Operator bool          `json:"operator,omitempty"` // an operator does, not the requester
	// ApproveOwn is true when the requester tries to approve it.
	ApproveOwn bool `json:"approveOwn,omitempty"`
	// Tamper is what a writer of the namespace does to it while it is active, so long after that.
	Tamper      Tampering     `json:"tamper,omitempty"`
	TamperAfter time.Duration `json:"tamperAfter,omitempty"`
}

// Extension is a later end.
type Extension struct {
	After time.Duration `json:"after"`
	By    time.Duration `json:"by"` // whole seconds
}

// Tampering is what somebody who can write to the Temporal namespace does without keys.
type Tampering string

// What they do.
const (
	SignalRevoke    Tampering = "signal-revoke"
	Terminate       Tampering = "terminate"
	TerminateGrants Tampering = "terminate-grants"
	TerminateAll    Tampering = "terminate-all"
	Reset           Tampering = "reset"
	CancelWorkflow  Tampering = "cancel-workflow"
	ForgeReview     Tampering = "forge-review"
	ForgeExtension  Tampering = "forge-extension"
)

var tamperings = []Tampering{
	SignalRevoke, Terminate, TerminateGrants, TerminateAll, Reset, CancelWorkflow, ForgeExtension, ForgeReview,
}

// Try is something that must come to nothing.
type Try struct {
	At  time.Duration `json:"at"`
	How Trial         `json:"how"`
}

// Trial is a kind of Try.
type Trial string

// The trials.
const (
	NoDuration    Trial = "no-duration"
	TooLong       Trial = "too-long"
	NoTemplate    Trial = "no-template"
	NoTicket      Trial = "no-ticket"
	StrangeTicket Trial = "strange-ticket"
	NoReason      Trial = "no-reason"
	ForgeRequest  Trial = "forge-request" // straight to Temporal
)

var trials = []Trial{NoDuration, TooLong, NoTemplate, NoTicket, StrangeTicket, NoReason, ForgeRequest}

// People is how many ask: few enough that many hold the same access twice.
func People(requests int) int { return max(4, requests/2) }

// drawing draws requests that fit the faults that were drawn before.
type drawing struct {
	*rand.Rand
	options Options
	quiet   []stretch
}

func (d drawing) requests() (all []Request) {
	for n := range d.options.Requests {
		r := Request{
			Number: n,
			Person: d.IntN(People(d.options.Requests)),
			At:     d.upTo(d.options.Length - 10*time.Second),
		}
		if n > 0 && d.IntN(4) == 0 { // soon after an earlier one, by the same person
			earlier := all[d.IntN(n)]
			r.Person, r.At = earlier.Person, earlier.At+seconds(d.Rand, 1, 8)
		}
		d.shape(&r)
		d.last(&r)
		d.happen(&r)
		all = append(all, r)
	}
	return all
}

func (d drawing) upTo(longest time.Duration) time.Duration {
	return time.Duration(d.Int64N(int64(max(time.Second, longest))))
}

// shape draws what is asked for, and what becomes of it.
func (d drawing) shape(r *Request) {
	r.Template, r.Fate = Read, Approved
	r.Decide = 200*time.Millisecond + d.upTo(2*time.Second)
	switch n := d.IntN(100); {
	case n < 24:
	case n < 40:
		r.Template = Write
	case n < 60:
		r.Template = Debug
	case n < 72:
		r.Template = Both
	case n < 80:
		r.Template = Everything
	case n < 86:
		r.Template, r.StartIn = Planned, seconds(d.Rand, 4, 15)
	case n < 91:
		r.Template, r.Fate = Emergency, BreakGlass
	case n < 94:
		r.Template, r.Fate = Waiting, Lapsed
	case n < 97:
		r.Fate = Denied
	default:
		r.Fate = Withdrawn
	}
	r.ApproveOwn = r.Fate != BreakGlass && d.IntN(8) == 0
}

// last draws how long access lasts: four of five end when it is quiet, as far as can be foreseen.
func (d drawing) last(r *Request) {
	r.Duration = seconds(d.Rand, 6, 50).Truncate(time.Second)
	if d.IntN(5) == 0 {
		return
	}
	active := r.At + max(r.Decide, r.StartIn) + usual
	var fitting []stretch
	for _, s := range d.quiet {
		s.from = max(s.from+time.Second, active+6*time.Second)
		if s.to-s.from > 2*time.Second && s.from < active+90*time.Second {
			fitting = append(fitting, s)
		}
	}
	if len(fitting) == 0 {
		return
	}
	s := fitting[d.IntN(len(fitting))]
	end := s.from + d.upTo(min(s.to, active+100*time.Second)-s.from-time.Second)
	r.Duration = (end - active).Truncate(time.Second)
}

// happen draws what happens to access while it is there.
func (d drawing) happen(r *Request) {
	if r.Fate != Approved && r.Fate != BreakGlass {
		return
	}
	within := func() time.Duration { return 500*time.Millisecond + d.upTo(r.Duration-2*time.Second) }
	switch n := d.IntN(100); {
	case n < 20: // the end stays where it was drawn
		by := min(seconds(d.Rand, 5, 20).Truncate(time.Second), r.Duration-5*time.Second)
		if by > 0 {
			r.Duration -= by
			r.Extend = &Extension{After: 500*time.Millisecond + d.upTo(r.Duration-time.Second), By: by}
		}
	case n < 32:
		r.EndAfter, r.Operator = within(), d.IntN(3) == 0
	case n < 42:
		r.Tamper, r.TamperAfter = tamperings[d.IntN(len(tamperings))], within()
	}
}

// tries are spread over the plan.
func (d drawing) tries() (all []Try) {
	for n := range max(len(trials), d.options.Requests/8) {
		all = append(all, Try{At: d.upTo(d.options.Length), How: trials[n%len(trials)]})
	}
	return all
}
