package jira

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"curfew/activities/story"
	"curfew/activities/ticket"
	"curfew/workflows/contract"
)

const (
	// summaryLimit is how long a ticket's summary may be, in UTF-16 code units.
	summaryLimit = 255
	// settles is how long Jira's search may take to find what was just created.
	settles = 30 * time.Second
	// foundLimit is how many tickets with a label are looked at: more than one is already a ticket too many.
	foundLimit = 50
)

// newIssue is all of a ticket that we send. The library's own type sends fields that Jira fills itself.
type newIssue struct {
	Fields newFields `json:"fields"`
}

type newFields struct {
	Project     named    `json:"project"`
	Type        named    `json:"issuetype"`
	Summary     string   `json:"summary"`
	Description string   `json:"description"`
	Labels      []string `json:"labels"`
}

// named is a project by its key, or a type by its name.
type named struct {
	Key  string `json:"key,omitempty"`
	Name string `json:"name,omitempty"`
}

// Open opens a ticket once for each request, which it has a label of. Jira knows no idempotency key: so the label is
// always looked for first. After a reply that was lost it is looked for again only when Jira's search has caught up.
func (s *System) Open(ctx context.Context, opening ticket.Opening) (string, error) {
	if err := checkOpening(opening); err != nil {
		return "", err
	}
	label := "curfew-" + strings.ToLower(opening.Request)
	key, err := s.opened(ctx, label)
	if err != nil || key != "" {
		return key, err
	}
	var created struct {
		Key string `json:"key"`
	}
	err = s.call(ctx, exchange{method: http.MethodPost, path: pathIssues, receive: &created, send: newIssue{newFields{
		Project: named{Key: opening.Project}, Type: named{Name: opening.Type}, Labels: []string{label},
		Summary:     story.OneLine(opening.Summary, summaryLimit),
		Description: render(story.Entry{Marker: opening.Request, Said: opening.Text}),
	}}})
	if err == nil && !keyPattern.MatchString(created.Key) {
		err = s.site.Strange("a ticket without a key")
	}
	if err != nil {
		return "", unsettled(err)
	}
	return created.Key, nil
}

// unsettled makes whoever tries again wait until Jira's search would find what may have been created all the same.
func unsettled(err error) error {
	problem, ok := contract.ProblemOf(err)
	if !ok || problem.Kind != contract.KindUnavailable {
		return err
	}
	later := *problem
	later.RetryAfter.Duration = max(later.RetryAfter.Duration, settles)
	var entry *story.NotTaken
	if errors.As(err, &entry) {
		return &story.NotTaken{Problem: &later}
	}
	return &later
}

// opened finds the ticket with a label by our own account. Others could give theirs the label in advance, to get
// Curfew's comments there: theirs don't count.
func (s *System) opened(ctx context.Context, label string) (key string, err error) {
	me, err := s.identity(ctx)
	if err != nil {
		return "", err
	}
	path := "search"
	if s.deployment == Cloud {
		path = "search/jql" // which has taken the place of the other there
	}
	var found struct {
		Issues []struct {
			Key    string `json:"key"`
			Fields struct {
				Labels  []string `json:"labels"`
				Creator user     `json:"creator"`
			} `json:"fields"`
		} `json:"issues"`
	}
	err = s.call(ctx, exchange{method: http.MethodGet, path: path, receive: &found, query: url.Values{
		"jql":    {`labels = "` + label + `" AND creator = currentUser() ORDER BY created ASC`},
		"fields": {"labels,creator"}, "maxResults": {strconv.Itoa(foundLimit)},
	}})
	if err != nil {
		return "", err
	}
	for _, issue := range found.Issues {
		if slices.Contains(issue.Fields.Labels, label) && s.identityOf(issue.Fields.Creator) == me &&
			keyPattern.MatchString(issue.Key) {
			return issue.Key, nil
		}
	}
	return "", nil
}

func checkOpening(opening ticket.Opening) error {
	switch {
	case !projectPattern.MatchString(opening.Project):
		return contract.Invalid("%.60q is no project", opening.Project).
			At("project").
			Advise("write what its tickets' keys begin with, like OPS")
	case strings.TrimSpace(opening.Type) == "":
		return contract.Invalid("a type is missing").At("type").Advise("name an issue type of the project, like Task")
	case story.OneLine(opening.Summary, summaryLimit) == "":
		return contract.Invalid("a summary is missing").At("summary").Advise("say in a line what it is about")
	}
	return story.CheckID("request", opening.Request)
}

// KeyOf finds the key of the issue that has an id, which is how systems beside Jira name it.
func (s *System) KeyOf(ctx context.Context, id int64) (string, error) {
	var issue struct {
		Key string `json:"key"`
	}
	err := s.call(ctx, exchange{
		method:  http.MethodGet,
		ticket:  strconv.FormatInt(id, 10),
		query:   url.Values{"fields": {"summary"}},
		receive: &issue,
	})
	if err != nil {
		return "", err
	}
	if !keyPattern.MatchString(issue.Key) {
		return "", s.site.Strange("a ticket without a key")
	}
	return issue.Key, nil
}
