// Package slack notifies people in a channel of Slack: one message for each request, which always shows how the request
// stands, and replies below it that mention those whom something concerns.
//
// All text of people and other systems is in plain or rich text, which Slack shows as it is: Slack reads no mentions,
// links or formats in it.
package slack

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	goslack "github.com/slack-go/slack"

	"curfew/activities/notify"
	"curfew/workflows/contract"
)

const (
	// patience is how long one call may take when the caller's context allows more.
	patience = 20 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes: a page of the longest messages fits.
	maxAnswer = 8 << 20
)

// Channel is one channel of a workspace, seen through Curfew's own bot. It is safe for concurrent use.
type Channel struct {
	client *goslack.Client
	id     string
	me     atomic.Pointer[string] // our bot's id, once it was read
}

var _ notify.Channel = (*Channel)(nil)

// New returns the channel that settings describe, as Validate has checked them. It calls nobody.
func New(settings Settings) *Channel {
	return &Channel{id: settings.Channel, client: goslack.New(settings.Token.Reveal(),
		goslack.OptionAPIURL(strings.TrimRight(settings.URL, "/")+"/"),
		goslack.OptionHTTPClient(&http.Client{
			Transport: bounded{},
			Timeout:   patience,
			// A redirected call would carry the token along, wherever it leads.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}))}
}

// System implements notify.Channel.
func (c *Channel) System() string { return name }

// scopeToWrite is what the bot must be allowed, beside reading its channel.
const scopeToWrite = "chat:write"

// Check implements notify.Channel: the token is good, and the bot may write and sees the channel.
func (c *Channel) Check(ctx context.Context) error {
	who, err := c.client.AuthTestContext(ctx)
	if err != nil {
		return problem(err)
	}
	scopes := who.Header.Get("X-OAuth-Scopes")
	if scopes != "" && !slices.Contains(strings.Split(scopes, ","), scopeToWrite) {
		return contract.Denied("Slack's token may not write").
			Advise("give the app the scope " + scopeToWrite + ", and install it again")
	}
	_, err = c.client.GetConversationHistoryContext(
		ctx,
		&goslack.GetConversationHistoryParameters{ChannelID: c.id, Limit: 1},
	)
	return problem(err)
}

// bot is our own bot's id. Others could put our marks on their messages; theirs don't count.
func (c *Channel) bot(ctx context.Context) (string, error) {
	if known := c.me.Load(); known != nil {
		return *known, nil
	}
	who, err := c.client.AuthTestContext(ctx)
	if err != nil {
		return "", problem(err)
	}
	if who.BotID == "" {
		return "", contract.Denied("Slack's token is not that of a bot").
			Advise("use the token of the app's bot, which begins with xoxb-")
	}
	c.me.Store(&who.BotID)
	return who.BotID, nil
}

// bounded keeps what is read of an answer within bounds. The library reads until the end.
type bounded struct{}

// RoundTrip implements http.RoundTripper.
func (bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, maxAnswer), response.Body}
	return response, nil
}
