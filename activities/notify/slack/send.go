package slack

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	goslack "github.com/slack-go/slack"

	"curfew/activities/notify"
	"curfew/workflows/contract"
)

// What Curfew's own messages carry along, for Curfew to find them again; people don't see it.
const (
	markType     = "curfew"
	markRequest  = "request" // its id
	markEvent    = "event"   // that the message is about
	pageSize     = 100
	mostPages    = 10
	clocksDiffer = time.Hour // at most, ours and Slack's
)

// timestamp identifies a message within its channel.
var timestamp = regexp.MustCompile(`^[0-9]{1,20}\.[0-9]{1,10}$`)

// Send implements notify.Channel. The thread is the channel and the timestamp of the request's message.
func (c *Channel) Send(ctx context.Context, m notify.Message) (notify.Sent, error) {
	if m.Event.Kind == contract.EventRequested && m.Thread == "" {
		return notify.Sent{}, nil // the message begins with what comes next, and can mention whom that concerns
	}
	root, err := c.refresh(ctx, m)
	switch {
	case err != nil:
		return notify.Sent{}, err
	case root == "":
		root, err = c.post(ctx, m, "", message(m, true))
		return c.thread(root), err
	case len(m.To) == 0:
		return c.thread(root), nil
	}
	told, err := c.sentBefore(ctx, root, m.Event)
	if err == nil && !told {
		_, err = c.post(ctx, m, root, reply(m))
	}
	return c.thread(root), err
}

func (c *Channel) thread(root string) notify.Sent {
	if root == "" {
		return notify.Sent{}
	}
	return notify.Sent{Thread: c.id + "/" + root}
}

// refresh brings the request's message up to date, and returns its timestamp; empty when there is none. A message that
// somebody has deleted, or that can't be changed any more, is none.
func (c *Channel) refresh(ctx context.Context, m notify.Message) (root string, err error) {
	// A thread in another channel is not followed: Temporal holds it, and does not say where Curfew writes.
	if channel, ts, _ := strings.Cut(m.Thread, "/"); channel == c.id && timestamp.MatchString(ts) {
		if err := c.update(ctx, ts, m); !gone(err) {
			return ts, aboutMessage(err)
		}
	}
	root, err = c.find(ctx, m)
	if root == "" || err != nil {
		return "", err
	}
	if err := c.update(ctx, root, m); !gone(err) {
		return root, aboutMessage(err)
	}
	return "", nil
}

func gone(err error) bool {
	var refused goslack.SlackErrorResponse
	return errors.As(err, &refused) &&
		slices.Contains([]string{"message_not_found", "cant_update_message", "edit_window_closed"}, refused.Err)
}

// update leaves the mark alone: it names the event that the message began with.
func (c *Channel) update(ctx context.Context, ts string, m notify.Message) error {
	_, _, _, err := c.client.UpdateMessageContext(ctx, c.id, ts, plainly(m, message(m, false)))
	return err
}

// post writes a message of its own, or a reply to one.
func (c *Channel) post(
	ctx context.Context,
	m notify.Message,
	to string,
	blocks []goslack.Block,
) (ts string, err error) {
	mark := goslack.SlackMetadata{EventType: markType, EventPayload: map[string]any{
		markRequest: m.Event.Request, markEvent: m.Event.ID(),
	}}
	options := []goslack.MsgOption{plainly(m, blocks), goslack.MsgOptionMetadata(mark)}
	if to != "" {
		options = append(options, goslack.MsgOptionTS(to))
	}
	_, ts, err = c.client.PostMessageContext(ctx, c.id, options...)
	if err == nil && !timestamp.MatchString(ts) {
		err = errStrange
	}
	return ts, aboutMessage(err)
}

// plainly sends blocks, and a text in their place for notifications. Nothing in the text is made a link or mention.
func plainly(m notify.Message, blocks []goslack.Block) goslack.MsgOption {
	return goslack.MsgOptionCompose(
		goslack.MsgOptionText(summary(m), true),
		goslack.MsgOptionBlocks(blocks...),
		goslack.MsgOptionParse(false),
		goslack.MsgOptionLinkNames(false),
		goslack.MsgOptionDisableLinkUnfurl(),
		goslack.MsgOptionDisableMediaUnfurl(),
	)
}

// find looks for the request's message when its timestamp was lost on the way to Temporal, or an answer on the way to
// us.
func (c *Channel) find(ctx context.Context, m notify.Message) (root string, err error) {
	since := m.Status.AskedAt.Add(-clocksDiffer)
	parameters := &goslack.GetConversationHistoryParameters{
		ChannelID: c.id, Oldest: strconv.FormatInt(since.Unix(), 10), Limit: pageSize, IncludeAllMetadata: true,
	}
	return c.search(ctx, markRequest, m.Event.Request, func() ([]goslack.Message, string, error) {
		page, err := c.client.GetConversationHistoryContext(ctx, parameters)
		if err != nil {
			return nil, "", err
		}
		parameters.Cursor = page.ResponseMetaData.NextCursor
		return page.Messages, page.ResponseMetaData.NextCursor, nil
	})
}

// sentBefore is true when the thread has a message about the event: the first, or a reply.
func (c *Channel) sentBefore(ctx context.Context, root string, event contract.Event) (bool, error) {
	parameters := &goslack.GetConversationRepliesParameters{
		ChannelID: c.id, Timestamp: root, Limit: pageSize, IncludeAllMetadata: true,
	}
	found, err := c.search(ctx, markEvent, event.ID(), func() ([]goslack.Message, string, error) {
		messages, _, cursor, err := c.client.GetConversationRepliesContext(ctx, parameters)
		parameters.Cursor = cursor
		return messages, cursor, err
	})
	return found != "", err
}

// search looks through pages of messages for one of ours with a mark, and returns its timestamp.
func (c *Channel) search(
	ctx context.Context,
	mark, value string,
	next func() ([]goslack.Message, string, error),
) (string, error) {
	bot, err := c.bot(ctx)
	if err != nil {
		return "", err
	}
	for range mostPages {
		messages, cursor, err := next()
		if err != nil {
			return "", problem(err)
		}
		for _, m := range messages {
			if m.BotID == bot && m.Metadata.EventType == markType && m.Metadata.EventPayload[mark] == value {
				return m.Timestamp, nil
			}
		}
		if cursor == "" {
			break
		}
	}
	return "", nil
}
