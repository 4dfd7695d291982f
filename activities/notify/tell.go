package notify

import (
	"cmp"
	"context"

	"curfew/activities"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

// Activities tells people of requests.
type Activities struct {
	directory *config.Config
	channels  map[string]Channel
	page      func(request string) string
}

// New makes the activities of the channels, by their configured names. page returns where a request can be looked at.
func New(directory *config.Config, channels map[string]Channel, page func(request string) string) *Activities {
	return &Activities{directory: directory, channels: channels, page: page}
}

// Tell is the activity contract.ActivityNotify: one message for each event, in order.
func (a *Activities) Tell(ctx context.Context, in contract.NotifyInput) (contract.NotifyResult, error) {
	channel, found := a.channels[in.Channel]
	if !found {
		return contract.NotifyResult{}, contract.Problemf(contract.KindNotFound, "channel", "configure it in notify",
			"there is no channel %q any more", contract.Shorten(in.Channel, 64)).Application()
	}
	thread := in.Thread
	for _, event := range in.Events {
		message := a.message(event, in, channel.System())
		message.Thread = thread
		var err error
		if thread, err = channel.Tell(ctx, message); err != nil {
			return contract.NotifyResult{}, activities.Error(err)
		}
	}
	return contract.NotifyResult{Thread: thread}, nil
}

func (a *Activities) message(event contract.Event, in contract.NotifyInput, system string) Message {
	people, asks := Audience(event, in.Status, in.To[event.Seq])
	return Message{
		Event: event, Entry: story.Of(event, in.Status), Status: in.Status,
		To: a.recipients(people, system), Asks: asks, Page: a.page(in.Status.ID),
	}
}

// recipients are those of the people who can be told: they are in the directory, with an account on the system, if the
// channel has one. What people say of themselves elsewhere does not count.
func (a *Activities) recipients(people []string, system string) []Recipient {
	var to []Recipient
	for _, id := range people {
		person, known := a.directory.People[id]
		account, reachable := a.directory.Account(id, system)
		if known && (reachable || system == "") {
			to = append(to, Recipient{Person: id, Name: cmp.Or(person.Name, id), Account: account})
		}
	}
	return to
}
