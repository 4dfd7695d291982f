package request

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

const (
	// blockedPause is how long a place that takes no entry is left alone at first, and longestBlockedPause later on.
	blockedPause        = 5 * time.Second
	longestBlockedPause = time.Hour
	// blockedAlarm is how long it takes none before operators hear of it.
	blockedAlarm = 30 * time.Second
	// blockedFor is how long it is tried in all. Then the entry that it does not take is left out.
	blockedFor = 24 * time.Hour
)

// place is where people read a request's events: its ticket, its incident or a channel.
type place struct {
	outbox
	key       string        // in the ids of alarms
	words     func() string // like "the ticket OPS-7"
	abandoned contract.EventKind
	write     func(workflow.Context, []contract.Event) (contract.Written, error)

	blockedSince time.Time // zero while it takes entries
	pause        time.Duration
	alarmed      bool // that it is blocked
	givenUp      bool // it was blocked for long, and is not waited for any more
	refused      bool // an entry, as a whole
}

// deliver writes events to the place until the workflow is over. What it can't take is left out by name, and the rest
// goes on.
func (r *run) deliver(ctx workflow.Context, p *place) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		for workflow.Await(ctx, p.waiting) == nil { // ctx is canceled when the workflow is over
			r.deliverNext(ctx, p)
		}
	})
}

// deliverNext writes what waits, as far as the place takes it.
func (r *run) deliverNext(ctx workflow.Context, p *place) {
	batch := p.events[p.delivered:len(p.events):len(p.events)]
	written, err := p.write(ctx, batch)
	if err != nil && len(batch) > 1 { // one event that is refused costs none of the others
		batch = batch[:1]
		written, err = p.write(ctx, batch)
	}
	if err != nil {
		written = contract.Written{LeftOut: entries(batch, contract.AsProblem(err).Error())}
	}
	r.leaveOut(ctx, p, written.LeftOut)
	p.delivered += len(batch) - written.Rest
	if written.Rest < len(batch) {
		p.blockedSince, p.alarmed = time.Time{}, false
	}
	if written.Blocked != "" {
		r.awaitRoom(ctx, p, written.Rest, written.Blocked)
	}
}

// awaitRoom leaves a place alone that works and takes no entry; so many were tried. Whatever comes next is tried at
// once: the place may take that, and then the one entry is at fault.
func (r *run) awaitRoom(ctx workflow.Context, p *place, tried int, why string) {
	now, next := workflow.Now(ctx), p.events[p.delivered]
	if p.blockedSince.IsZero() {
		p.blockedSince, p.pause = now, blockedPause
	}
	blocked := now.Sub(p.blockedSince)
	if p.givenUp || blocked >= blockedFor {
		p.givenUp, p.blockedSince = true, time.Time{}
		r.leaveOut(ctx, p, entries([]contract.Event{next}, why))
		p.delivered++
		return
	}
	if blocked >= blockedAlarm && !p.alarmed {
		p.alarmed = true
		r.raiseBlocked(ctx, p, next, why)
	}
	untried := func() bool { return len(p.events) > p.delivered+tried }
	if !wait.For(ctx, p.pause, "Write to "+p.words()+" again", untried) {
		p.pause = min(2*p.pause, longestBlockedPause)
	}
}

// theEntry is what is left out when nothing of an event is written.
const theEntry = "the entry"

// entries are events that a place was not written to.
func entries(events []contract.Event, why string) (left []contract.LeftOut) {
	for _, event := range events {
		left = append(left, contract.LeftOut{Seq: event.Seq, What: theEntry, Why: why})
	}
	return left
}
