package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"curfew/activities/ledger"
	"curfew/starter"
	"curfew/workflows/contract"
)

// AskBody is what a person asks for.
type AskBody struct {
	ID       string `json:"id,omitempty" doc:"A ULID made less than ten minutes ago: asking again with it, after a lost reply, is not a second request. Made by the server when left out"`
	Template string `json:"template" doc:"What to ask for, by its name" example:"debug-prod"`
	Subject  string `json:"subject,omitempty" doc:"Who gets the access: a person's id; you when left out"`
	Duration string `json:"duration,omitempty" doc:"How long the access lasts, in hours, minutes and seconds; the template's default when left out" example:"1h30m"`
	contract.Purpose
	StartAt time.Time `json:"startAt,omitzero" doc:"When the access is to begin, if not as soon as it is approved" example:"2027-01-31T22:00:00Z"`
	// A second person reviews break-glass access afterwards.
	BreakGlass bool `json:"breakGlass,omitempty" doc:"Open at once, without the reviews that the template asks for otherwise; where it allows that, and to be signed by somebody else afterwards"`
}

// Page is a part of a list, newest first.
type Page struct {
	Requests []contract.Status `json:"requests" nullable:"false" doc:"The requests, newest first"`
	Next     string            `json:"next,omitempty" doc:"Give it as before to get the page that follows; absent on the last page"`
}

// userAgentCLI is how the User-Agent of Curfew's own command starts.
const userAgentCLI = "curfew/"

type askInput struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
	Body      AskBody
}

type askOutput struct {
	Location string `header:"Location" doc:"Where the request is"`
	Body     contract.Status
}

type listInput struct {
	State    stateName `query:"state" doc:"Only those in this state"`
	Template string    `query:"template" maxLength:"256" doc:"Only those for this template"`
	Ticket   string    `query:"ticket" maxLength:"256" doc:"Only those with this ticket"`
	Stuck    bool      `query:"stuck" doc:"Only those whose revoke is past its alarm time"`
	Mine     bool      `query:"mine" doc:"Only those that you asked for or get"`
	ToReview bool      `query:"toReview" doc:"Only those that wait for a review, and that you may review"`
	Before   string    `query:"before" doc:"The next of the page before"`
	Limit    int       `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"How many at most; a page may have fewer, also when there are more: next says so"`
}

type pageOutput struct{ Body Page }

// PathID is the path of every operation on one request. It is exported because huma looks into no other embedded
// struct.
type PathID struct {
	ID string `path:"id" pattern:"^[0-7][0-9A-HJKMNP-TV-Z]{25}$" patternDescription:"the id of a request, 26 capital letters and digits" doc:"The request's id" example:"01KAS3T4M5X6Y7Z8A9B0C1D2E3"`
}

type statusOutput struct{ Body contract.Status }

// ReviewSubject is what a reviewer has to have before them.
type ReviewSubject struct {
	Request contract.Request `json:"request" doc:"The request exactly as it was asked for, with the terms that it is decided by"`
	Digest  string           `json:"digest" doc:"SHA-256 of the canonical JSON (RFC 8785) of what is to be reviewed now, in hex: the extension that the request's status shows waiting, otherwise the request. Send it with the review"`
}

type reviewSubjectOutput struct{ Body ReviewSubject }

func (s *server) requests() {
	ask := operation(http.MethodPost, "/v1/requests", "ask", "Request access")
	ask.DefaultStatus = http.StatusCreated
	register(s, ask, s.ask)
	register(s, operation(http.MethodGet, "/v1/requests", "list", "List the requests that you can see"), s.list)
	register(s, operation(http.MethodGet, "/v1/requests/{id}", "show", "Show a request"), s.show)
	register(s, operation(http.MethodGet, "/v1/requests/{id}/review-subject", "reviewSubject",
		"Show what is to be reviewed, with the digest that binds a review to it"), s.shown)
}

func (s *server) ask(ctx context.Context, by *call, in *askInput) (*askOutput, error) {
	duration, err := contract.AskedDuration(in.Body.Duration)
	if err != nil {
		return nil, err
	}
	status, err := by.starter.Start(ctx, starter.Ask{
		ID:         in.Body.ID,
		Template:   in.Body.Template,
		Requester:  by.Person,
		Subject:    in.Body.Subject,
		Duration:   duration,
		Purpose:    in.Body.Purpose,
		StartAt:    in.Body.StartAt,
		BreakGlass: in.Body.BreakGlass,
		Source:     sourceOf(in.UserAgent),
	})
	if err != nil {
		return nil, err
	}
	return &askOutput{Location: "/v1/requests/" + status.ID, Body: status}, nil
}

func (s *server) list(ctx context.Context, by *call, in *listInput) (*pageOutput, error) {
	filter := ledger.Filter{
		State: contract.State(in.State), Template: in.Template, Ticket: in.Ticket, Stuck: in.Stuck,
		Before: in.Before, Limit: in.Limit,
	}
	if in.Mine {
		filter.Person = by.Person
	}
	if in.ToReview {
		filter.Reviewer, filter.Waits = by.Person, true
	}
	page, err := by.starter.List(ctx, by.Person, filter)
	if err != nil {
		return nil, err
	}
	return &pageOutput{Page{Requests: append([]contract.Status{}, page.Requests...), Next: page.Next}}, nil
}

func (s *server) show(ctx context.Context, by *call, in *PathID) (*statusOutput, error) {
	return statusOr(by.starter.Get(ctx, by.Person, in.ID))
}

func (s *server) shown(ctx context.Context, by *call, in *PathID) (*reviewSubjectOutput, error) {
	request, digest, err := by.starter.ReviewSubject(ctx, by.Person, in.ID)
	if err != nil {
		return nil, err
	}
	return &reviewSubjectOutput{ReviewSubject{request, digest}}, nil
}

func statusOr(status contract.Status, err error) (*statusOutput, error) {
	if err != nil {
		return nil, err
	}
	return &statusOutput{status}, nil
}

func sourceOf(userAgent string) string {
	if strings.HasPrefix(userAgent, userAgentCLI) {
		return starter.SourceCLI
	}
	return starter.SourceAPI
}
