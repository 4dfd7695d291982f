// Package jira reads, opens and comments on tickets of Jira Cloud and Jira Data Center. It calls both by REST API v2,
// the only one that they share. Only the status code of Jira's answer decides what the answer means.
package jira

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sync/atomic"

	gojira "github.com/andygrunwald/go-jira"

	"curfew/activities/ticket"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// System is one Jira site, seen through Curfew's own account on it. It is safe for concurrent use.
type System struct {
	client     *gojira.Client
	site       outbound.Peer
	deployment string
	me         atomic.Pointer[string] // the identity of our own account, once it was read
}

var _ ticket.System = (*System)(nil)

// New returns the site that settings describe, as Validate has checked them. It does not wait for Jira to be up; Check
// does. Errors are *contract.Problem that name the setting.
func New(settings Settings) (*System, error) {
	address, err := url.Parse(settings.URL)
	if err != nil || address.Host == "" {
		return nil, contract.Invalid("is no web address").
			At("tickets.jira.url").
			Advise("write it like https://example.atlassian.net")
	}
	connections := outbound.NewClient()
	transport, problem := authenticated(settings, connections.Transport)
	if problem != nil {
		return nil, problem
	}
	connections.Transport = transport
	client, err := gojira.NewClient(connections, address.String())
	if err != nil {
		return nil, fmt.Errorf("make a client for Jira: %w", err)
	}
	return &System{client: client, site: outbound.Peer{
		Name:  "Jira",
		Host:  address.Host,
		Leads: "tickets.jira.url leads to Jira itself and that tickets.jira.deployment fits it",
	}, deployment: settings.Deployment}, nil
}

// authenticated signs requests in the way of the deployment.
func authenticated(settings Settings, connections http.RoundTripper) (http.RoundTripper, *contract.Problem) {
	switch settings.Deployment {
	case Cloud:
		return &gojira.BasicAuthTransport{
			Username:  settings.User,
			Password:  settings.Token.Reveal(),
			Transport: connections,
		}, nil
	case DataCenter:
		return &gojira.PATAuthTransport{Token: settings.Token.Reveal(), Transport: connections}, nil
	}
	return nil, contract.Invalid("%.60q is no deployment", settings.Deployment).
		At("tickets.jira.deployment").
		Advise("write " + Cloud + " or " + DataCenter)
}

// Name is what people's accounts on Jira are called in the directory: the account id in the cloud, the user key in a data
// center.
func (*System) Name() string { return name }

// Recognizes is true for keys like OPS-7.
func (*System) Recognizes(key string) bool { return keyPattern.MatchString(key) }

// Find reads a ticket.
func (s *System) Find(ctx context.Context, key string) (ticket.Ticket, error) {
	if err := checkKey(key); err != nil {
		return ticket.Ticket{}, err
	}
	found, _, err := s.find(ctx, key)
	return found, err
}

// find reads a ticket, and its id, which stays when the ticket moves to another project.
func (s *System) find(ctx context.Context, key string) (found ticket.Ticket, id string, err error) {
	var issue struct {
		ID     string `json:"id"`
		Key    string `json:"key"`
		Fields struct {
			Summary  string `json:"summary"`
			Status   status `json:"status"`
			Assignee user   `json:"assignee"`
			Reporter user   `json:"reporter"`
		} `json:"fields"`
	}
	err = s.call(ctx, exchange{
		method:  http.MethodGet,
		ticket:  key,
		query:   url.Values{"fields": {"summary,status,assignee,reporter"}},
		receive: &issue,
	})
	if err != nil {
		return found, "", err
	}
	if !keyPattern.MatchString(issue.Key) || !idPattern.MatchString(issue.ID) {
		return found, "", s.site.Strange("a ticket without a key")
	}
	is := issue.Fields.Status
	return ticket.Ticket{
		Key:     issue.Key,
		Summary: issue.Fields.Summary,
		Status: cmp.Or(
			is.Untranslated,
			is.Name,
		),
		ShownStatus: is.Name,
		StatusID:    is.ID,
		Done:        is.Category.Key == "done",
		Assignee:    s.identityOf(issue.Fields.Assignee),
		Reporter:    s.identityOf(issue.Fields.Reporter),
	}, issue.ID, nil
}

// idPattern is how Jira numbers issues.
var idPattern = regexp.MustCompile(`^[0-9]{1,19}$`)

// status is a status of a workflow. Its name is in the language of Curfew's account, where somebody has translated it.
type status struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Untranslated string `json:"untranslatedName"`
	Category     struct {
		Key string `json:"key"`
	} `json:"statusCategory"`
}

// checkKey keeps out of paths what is no key.
func checkKey(key string) error {
	if keyPattern.MatchString(key) {
		return nil
	}
	return contract.Invalid("%.60q is no ticket key", key).At("ticket").Advise("write a key like OPS-7")
}
