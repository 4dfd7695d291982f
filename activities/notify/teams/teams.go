// Package teams notifies people in a channel of Microsoft Teams: a card for each event that concerns somebody, with a
// button that leads to the request's page. People can't decide in Teams: what its workflows pass on does not say who
// pressed a button.
package teams

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"curfew/activities/notify"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// Channel is one channel, behind a workflow that posts what it is sent. It is safe for concurrent use.
type Channel struct {
	url    config.Secret
	client *http.Client
}

var _ notify.Channel = (*Channel)(nil)

// New returns the channel that settings describe, as Validate has checked them. It calls nobody.
func New(settings Settings) *Channel {
	return &Channel{url: settings.URL, client: &http.Client{
		Timeout: outbound.Patience,
		// Whoever knows the address can post, so it is not taken along to anywhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// System implements notify.Channel: a card names people, and mentions nobody.
func (c *Channel) System() string { return "" }

// Check implements notify.Channel. A workflow can't be asked anything without posting, so it checks nothing.
func (c *Channel) Check(context.Context) error { return nil }

// Send implements notify.Channel. A card can't be changed afterwards, so what concerns nobody is not sent. A card whose
// answer is lost may come twice.
func (c *Channel) Send(ctx context.Context, m notify.Message) (notify.Sent, error) {
	if len(m.To) == 0 {
		return notify.Sent{}, nil
	}
	body, err := json.Marshal(card(m))
	if err != nil {
		return notify.Sent{}, fmt.Errorf("write the card: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url.Reveal(), bytes.NewReader(body))
	if err != nil { // which may repeat the address
		return notify.Sent{}, contract.Invalid("is no web address").
			At("url").
			Advise("copy the address from the workflow again")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "curfew")
	answer, err := outbound.Send(c.client, request)
	switch {
	case errors.Is(err, outbound.ErrTooLarge): // it has answered, and what it says besides does not matter
		return notify.Sent{}, nil
	case err != nil:
		return notify.Sent{}, contract.Unavailable("the workflow of Teams can't be reached: %s", outbound.Clip(err.Error())).
			Advise("see that Teams can be reached from here, and check the channel's url")
	}
	return notify.Sent{}, refusal(answer)
}

func refusal(answer outbound.Answer) error {
	status := answer.Status
	if status >= 200 && status < 300 {
		return nil
	}
	problem := contract.Unavailable("the workflow of Teams answered %s", answer.Said()).
		Advise("see the workflow's runs in Teams")
	problem.RetryAfter = answer.RetryAfter(outbound.LongestWait, "")
	switch {
	case status < 400:
		problem.Fix = "redirects are not followed: copy the address from the workflow again"
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound:
		problem.Fix = "see that the workflow is switched on, and copy its address again"
	case !answer.Passes():
		problem.Kind = contract.KindDenied
	}
	return story.Refused(problem, status, true)
}
