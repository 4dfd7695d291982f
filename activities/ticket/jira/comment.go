package jira

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"curfew/activities/story"
)

const (
	// pageSize is how many comments are asked for at once.
	pageSize = 50
	// pageLimit bounds the search for a comment: 5000 comments are what Jira Cloud allows on a ticket.
	pageLimit = 100
)

// comment is all of a comment that we send or read. The library's own type also sends fields that Jira Cloud refuses.
type comment struct {
	ID     string `json:"id,omitempty"`
	Author *user  `json:"author,omitempty"`
	Body   string `json:"body"`
}

// Comment adds an entry once. Jira has no idempotency key, and a lost reply does not show whether the comment was
// written: so the entry is always looked for first.
func (s *System) Comment(ctx context.Context, key string, entry story.Entry) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := story.CheckID("marker", entry.Marker); err != nil {
		return err
	}
	written, err := s.written(ctx, key, entry.Marker)
	if err != nil || written {
		return err
	}
	var added comment
	err = s.call(ctx, exchange{
		method: http.MethodPost, ticket: key, path: "comment", send: comment{Body: render(entry)}, receive: &added,
	})
	if err != nil {
		return err
	}
	if added.ID == "" {
		return s.site.Strange("no comment")
	}
	return nil
}

// written looks for a comment with a marker by our own account, newest first. Others could write the marker in advance,
// to keep an entry off the ticket: theirs don't count.
func (s *System) written(ctx context.Context, key, marker string) (bool, error) {
	me, err := s.identity(ctx)
	if err != nil {
		return false, err
	}
	seen := 0
	for range pageLimit {
		var page struct {
			Total    int       `json:"total"`
			Comments []comment `json:"comments"`
		}
		err := s.call(ctx, exchange{
			method:  http.MethodGet,
			ticket:  key,
			path:    "comment",
			receive: &page,
			query: url.Values{
				"orderBy":    {"-created"},
				"startAt":    {strconv.Itoa(seen)},
				"maxResults": {strconv.Itoa(pageSize)},
			},
		})
		if err != nil {
			return false, err
		}
		for _, old := range page.Comments {
			if old.Author != nil && s.identityOf(*old.Author) == me && markerOf(old.Body) == marker {
				return true, nil
			}
		}
		seen += len(page.Comments)
		if len(page.Comments) == 0 || seen >= page.Total {
			return false, nil
		}
	}
	return false, nil
}
