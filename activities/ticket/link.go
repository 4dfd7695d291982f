package ticket

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"curfew/activities"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// linkTries is how often links are tried before they are left out. They come last, and the comments after them don't
// wait for longer.
const linkTries = 10

// links shows the request's present state on the ticket, and links back from what was named in its place. What can't be
// linked keeps no comment from the ticket.
func (a *Activities) links(
	ctx context.Context,
	in contract.CommentInput,
	written contract.Written,
) (contract.Written, error) {
	if len(in.Events) == 0 {
		return written, nil
	}
	for _, link := range []struct {
		what string
		make func(context.Context, contract.CommentInput) error
	}{
		{"the link to the request", a.showState},
		{"the link from " + in.Status.Zephyr, a.refer},
	} {
		err := link.make(ctx, in)
		if err == nil {
			continue
		}
		if again := activities.Error(err); !isLastTry(ctx, err) {
			return contract.Written{}, again
		}
		written.LeftOut = append(
			written.LeftOut,
			contract.LeftOut{What: link.what, Why: contract.AsProblem(err).Error()},
		)
	}
	return written, nil
}

// isLastTry is true when trying again can't help, or has not helped.
func isLastTry(ctx context.Context, err error) bool {
	return !activities.Passes(err) || activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt >= linkTries
}

func (a *Activities) showState(ctx context.Context, in contract.CommentInput) error {
	return a.System.Link(ctx, in.Ticket, a.link(in.Status))
}

func (a *Activities) link(status contract.Status) Link {
	return Link{
		ID:       status.ID,
		URL:      a.Page(status.ID),
		Resolved: status.State == contract.StateEnded,
		Title: fmt.Sprintf(
			"Curfew %s: %s",
			status.Template,
			story.State(story.Case{Status: status, Now: time.Now()}),
		),
		Summary: fmt.Sprintf(
			"Access of %s, asked for by %s",
			story.Person(status.Names, status.Subject),
			story.Person(status.Names, status.Requester),
		),
	}
}

// refer links back from the reference that the request named. It comes last, and with the first events alone, so that a
// system other than the tracker that is down delays as few comments as it can.
func (a *Activities) refer(ctx context.Context, in contract.CommentInput) error {
	if a.References == nil || in.Status.Zephyr == "" || len(in.Events) == 0 ||
		in.Events[0].Kind != contract.EventRequested {
		return nil
	}
	description := fmt.Sprintf("Curfew %s for %s", in.Status.Template, story.Person(in.Status.Names, in.Status.Subject))
	return a.References.Link(ctx, in.Status.Zephyr, a.Page(in.Status.ID), description)
}
