// Package pagerduty reads PagerDuty's incidents and who is on call for them, and adds notes to incidents.
package pagerduty

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"curfew/activities/incident"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// titleLimit bounds what is kept of an incident's title, in bytes.
const titleLimit = 1024

var (
	incidentPattern = regexp.MustCompile(`^[PQ][A-Z0-9]{6,13}$`)
	// idPattern fits all other things of PagerDuty.
	idPattern = regexp.MustCompile(`^[A-Z0-9]{6,14}$`)
)

// System is one account at PagerDuty, seen with Curfew's own API key. It is safe for concurrent use.
type System struct {
	api  *outbound.API
	from string                 // the user whom it acts as, by e-mail
	me   atomic.Pointer[string] // the id of our own user, once it was read
}

var _ incident.System = (*System)(nil)

// New returns the account that settings describe, as Validate has checked them. It does not wait for PagerDuty to be up;
// Check does. Errors are *contract.Problem that name the setting.
func New(settings Settings) (*System, error) {
	address, err := url.Parse(settings.URL)
	if err != nil || address.Host == "" {
		return nil, contract.Invalid("is no web address").
			At("incidents.pagerduty.url").
			Advise("write it like https://api.pagerduty.com")
	}
	return &System{from: settings.From, api: &outbound.API{
		Peer: outbound.Peer{
			Name:  "PagerDuty",
			Host:  address.Host,
			Leads: "incidents.pagerduty.url leads to PagerDuty's REST API",
		},
		Base: strings.TrimRight(
			settings.URL,
			"/",
		),
		Accept: "application/vnd.pagerduty+json;version=2",
		Limit:  replyLimit,
		Client: outbound.NewClient(),
		Sign: func(request *http.Request) error {
			request.Header.Set("Authorization", "Token token="+settings.Token.Reveal())
			request.Header.Set("Content-Type", "application/json") // PagerDuty wants it of every request
			return nil
		},
	}}, nil
}

// Name is what people's accounts here are called in the directory.
func (*System) Name() string { return name }

// Recognizes is true for ids like PT4KHLK and Q0PTK3GM5RYEL7. An incident's number is none: other systems' numbers look
// the same.
func (*System) Recognizes(id string) bool { return incidentPattern.MatchString(id) }

// reference is a thing of PagerDuty by its id and name.
type reference struct {
	ID      string `json:"id"`
	Type    string `json:"type"` // like "user_reference"
	Summary string `json:"summary"`
}

// The states of an incident.
const (
	triggered    = "triggered"
	acknowledged = "acknowledged"
	resolved     = "resolved"
)

// merged is why an incident is resolved whose work goes on in another.
const merged = "merge_resolve_reason"

// mostMerges bounds how far an incident is followed that was merged into one that was merged.
const mostMerges = 10

// Find reads an incident. One that was merged is as open as the one that it has become a part of.
func (s *System) Find(ctx context.Context, id string) (incident.Incident, error) {
	found, err := s.find(ctx, id)
	if err != nil {
		return incident.Incident{}, err
	}
	into := found
	for range mostMerges {
		if into.Open || into.MergedInto == "" {
			break
		}
		next, err := s.find(ctx, into.MergedInto)
		if problem, known := contract.ProblemOf(err); known && problem.Kind == contract.KindNotFound {
			break // it is gone, and nothing goes on
		}
		if err != nil {
			return incident.Incident{}, err
		}
		into = next
	}
	if into.ID != found.ID {
		found.MergedInto, found.Open, found.Acknowledged, found.Responders = into.ID, into.Open, into.Acknowledged, into.Responders
	}
	return found, nil
}

// incidentReply is what Curfew reads of PagerDuty's answer about an incident.
type incidentReply struct {
	Incident struct {
		ID          string    `json:"id"`
		Title       string    `json:"title"`
		Created     string    `json:"created_at"`
		URL         string    `json:"html_url"`
		Status      string    `json:"status"`
		Urgency     string    `json:"urgency"`
		Service     reference `json:"service"`
		Priority    reference `json:"priority"`
		Assignments []struct {
			Assignee reference `json:"assignee"`
		} `json:"assignments"`
		Reason *struct {
			Type     string    `json:"type"`
			Incident reference `json:"incident"`
		} `json:"resolve_reason"`
	} `json:"incident"`
}

func (s *System) find(ctx context.Context, id string) (incident.Incident, error) {
	if err := s.checkIncident(id); err != nil {
		return incident.Incident{}, err
	}
	var reply incidentReply
	err := s.call(
		ctx,
		exchange{method: http.MethodGet, about: aboutIncident, path: "/incidents/" + id, receive: &reply},
	)
	if err != nil {
		return incident.Incident{}, err
	}
	told := reply.Incident
	known := told.Status == triggered || told.Status == acknowledged || told.Status == resolved
	if told.ID != id || !known || !idPattern.MatchString(told.Service.ID) {
		return incident.Incident{}, s.api.Strange("another incident, or one without a state or service")
	}
	opened, err := time.Parse(time.RFC3339, told.Created)
	if err != nil {
		return incident.Incident{}, s.api.Strange("an incident that began at no time")
	}
	found := incident.Incident{
		ID:           id,
		OpenedAt:     opened,
		Service:      told.Service.ID,
		Title:        contract.Shorten(told.Title, titleLimit),
		URL:          webAddress(told.URL),
		Urgency:      told.Urgency,
		Priority:     told.Priority.Summary,
		Open:         told.Status != resolved,
		Acknowledged: told.Status == acknowledged,
	}
	for _, assignment := range told.Assignments {
		found.Responders = append(found.Responders, assignment.Assignee.ID)
	}
	if told.Reason != nil && told.Reason.Type == merged && s.Recognizes(told.Reason.Incident.ID) {
		found.MergedInto = told.Reason.Incident.ID
	}
	return found, nil
}

// checkIncident keeps out of paths what is no id.
func (s *System) checkIncident(id string) error {
	if s.Recognizes(id) {
		return nil
	}
	return contract.Invalid("%.60q is no incident of PagerDuty", id).
		At("incident").
		Advise("write the id that stands in the address of the incident's page, like PT4KHLK")
}

// webAddress is an address that people may follow; empty for any other.
func webAddress(text string) string {
	if address, err := url.Parse(text); err != nil || address.Scheme != "https" && address.Scheme != "http" {
		return ""
	}
	return text
}
