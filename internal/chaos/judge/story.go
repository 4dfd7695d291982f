package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"curfew/workflows/contract"
)

// terminal is true for what nothing but narration follows.
func terminal(kind contract.EventKind) bool {
	switch kind {
	case contract.EventDenied,
		contract.EventWithdrawn,
		contract.EventLapsed,
		contract.EventFailed,
		contract.EventExpired,
		contract.EventRevoked,
		contract.EventTakenOver:
		return true
	default:
		return false
	}
}

// before is what must have happened to a request before something else can.
var before = map[contract.EventKind][]contract.EventKind{
	contract.EventApproved: {contract.EventRequested},
	contract.EventGranted:  {contract.EventApproved},
	contract.EventExtended: {contract.EventGranted},
	contract.EventRevoking: {contract.EventApproved},
	contract.EventExpired:  {contract.EventGranted},
	contract.EventRevoked:  {contract.EventRevoking},
	contract.EventFailed:   {contract.EventApproved},
}

// P8: the record is complete and ordered, and the ticket has each entry once.
func (c *judgement) theRecordIsComplete() {
	for _, request := range c.Requests {
		c.checked("P8")
		for _, fault := range disorder(c.Stories[request.ID].Events) {
			c.broken("P8", request.ID, c.To, "%s", fault)
		}
		c.everythingSaidIsTold(request)
		if Ends(request.ID, c.Said) {
			c.hasAnEnd(request)
		}
	}
	c.ticketsHaveEachEntryOnce()
}

// disorder is what is wrong with the order of a story's events.
func disorder(events []contract.Event) (faults []string) {
	var kinds []contract.EventKind
	for i, event := range events {
		name := fmt.Sprintf("event %d (%s)", event.Seq, event.Kind)
		if event.Seq != i+1 {
			return append(faults, fmt.Sprintf("%s stands where event %d should", name, i+1))
		}
		if i > 0 && event.At.Before(events[i-1].At) {
			faults = append(faults, name+" is older than the one before")
		}
		if i == 0 && event.Kind != contract.EventRequested {
			faults = append(faults, "the story begins with "+string(event.Kind))
		}
		faults = append(faults, misplaced(name, event.Kind, kinds)...)
		kinds = append(kinds, event.Kind)
	}
	return faults
}

// misplaced is what is wrong with an event of a kind after events of others.
func misplaced(name string, kind contract.EventKind, earlier []contract.EventKind) (faults []string) {
	needs, moves := before[kind]
	for _, needed := range needs {
		if !slices.Contains(earlier, needed) {
			faults = append(faults, name+" comes without "+string(needed))
		}
	}
	if slices.ContainsFunc(earlier, terminal) && (moves || terminal(kind)) {
		faults = append(faults, name+" comes after the end")
	}
	return faults
}

// told are the events that answer to an act.
var told = map[Act][]contract.EventKind{
	ActAsk:     {contract.EventRequested},
	ActApprove: {contract.EventReviewed, contract.EventApproved, contract.EventScheduled},
	ActDeny:    {contract.EventReviewed, contract.EventDenied},
	ActExtend:  {contract.EventExtended, contract.EventExtensionAsked},
	ActRevoke:  {contract.EventRevoking, contract.EventRevoked, contract.EventWithdrawn},
	ActCancel:  {contract.EventWithdrawn},
}

// everythingSaidIsTold holds that no answered act is missing in the ledger.
func (c *judgement) everythingSaidIsTold(request Request) {
	if tampered(request.ID, c.Said) {
		return
	}
	for _, s := range c.Said {
		kinds, tells := told[s.Act]
		if s.Request != request.ID || s.Answer != Taken || !tells {
			continue
		}
		c.checked("P8")
		if !slices.ContainsFunc(c.Stories[request.ID].Events, func(e contract.Event) bool {
			return e.Actor == s.By && slices.Contains(kinds, e.Kind)
		}) {
			c.broken("P8", request.ID, s.Answered, "the ledger does not tell that %s said: %s", s.By, s.Act)
		}
	}
}

// hasAnEnd holds that a request is over, and that the ledger knows how.
func (c *judgement) hasAnEnd(request Request) {
	story := c.Stories[request.ID]
	over := slices.ContainsFunc(story.Events, func(e contract.Event) bool { return terminal(e.Kind) })
	if !over || story.State != contract.StateEnded {
		c.broken(
			"P8",
			request.ID,
			c.To,
			"its story has no end: the ledger shows it as %q, with %d events",
			story.State,
			len(story.Events),
		)
	}
}

// commented are the events that every ticket has a comment on.
func commented(kind contract.EventKind) bool {
	_, moves := before[kind]
	return kind == contract.EventRequested || kind == contract.EventReviewed || moves || terminal(kind)
}

// ticketsHaveEachEntryOnce compares the comments with the ledger, which they are a copy of.
func (c *judgement) ticketsHaveEachEntryOnce() {
	comments := map[string][]int{}
	for _, comment := range c.Comments {
		id, number, _ := strings.Cut(comment.Marker, "/")
		seq, err := strconv.Atoi(number)
		if err != nil {
			c.broken("P8", "", c.To, "%s has a comment with the marker %q", comment.Issue, comment.Marker)
			continue
		}
		comments[id] = append(comments[id], seq)
	}
	for _, request := range c.Requests {
		if written, there := comments[request.ID]; there || len(c.Stories[request.ID].Events) > 0 {
			c.ticket(request, written)
		}
	}
}

func (c *judgement) ticket(request Request, written []int) {
	story := c.Stories[request.ID]
	for i, seq := range written {
		c.checked("P8")
		switch {
		case slices.Contains(written[:i], seq):
			c.broken("P8", request.ID, c.To, "its ticket has entry %d twice", seq)
		case i > 0 && seq < written[i-1]:
			c.broken("P8", request.ID, c.To, "its ticket has entry %d after entry %d", seq, written[i-1])
		case seq > len(story.Events) && !tampered(request.ID, c.Said): // the ticket may have heard of it first
			c.broken("P8", request.ID, c.To, "its ticket has entry %d, which the ledger does not have", seq)
		}
	}
	abandoned := slices.ContainsFunc(
		story.Events,
		func(e contract.Event) bool { return e.Kind == contract.EventTicketAbandoned },
	)
	if abandoned || tampered(request.ID, c.Said) {
		return
	}
	for _, event := range story.Events {
		if commented(event.Kind) && !slices.Contains(written, event.Seq) {
			c.broken("P8", request.ID, c.To, "its ticket lacks entry %d (%s)", event.Seq, event.Kind)
		}
	}
}
