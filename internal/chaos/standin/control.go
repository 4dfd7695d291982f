package standin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"curfew/internal/sandbox"
)

// Comment is a comment on a ticket.
type Comment struct {
	Issue string `json:"issue"`
	Body  string `json:"body"`
}

// control answers what the stand-ins hold, and makes them misbehave.
func (s *stand) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /holders", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.holders()) })
	mux.HandleFunc("GET /comments", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.comments()) })
	mux.HandleFunc("PUT /faults/lightrun", s.misbehave(&s.lightrunFaults))
	mux.HandleFunc("PUT /faults/jira", s.misbehave(&s.jiraFaults))
	return mux
}

// holders are the users who may now work with the agents, by whatever access.
func (s *stand) holders() []string {
	emails := []string{}
	for _, access := range s.lightrun.Live() {
		emails = append(emails, access.UserEmails...)
	}
	return emails
}

func (s *stand) comments() []Comment {
	all := []Comment{}
	for _, issue := range s.jira.Issues(Project) {
		for _, comment := range s.jira.Comments(issue.Key) {
			all = append(all, Comment{issue.Key, comment.Body})
		}
	}
	return all
}

// misbehave sets the faults of a stand-in, in the place of those that it had.
func (*stand) misbehave(faults *sandbox.Faults) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var wanted []sandbox.Fault
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&wanted); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		faults.Clear()
		for _, fault := range wanted {
			faults.Add(fault)
		}
		answer(w, len(wanted))
	}
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the caller may have gone
}

// Client looks at the stand-ins of another process.
type Client struct {
	address string
	http    *http.Client
}

// NewClient makes a client of the address Control.
func NewClient(address string) *Client {
	return &Client{
		address: "http://" + address,
		http:    &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}},
	}
}

// Holders are the users who may now work with Lightrun's agents, by e-mail address.
func (c *Client) Holders(ctx context.Context) (emails []string, err error) {
	err = c.call(ctx, http.MethodGet, "/holders", nil, &emails)
	return emails, err
}

// Comments are all comments, ticket by ticket, oldest first.
func (c *Client) Comments(ctx context.Context) (all []Comment, err error) {
	err = c.call(ctx, http.MethodGet, "/comments", nil, &all)
	return all, err
}

// MisbehaveLightrun sets what is wrong with Lightrun, in the place of what was; nothing mends it.
func (c *Client) MisbehaveLightrun(ctx context.Context, faults []sandbox.Fault) error {
	return c.call(ctx, http.MethodPut, "/faults/lightrun", faults, new(int))
}

// MisbehaveJira sets what is wrong with Jira.
func (c *Client) MisbehaveJira(ctx context.Context, faults []sandbox.Fault) error {
	return c.call(ctx, http.MethodPut, "/faults/jira", faults, new(int))
}

func (c *Client) call(ctx context.Context, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.address+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the stand-ins answer %s with %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}
