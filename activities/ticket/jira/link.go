package jira

import (
	"context"
	"net/http"

	"curfew/activities/story"
	"curfew/activities/ticket"
)

// linkTextLimit is how long a link's texts may be, in UTF-16 code units.
const linkTextLimit = 255

// remoteLink is a link as Jira takes it. The library's own type can't say that something is not resolved: it leaves out
// what is false.
type remoteLink struct {
	GlobalID string     `json:"globalId"`
	Object   linkObject `json:"object"`
}

type linkObject struct {
	URL     string     `json:"url"`
	Title   string     `json:"title"`
	Summary string     `json:"summary,omitempty"`
	Status  linkStatus `json:"status"`
}

type linkStatus struct {
	Resolved bool `json:"resolved"`
}

// Link writes the request's one link: Jira puts it in the place of the one with the same global id.
func (s *System) Link(ctx context.Context, key string, link ticket.Link) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := story.CheckID("id", link.ID); err != nil {
		return err
	}
	var linked struct {
		ID int64 `json:"id"`
	}
	return s.call(ctx, exchange{
		method: http.MethodPost, ticket: key, path: "remotelink", receive: &linked,
		send: remoteLink{
			GlobalID: "curfew=" + link.ID,
			Object: linkObject{
				URL:     link.URL,
				Title:   story.OneLine(link.Title, linkTextLimit),
				Summary: story.OneLine(link.Summary, linkTextLimit),
				Status:  linkStatus{Resolved: link.Resolved},
			},
		},
	})
}
