package request

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// longestAlarm bounds the text of an alarm, in bytes.
const longestAlarm = 2000

// leaveOut raises an alarm that names what a place could not take. That entries are missing there goes into the ledger
// too, once.
func (r *run) leaveOut(ctx workflow.Context, p *place, left []contract.LeftOut) {
	if len(left) == 0 {
		return
	}
	lines := make([]string, len(left))
	for i, what := range left {
		lines[i] = r.naming(p, what)
		if what.What == theEntry && !p.refused {
			p.refused = true
			event := contract.Event{Kind: p.abandoned, Actor: contract.ActorCurfew, Detail: p.words() + ": " + what.Why}
			r.appendEvent(ctx, event)
		}
	}
	first := left[0]
	id := fmt.Sprintf("%d", first.Seq)
	if first.Seq == 0 {
		id = first.What
	}
	text := capitalized(p.words()) + " lacks a part of the request's story, which the audit log has: "
	r.raiseAbout(ctx, p, id+first.Person, text+strings.Join(lines, "; "))
}

// naming says what is left out, and why.
func (r *run) naming(p *place, left contract.LeftOut) string {
	name := left.What
	for _, event := range p.events {
		if event.Seq == left.Seq {
			name += fmt.Sprintf(" of %s (%s)", event.ID(), event.Kind)
		}
	}
	if left.Person != "" {
		name += " for " + left.Person
	}
	return name + ": " + left.Why
}

func (r *run) raiseBlocked(ctx workflow.Context, p *place, next contract.Event, why string) {
	text := fmt.Sprintf("%s takes no entries; %s (%s) and what comes after it wait: %s",
		capitalized(p.words()), next.ID(), next.Kind, why)
	r.raiseAbout(ctx, p, fmt.Sprintf("blocked/%d", next.Seq), text)
}

// raiseAbout raises an alarm about a place, beside the delivery: the place does not wait for the ledger.
func (r *run) raiseAbout(ctx workflow.Context, p *place, which, text string) {
	r.raise(ctx, &p.beside, contract.Alarm{
		ID:   strings.Join([]string{string(contract.AlarmLeftOut), r.status.ID, p.key, which}, "/"),
		Kind: contract.AlarmLeftOut,
		Text: contract.Shorten(text, longestAlarm),
	})
}

func capitalized(words string) string { return strings.ToUpper(words[:1]) + words[1:] }
