// Package zephyr finds the ticket that a test cycle or test execution of Zephyr is linked to, and links back to the
// request. Zephyr names tickets by the numbers that Jira has for them, so Jira is asked for their keys.
package zephyr

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"curfew/activities/story"
	"curfew/activities/ticket"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// descriptionLimit bounds what a link is called, in UTF-16 code units.
const descriptionLimit = 255

// reference is the key of a test cycle (R) or a test execution (E).
var reference = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,19}-([RE])[1-9][0-9]{0,9}$`)

// Issues knows Jira's issues by their numbers.
type Issues interface {
	KeyOf(ctx context.Context, id int64) (key string, err error)
}

// System is the Zephyr of one Jira site. It is safe for concurrent use.
type System struct {
	api    *outbound.API
	issues Issues
}

var _ ticket.References = (*System)(nil)

// New returns the Zephyr that settings describe, as Validate has checked them, beside the Jira that it is in. Errors are
// *contract.Problem that name the setting.
func New(settings Settings, issues Issues) (*System, error) {
	address, err := url.Parse(settings.URL)
	if err != nil || address.Host == "" {
		return nil, contract.Invalid("is no web address").
			At("tickets.zephyr.url").
			Advise("write it like https://api.zephyrscale.smartbear.com/v2")
	}
	return &System{issues: issues, api: &outbound.API{
		Peer: outbound.Peer{
			Name:  "Zephyr",
			Host:  address.Host,
			Leads: "tickets.zephyr.url leads to Zephyr's REST API itself",
		},
		Base:   strings.TrimRight(settings.URL, "/"),
		Limit:  replyLimit,
		Client: outbound.NewClient(),
		Sign: func(request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+settings.Token.Reveal())
			return nil
		},
	}}, nil
}

// Resolve finds the key of the one ticket that a reference is linked to.
func (s *System) Resolve(ctx context.Context, key string) (string, error) {
	item, err := itemOf(key)
	if err != nil {
		return "", err
	}
	var links struct {
		Issues []struct {
			ID int64 `json:"issueId"`
		} `json:"issues"`
	}
	if err := s.call(
		ctx,
		exchange{method: http.MethodGet, path: item + "/links", reference: key, receive: &links},
	); err != nil {
		return "", err
	}
	ids := map[int64]bool{}
	for _, link := range links.Issues {
		ids[link.ID] = true
	}
	if len(ids) != 1 {
		return "", contract.Invalid("%s is linked to %d tickets", key, len(ids)).
			At("zephyr").
			Advise("link it to the one ticket that this is for, or name the ticket itself")
	}
	found, err := s.issues.KeyOf(ctx, links.Issues[0].ID)
	if problem, ok := contract.ProblemOf(err); ok && problem.Kind == contract.KindNotFound {
		return "", contract.NotFound("the ticket that %s is linked to is not to be seen", key).
			At("zephyr").
			Advise("let Curfew's Jira account see the ticket, or name another")
	}
	return found, err
}

// Link adds a web link, once. Zephyr takes the same twice, so the links are looked through first. An execution takes
// none: they are shown at its cycle, and nowhere when it has none.
func (s *System) Link(ctx context.Context, key, address, description string) error {
	cycle, err := s.cycleOf(ctx, key)
	if err != nil || cycle == "" {
		return err
	}
	var links struct {
		WebLinks []webLink `json:"webLinks"`
	}
	if err := s.call(
		ctx,
		exchange{method: http.MethodGet, path: cycle + "/links", reference: key, receive: &links},
	); err != nil {
		return err
	}
	for _, link := range links.WebLinks {
		if link.URL == address {
			return nil
		}
	}
	var added struct {
		ID int64 `json:"id"`
	}
	return s.call(ctx, exchange{
		method: http.MethodPost, path: cycle + "/links/weblinks", reference: key, receive: &added,
		send: webLink{URL: address, Description: story.OneLine(description, descriptionLimit)},
	})
}

type webLink struct {
	URL         string `json:"url"`
	Description string `json:"description"`
}

// The paths of what can be referred to.
const (
	cycles     = "testcycles/"
	executions = "testexecutions/"
)

// itemOf is the path of what a reference leads to.
func itemOf(key string) (string, error) {
	parts := reference.FindStringSubmatch(key)
	switch {
	case parts == nil:
		return "", contract.Invalid("%.60q is neither", key).
			At("zephyr").
			Advise("write the key of a test cycle, like OPS-R12, or of a test execution, like OPS-E345")
	case parts[1] == "E":
		return executions + key, nil
	}
	return cycles + key, nil
}

// cycleOf is the path of the cycle that a reference leads to; empty when that is an execution outside of any.
func (s *System) cycleOf(ctx context.Context, key string) (string, error) {
	item, err := itemOf(key)
	if err != nil || strings.HasPrefix(item, cycles) {
		return item, err
	}
	var execution struct {
		Cycle *struct {
			ID int64 `json:"id"`
		} `json:"testCycle"`
	}
	if err := s.call(
		ctx,
		exchange{method: http.MethodGet, path: item, reference: key, receive: &execution},
	); err != nil {
		return "", err
	}
	if execution.Cycle == nil {
		return "", nil
	}
	return cycles + strconv.FormatInt(execution.Cycle.ID, 10), nil
}
