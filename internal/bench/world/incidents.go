package world

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"time"

	"curfew/internal/sandbox/pagerduty"
)

// The services at PagerDuty.
const (
	opening = "POPENING" // whoever is on call gets access at once
	waiting = "PWAITING" // access waits for a review
	policy  = "PPOLICY"
)

// Incidents is the stand-in of PagerDuty.
type Incidents struct {
	server      *pagerduty.Server
	hooks       string // where Curfew takes its webhooks
	url         string // where it is
	key, secret string
	connections *http.Client
}

// userOf is a responder's id at PagerDuty.
func userOf(n int) string { return fmt.Sprintf("PUSER%03d", n) }

func openIncidents(ctx context.Context, responders int) (*Incidents, func(), error) {
	i := &Incidents{
		key: rand.Text(), secret: rand.Text(),
		connections: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	options := pagerduty.Options{
		Key: i.key, Secrets: []string{i.secret}, RateLimit: 1 << 20, // a flood is tried too
		Users: []pagerduty.User{{ID: "PCURFEW", Name: "Curfew", Email: "curfew@example.org"}},
		Services: []pagerduty.Service{
			{ID: opening, Name: "opening", Policy: policy}, {ID: waiting, Name: "waiting", Policy: policy},
		},
	}
	for n := range responders {
		user := userOf(n)
		options.Users = append(options.Users, pagerduty.User{ID: user, Name: user, Email: user + "@example.org"})
		options.Turns = append(options.Turns, pagerduty.Turn{Policy: policy, Level: 1, User: user})
	}
	i.server = pagerduty.New(options)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	server := &http.Server{Handler: i.server.Handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	i.url = "http://" + listener.Addr().String()
	return i, func() { _ = server.Close() }, nil
}

// Open triggers an incident, whose responder gets access at once, and sends its webhook.
func (i *Incidents) Open(ctx context.Context, id string, responder int) error {
	return i.trigger(ctx, id, opening, responder)
}

// Wait triggers an incident whose responder's access waits for a review, and sends its webhook.
func (i *Incidents) Wait(ctx context.Context, id string, responder int) error {
	return i.trigger(ctx, id, waiting, responder)
}

func (i *Incidents) trigger(ctx context.Context, id, service string, responder int) error {
	return i.send(ctx, i.server.Trigger(pagerduty.Incident{
		ID: id, Service: service, Title: "It hangs", Assignees: []string{userOf(responder)},
	}))
}

// Resolve closes an incident and sends its webhook.
func (i *Incidents) Resolve(ctx context.Context, id string, responder int) error {
	delivery, err := i.server.Resolve(id, userOf(responder))
	if err != nil {
		return err
	}
	return i.send(ctx, delivery)
}

func (i *Incidents) send(ctx context.Context, delivery pagerduty.Delivery) error {
	status, err := delivery.Send(ctx, i.connections, i.hooks)
	if err == nil && Busy(status) {
		return ErrBusy
	}
	if err == nil && status >= http.StatusMultipleChoices {
		err = fmt.Errorf("the server answers a webhook with %d", status)
	}
	return err
}
