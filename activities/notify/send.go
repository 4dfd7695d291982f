package notify

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"curfew/activities/narrate"
	"curfew/activities/story"
	"curfew/internal/reload"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Activities notifies people of requests.
type Activities struct {
	directory *reload.Live
	channels  map[string]Channel
	page      func(request string) string
}

// New makes the activities of the channels, by their configured names. page returns where a request can be looked at.
func New(directory *reload.Live, channels map[string]Channel, page func(request string) string) *Activities {
	return &Activities{directory: directory, channels: channels, page: page}
}

// memory is what an attempt leaves to the next one: mails and cards can't be taken back.
type memory struct {
	Thread string `json:"thread,omitempty"`
	// Reached are who need no message of an event any more, by its number: they have it, or are late, or can't be
	// reached.
	Reached map[int][]string   `json:"reached,omitempty"`
	Late    []contract.LeftOut `json:"late,omitempty"`
	Refused []contract.LeftOut `json:"refused,omitempty"`
}

// Send is the activity contract.ActivityNotify: one message for each event, in order. Whoever can't be reached keeps a
// message from nobody else.
func (a *Activities) Send(ctx context.Context, in contract.NotifyInput) (contract.NotifyResult, error) {
	channel, found := a.channels[in.Channel]
	if !found {
		return contract.NotifyResult{}, contract.NotFound("there is no channel %q any more", contract.Shorten(in.Channel, 64)).
			At("channel").
			Advise("configure it in notify").
			Application()
	}
	in, digest := drawn(in)
	written, kept, err := narrate.Write(ctx, in.Events, in.Status, memory{Thread: in.Thread},
		func(ctx context.Context, entry narrate.Entry, kept *memory) error {
			event := entry.Event
			message := a.message(entry, in, channel.System())
			message.Thread = kept.Thread
			message.To = kept.unreached(event.Seq, message.To)
			if entry.Whole { // nobody can approve what they don't see
				message.Digest = digest
			}
			sent, err := channel.Send(ctx, message)
			if late, is := sent.Late[in.Only]; is && err == nil { // and is tried again
				return contract.Unavailable("%s", late)
			}
			kept.note(event.Seq, sent)
			return err
		})
	written.LeftOut = append(written.LeftOut, kept.Refused...)
	return contract.NotifyResult{Written: written, Thread: kept.Thread, Late: kept.Late}, err
}

// unreached are those of the recipients whom an event's message has not settled.
func (m *memory) unreached(event int, to []Recipient) []Recipient {
	return slices.DeleteFunc(to, func(r Recipient) bool { return slices.Contains(m.Reached[event], r.Person) })
}

func (m *memory) note(event int, sent Sent) {
	if m.Reached == nil {
		m.Reached = map[int][]string{}
	}
	m.Thread = cmp.Or(sent.Thread, m.Thread)
	m.Reached[event] = append(m.Reached[event], sent.Reached...)
	for _, person := range slices.Sorted(maps.Keys(sent.Refused)) {
		m.Reached[event] = append(m.Reached[event], person)
		m.Refused = append(
			m.Refused,
			contract.LeftOut{Seq: event, Person: person, What: "the message", Why: sent.Refused[person]},
		)
	}
	for _, person := range slices.Sorted(maps.Keys(sent.Late)) {
		m.Reached[event] = append(m.Reached[event], person)
		m.Late = append(
			m.Late,
			contract.LeftOut{Seq: event, Person: person, What: "the message", Why: sent.Late[person]},
		)
	}
}

// drawn is an input whose status is drawn from the request itself, so that the digest of what there is to review is
// that of what is shown.
func drawn(in contract.NotifyInput) (contract.NotifyInput, string) {
	request := in.Provenance.Chain.Request.Fact
	if request.ID != in.Status.ID {
		return in, ""
	}
	in.Status = story.Drawn(in.Status, request)
	return in, reviewDigest(in.Status, request)
}

func (a *Activities) message(entry narrate.Entry, in contract.NotifyInput, system string) Message {
	event, status := entry.Event, entry.Status
	people, asks := Audience(event, status, in.To[event.Seq])
	if in.Only != "" {
		people = slices.DeleteFunc(people, func(person string) bool { return person != in.Only })
	}
	written := story.Of(event, status, a.page)
	event.Headline = written.Headline // for programs that read the event
	return Message{
		Event: event, Entry: written, Status: status,
		To: a.recipients(people, system), Asks: asks, Page: a.page(status.ID),
	}
}

// reviewDigest is the digest of what reviewers are shown to review: the extension that waits, or the request.
func reviewDigest(status contract.Status, request contract.Request) string {
	var subject any = request
	switch {
	case !AwaitsReview(status):
		return ""
	case status.Extension != nil:
		subject = *status.Extension
	}
	digest, err := seal.Digest(subject)
	if err != nil {
		return "" // then it is reviewed on its page
	}
	return digest
}

// recipients are those of the people who can be notified: they are in the directory, with an account on the system, if
// the channel has one. What people say of themselves elsewhere does not count.
func (a *Activities) recipients(people []string, system string) []Recipient {
	var to []Recipient
	directory := a.directory.Current()
	for _, id := range people {
		person, known := directory.People[id]
		account, reachable := directory.Account(id, system)
		if known && (reachable || system == "") {
			to = append(to, Recipient{Person: id, Name: cmp.Or(person.Name, id), Account: account})
		}
	}
	return to
}
