package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"curfew/workflows/contract"
)

const (
	streamType = "text/event-stream"
	// streamFor bounds a stream's life; a client that wants more comes back with Last-Event-ID.
	streamFor = time.Hour
	// stillThereEvery keeps proxies from cutting a stream on which nothing happens.
	stillThereEvery = 15 * time.Second
	writeWithin     = 10 * time.Second
	// letInAgainEvery is how often a stream looks whether its token is still good.
	letInAgainEvery = 2 * time.Second
)

// errTokenOver ends a stream whose token is not good any more.
var errTokenOver = errors.New("the token of the stream is over")

// Events is what happened to a request so far.
type Events struct {
	Events []contract.Event `json:"events" nullable:"false" doc:"What happened, in order"`
}

type eventsInput struct {
	PathID
	Accept      string `header:"Accept" hidden:"true"`
	Follow      bool   `query:"follow" doc:"Stream the events as they come, like Accept: text/event-stream"`
	LastEventID int    `header:"Last-Event-ID" minimum:"0" doc:"Stream only the events after this number"`
}

func (s *server) events() {
	op := operation(
		http.MethodGet,
		"/v1/requests/{id}/events",
		"events",
		"List the events of a request, or follow them",
	)
	op.Description = "A stream has one message for each event, with the event's number as its id. When the request has " +
		"ended, a last message of the type `ended` has the request's status, and the stream ends."
	registry := s.huma.OpenAPI().Components.Schemas
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The events so far, or a stream of events",
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: huma.SchemaFromType(registry, reflect.TypeFor[Events]())},
			streamType:         {Schema: &huma.Schema{Type: huma.TypeString, Description: "Server-sent events"}},
		},
	}}
	huma.Register(s.huma, op, func(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
		respond, err := s.eventsOrStream(ctx, current(ctx), in)
		if err != nil {
			return nil, refusal(ctx, op, err)
		}
		return &huma.StreamResponse{Body: respond}, nil
	})
}

func (s *server) eventsOrStream(ctx context.Context, by *call, in *eventsInput) (func(huma.Context), error) {
	within, cancel := context.WithTimeout(ctx, handleWithin)
	defer cancel()
	person := by.Person
	_, events, err := by.starter.Events(within, person, in.ID)
	if err != nil {
		return nil, err
	}
	if !in.Follow && !strings.Contains(in.Accept, streamType) {
		return func(hc huma.Context) { writeEvents(hc, events) }, nil
	}
	leave, err := s.streams.enter(person)
	if err != nil {
		return nil, err
	}
	return func(hc huma.Context) {
		defer leave()
		s.stream(hc, person, in.ID, in.LastEventID)
	}, nil
}

func writeEvents(hc huma.Context, events []contract.Event) {
	hc.SetHeader("Content-Type", "application/json")
	_ = json.NewEncoder(hc.BodyWriter()).Encode(Events{append([]contract.Event{}, events...)}) // the caller may be gone
}

// stream sends events until the request has ended, the caller goes away, the token is not good any more, the server
// stops or the stream is too old.
func (s *server) stream(hc huma.Context, person, id string, after int) {
	ctx, cancel := context.WithTimeout(hc.Context(), streamFor)
	defer cancel()
	defer context.AfterFunc(serving(hc.Context()), cancel)()

	_, w := humago.Unwrap(hc)
	messages, known, letIn := newMessages(w), current(hc.Context()), time.Now()
	err := s.starter.Watch(ctx, person, id, after, func(status contract.Status, news []contract.Event) error {
		if time.Since(letIn) >= letInAgainEvery {
			if err := known.again(ctx); err != nil {
				return errTokenOver
			}
			letIn = time.Now()
		}
		for _, event := range news {
			if err := messages.send(fmt.Sprintf("id: %d\n", event.Seq), event); err != nil {
				return err
			}
		}
		if status.State == contract.StateEnded {
			return messages.send("event: ended\n", status)
		}
		return messages.stillThere()
	})
	if err != nil && ctx.Err() == nil && !errors.Is(err, errTokenOver) {
		known.cause = err
	}
}

// messages writes server-sent events.
type messages struct {
	w       http.ResponseWriter
	control *http.ResponseController
	sent    time.Time // when something was written last
}

func newMessages(w http.ResponseWriter) *messages {
	m := &messages{w: w, control: http.NewResponseController(w)}
	w.Header().Set("Content-Type", streamType)
	_ = m.control.SetReadDeadline(time.Time{}) // nothing more is read; without deadlines there is none to lift
	return m
}

func (m *messages) send(head string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	return m.write("%sdata: %s\n\n", head, text)
}

// stillThere writes a comment when nothing was written for a while.
func (m *messages) stillThere() error {
	if time.Since(m.sent) < stillThereEvery {
		return nil
	}
	return m.write(": still there\n\n")
}

func (m *messages) write(format string, args ...any) error {
	m.sent = time.Now()
	_ = m.control.SetWriteDeadline(m.sent.Add(writeWithin)) // as above
	if _, err := fmt.Fprintf(m.w, format, args...); err != nil {
		return fmt.Errorf("write to a stream: %w", err)
	}
	if err := m.control.Flush(); err != nil {
		return fmt.Errorf("flush a stream: %w", err)
	}
	return nil
}
