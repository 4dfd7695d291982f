package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"curfew/activities/ticket"
)

var _ ticket.Historian = (*System)(nil)

// stamp is how Jira writes a time: its offset has no colon.
const stamp = "2006-01-02T15:04:05.000-0700"

// history is a change of an issue, as its changelog has it.
type history struct {
	ID      string `json:"id"`
	Author  user   `json:"author"`
	Created string `json:"created"`
	Items   []struct {
		Field string `json:"field"`
		From  string `json:"fromString"`
		To    string `json:"toString"`
		ToID  string `json:"to"`
	} `json:"items"`
}

// History reads a ticket, and of its past what Jira returns at once: on Cloud the newest hundred changes.
func (s *System) History(ctx context.Context, key string) (ticket.History, error) {
	if err := checkKey(key); err != nil {
		return ticket.History{}, err
	}
	found, id, err := s.find(ctx, key)
	if err != nil {
		return ticket.History{}, err
	}
	var issue struct {
		Fields    map[string]json.RawMessage `json:"fields"`
		Changelog struct {
			Histories []history `json:"histories"`
		} `json:"changelog"`
	}
	err = s.call(ctx, exchange{
		method: http.MethodGet, ticket: id, receive: &issue,
		query: url.Values{"fields": {"*navigable,-comment,-description"}, "expand": {"changelog"}},
	})
	if err != nil {
		return ticket.History{}, err
	}
	me, err := s.identity(ctx)
	if err != nil {
		return ticket.History{}, err
	}
	told := ticket.History{Ticket: found, RequestType: requestType(issue.Fields), Own: found.Reporter == me}
	var kind struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(issue.Fields["issuetype"], &kind) // what can't be read stays empty
	told.Type = kind.Name
	if told.CreatedAt, err = created(issue.Fields["created"]); err != nil {
		return ticket.History{}, s.site.Strange("a ticket that was never created")
	}
	for _, change := range issue.Changelog.Histories {
		told.Moves = append(told.Moves, s.moves(change)...)
		told.FormerKeys = append(told.FormerKeys, formerKeys(change)...)
	}
	return told, nil
}

func created(field json.RawMessage) (time.Time, error) {
	var text string
	if err := json.Unmarshal(field, &text); err != nil {
		return time.Time{}, err
	}
	return time.Parse(stamp, text)
}

// requestType is the type of a request of Jira Service Management. It is in a custom field whose number differs from
// site to site, and whose value looks like no other's.
func requestType(fields map[string]json.RawMessage) string {
	for _, field := range fields {
		var value struct {
			RequestType struct {
				Name string `json:"name"`
			} `json:"requestType"`
		}
		if json.Unmarshal(field, &value) == nil && value.RequestType.Name != "" {
			return value.RequestType.Name
		}
	}
	return ""
}

// moves are the changes of the status. One without a time is none.
func (s *System) moves(change history) (moves []ticket.Move) {
	at, err := time.Parse(stamp, change.Created)
	if err != nil {
		return nil
	}
	for _, item := range change.Items {
		if item.Field == "status" {
			moves = append(
				moves,
				ticket.Move{ID: change.ID, By: s.identityOf(change.Author), To: item.To, ToID: item.ToID, At: at},
			)
		}
	}
	return moves
}

// formerKeys are the keys that a ticket had before it was moved to another project.
func formerKeys(change history) (keys []string) {
	for _, item := range change.Items {
		if item.Field == "Key" && keyPattern.MatchString(item.From) {
			keys = append(keys, item.From)
		}
	}
	return keys
}
