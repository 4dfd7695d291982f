// Package webhook sends events to a receiver of the user's own: CloudEvents in JSON, signed as the Standard Webhooks
// specification says. A message's id is that of its event, so that a receiver that remembers ids processes each event
// once.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"curfew/activities/notify"
	"curfew/activities/story"
	"curfew/internal/outbound"
	"curfew/internal/signing"
	"curfew/workflows/contract"
)

// What the CloudEvents specification asks for.
const (
	specVersion = "1.0"
	mediaType   = "application/cloudevents+json"
	// typeStart goes before the kind of the event.
	typeStart = "curfew.request."
)

// Channel is one receiver. It is safe for concurrent use.
type Channel struct {
	url    *url.URL
	source string
	signer signing.Signer
	client *http.Client
}

var _ notify.Channel = (*Channel)(nil)

// New returns the receiver that settings describe; source is where people reach Curfew. It calls nobody. Errors are
// *contract.Problem that name the setting.
func New(settings Settings, source string) (*Channel, error) {
	where, err := url.Parse(settings.URL)
	if err != nil || where.Hostname() == "" {
		return nil, contract.Invalid("is no web address").
			At("url").
			Advise("write it like https://events.example.com/curfew")
	}
	guard := settings.guard()
	if err := guard.CheckHost(where.Hostname()); err != nil {
		return nil, contract.Invalid("%v", err).At("url").Advise("name a public address, or set allowPrivate")
	}
	signer, err := settings.signer()
	if err != nil {
		return nil, err
	}
	return &Channel{url: where, source: source, signer: signer, client: guard.Client()}, nil
}

// System implements notify.Channel: a receiver gets all events, whomever they concern.
func (c *Channel) System() string { return "" }

// Check implements notify.Channel: something answers at the receiver's address. Whether it knows the secret is seen
// with the first event.
func (c *Channel) Check(ctx context.Context) error {
	_, err := c.send(ctx, http.MethodHead, nil, func(http.Header) error { return nil })
	return err
}

// event is a CloudEvent.
type event struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"` // the request's id
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            data      `json:"data"`
}

type data struct {
	Event  contract.Event  `json:"event"`
	Status contract.Status `json:"status"`
}

// Send implements notify.Channel.
func (c *Channel) Send(ctx context.Context, m notify.Message) (notify.Sent, error) {
	body, err := json.Marshal(event{
		SpecVersion: specVersion, ID: m.Event.ID(), Source: c.source, Type: typeStart + string(m.Event.Kind),
		Subject: m.Event.Request, Time: m.Event.At, DataContentType: "application/json", Data: data{m.Event, m.Status},
	})
	if err != nil {
		return notify.Sent{}, fmt.Errorf("write the event: %w", err)
	}
	answer, err := c.send(ctx, http.MethodPost, body, func(header http.Header) error {
		header.Set("Content-Type", mediaType)
		return c.signer.Sign(header, m.Event.ID(), time.Now(), body)
	})
	if err != nil {
		return notify.Sent{}, err
	}
	return notify.Sent{}, c.refusal(answer)
}

func (c *Channel) send(
	ctx context.Context,
	method string,
	body []byte,
	complete func(http.Header) error,
) (outbound.Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.url.String(), bytes.NewReader(body))
	if err != nil {
		return outbound.Answer{}, fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("User-Agent", "curfew")
	if err := complete(request.Header); err != nil {
		return outbound.Answer{}, err
	}
	answer, err := outbound.Send(c.client, request)
	if err != nil {
		return answer, contract.Unavailable("the receiver at %s can't be reached: %s", c.url.Host, outbound.Clip(err.Error())).
			Advise("check that it runs, and the channel's url and allowPrivate")
	}
	return answer, nil
}

// refusal is nil for a success. What may pass is tried again: an event that is given up is missing at the receiver.
func (c *Channel) refusal(answer outbound.Answer) error {
	status := answer.Status
	if status >= 200 && status < 300 {
		return nil
	}
	problem := contract.Unavailable("the receiver at %s answered %s", c.url.Host, answer.Said()).
		Advise("see what the receiver logs")
	problem.RetryAfter = answer.RetryAfter(outbound.LongestWait, "")
	switch {
	case status < 400:
		problem.Fix = "redirects are not followed: set the channel's url to where they lead"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		problem.Fix = "see that the receiver has one of the channel's secrets, and that both clocks are right"
	case status == http.StatusNotFound:
		problem.Fix = "see that the channel's url leads to the receiver"
	case !answer.Passes():
		problem.Kind, problem.Fix = contract.KindDenied, "let the receiver answer 2xx also to events that it has no use for"
	}
	return story.Refused(problem, status, true)
}
