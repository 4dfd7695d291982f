package notify

import (
	"cmp"
	"context"

	"go.temporal.io/sdk/activity"

	"curfew/activities"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Activities notifies people of requests.
type Activities struct {
	directory *config.Live
	channels  map[string]Channel
	page      func(request string) string
}

// New makes the activities of the channels, by their configured names. page returns where a request can be looked at.
func New(directory *config.Live, channels map[string]Channel, page func(request string) string) *Activities {
	return &Activities{directory: directory, channels: channels, page: page}
}

// progress is how far an attempt came, for the next one to go on from: mails and cards can't be taken back.
type progress struct {
	Told   int    `json:"told"` // of the events
	Thread string `json:"thread,omitempty"`
}

// Send is the activity contract.ActivityNotify: one message for each event, in order.
func (a *Activities) Send(ctx context.Context, in contract.NotifyInput) (contract.NotifyResult, error) {
	channel, found := a.channels[in.Channel]
	if !found {
		return contract.NotifyResult{}, contract.Problemf(contract.KindNotFound, "channel", "configure it in notify",
			"there is no channel %q any more", contract.Shorten(in.Channel, 64)).Application()
	}
	done := before(ctx, in)
	for _, event := range in.Events[done.Told:] {
		message := a.message(event, in, channel.System())
		message.Thread = done.Thread
		thread, err := channel.Send(ctx, message)
		if err != nil {
			if done.Told > 0 {
				activity.RecordHeartbeat(ctx, done)
			}
			return contract.NotifyResult{}, activities.Error(err)
		}
		done = progress{done.Told + 1, thread}
	}
	return contract.NotifyResult{Thread: done.Thread}, nil
}

// before is how far the attempts before this one came.
func before(ctx context.Context, in contract.NotifyInput) progress {
	var done progress
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &done) == nil && done.Told > 0 && done.Told <= len(in.Events) {
		return done
	}
	return progress{Thread: in.Thread}
}

// message is drawn from the request itself, so that the digest of what there is to review is that of what is shown.
func (a *Activities) message(event contract.Event, in contract.NotifyInput, system string) Message {
	status, request := in.Status, in.Provenance.Chain.Request.Fact
	digest := ""
	if request.ID == status.ID {
		status = story.Drawn(status, request)
		digest = reviewDigest(status, request)
	}
	people, asks := Audience(event, status, in.To[event.Seq])
	return Message{
		Event: event, Entry: story.Of(event, status), Status: status, Digest: digest,
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

// recipients are those of the people who can be notified: they are in the directory, with an account on the system, if the
// channel has one. What people say of themselves elsewhere does not count.
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
