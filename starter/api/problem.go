package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"curfew/starter/answer"
	"curfew/workflows/contract"
)

// Problem is an RFC 9457 problem document.
type Problem struct {
	Title  string        `json:"title" doc:"The status in words"`
	Status int           `json:"status" doc:"The HTTP status"`
	Detail string        `json:"detail" doc:"What is wrong and what to do, in one line"`
	Kind   contract.Kind `json:"kind" doc:"What the problem means to whoever has to act on it"`
	Errors []Fault       `json:"errors" nullable:"false" doc:"Each thing that is wrong"`
}

// Fault is one thing that is wrong.
type Fault struct {
	Location string `json:"location,omitempty" doc:"Where it is: body.duration, path.id, query.limit"`
	Field    string `json:"field,omitempty" doc:"The field at fault"`
	Message  string `json:"message" doc:"What is wrong"`
	Fix      string `json:"fix,omitempty" doc:"What to do about it"`
}

// Error is the problem in one line.
func (p *Problem) Error() string { return p.Detail }

// GetStatus tells huma which status to send.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType tells huma what kind of JSON this is.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// huma makes its own errors, about input that doesn't fit the schema, with this one function for all of a process, and
// takes keys for fields that differ from them in case unless all of a process says otherwise.
func init() { huma.NewError, huma.ValidateStrictCasing = schemaProblem, true }

// retryAfter is what a caller is told when the system at fault asked for nothing else.
const retryAfter = 5 * time.Second

// refusal is the error that makes huma send a problem document.
func refusal(ctx context.Context, op huma.Operation, err error) error {
	field := ""
	if problem, ok := contract.ProblemOf(err); ok {
		field = problem.Field
	}
	document, header := documentFor(current(ctx), err, location(op, field))
	if header == nil {
		return document
	}
	return huma.ErrorWithHeaders(document, header)
}

// documentFor describes an error, and says when to try again if that can help. What only the log should know stays with
// the call.
func documentFor(known *call, err error, location string) (*Problem, http.Header) {
	problem, status := answer.Problem(err)
	if status >= http.StatusInternalServerError {
		known.cause = err
	}
	document := documentOf(status, problem, location)
	if status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests {
		return document, nil
	}
	wait := cmp.Or(problem.RetryAfter.Duration, retryAfter)
	return document, http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(wait.Seconds())))}}
}

func documentOf(status int, problem *contract.Problem, location string) *Problem {
	return &Problem{
		Title: http.StatusText(status), Status: status, Detail: problem.Error(), Kind: problem.Kind,
		Errors: []Fault{{Location: location, Field: problem.Field, Message: problem.Fault, Fix: problem.Fix}},
	}
}

// location says where an operation has a field.
func location(op huma.Operation, field string) string {
	switch {
	case field == "":
		return ""
	case strings.Contains(op.Path, "{"+field+"}"):
		return "path." + field
	case op.Method == http.MethodGet:
		return "query." + field
	default:
		return "body." + field
	}
}

// schemaProblem is what huma says about input that doesn't fit the schema, without echoing the input.
func schemaProblem(status int, message string, errs ...error) huma.StatusError {
	p := &Problem{
		Title:  http.StatusText(status),
		Status: status,
		Detail: message,
		Kind:   contract.KindInvalid,
		Errors: []Fault{},
	}
	if status >= http.StatusInternalServerError {
		p.Kind, p.Detail = contract.KindInternal, answer.Internal().Error()
		return p
	}
	for _, err := range errs {
		if detailer, ok := err.(huma.ErrorDetailer); ok {
			p.Errors = append(p.Errors, schemaFault(detailer.ErrorDetail()))
		}
	}
	if len(p.Errors) == 0 {
		p.Errors = []Fault{{Location: "body", Message: message, Fix: "/openapi.yaml describes it"}}
	}
	first := p.Errors[0]
	p.Detail = p.Kind.Problem("%s", first.Message).At(first.Field).Advise(first.Fix).Error()
	return p
}

func schemaFault(detail *huma.ErrorDetail) Fault {
	fault := Fault{Location: detail.Location, Message: detail.Message, Fix: "/openapi.yaml describes it"}
	var missing string
	if _, err := fmt.Sscanf(detail.Message, validation.MsgExpectedRequiredProperty, &missing); err == nil {
		fault.Location += "." + missing
		fault.Message, fault.Fix = "it is missing", "give it"
	}
	if detail.Message == validation.MsgUnexpectedProperty {
		fault.Message, fault.Fix = "there is no such field", "leave it out; /openapi.yaml describes the fields"
	}
	if _, field, ok := strings.Cut(fault.Location, "."); ok {
		fault.Field = field
	}
	return fault
}

// write sends a document from outside of huma.
func write(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	encode(w, p)
}

func encode(w io.Writer, p *Problem) {
	_ = json.NewEncoder(w).Encode(p) // nobody is left to hear of it when the caller is gone
}
