package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"curfew/workflows/contract"
)

const (
	maxLine = 1 << 20
	// silenceFor is longer than the server lets a stream be silent.
	silenceFor = time.Minute
	// followTries is how often a stream is opened of a server that has not answered this client before.
	followTries = 5
	// followFor is how long one that has is tried again: it may be restarting, or a proxy before it.
	followFor = 15 * time.Minute
	// longestRetry is the longest pause between two tries.
	longestRetry = 5 * time.Second
)

// Follow tells the events of a request after a number as they come, and returns its status when it has ended. It opens
// the stream again when that breaks, also while the server is restarted. An error of tell's ends it, unless it is one
// that may be gone the next time: then the same event is told again.
func (c *Client) Follow(
	ctx context.Context, id string, after int, tell func(Answer[contract.Event]) error,
) (Answer[contract.Status], error) {
	outage := outage{pause: retryAfter}
	for {
		stream := &stream{after: after, tell: tell}
		err := c.stream(ctx, id, stream)
		switch {
		case stream.ended != nil:
			return *stream.ended, nil
		case stream.refused != nil:
			return Answer[contract.Status]{}, stream.refused
		case ctx.Err() != nil:
			return Answer[contract.Status]{}, ctx.Err()
		case stream.open:
			outage = outage.over(stream.after > after)
		}
		after = stream.after
		if !passing(err) || !outage.goesOn(c.answered.Load()) {
			return Answer[contract.Status]{}, err
		}
		if outage.tries == followTries && c.trouble != nil {
			c.trouble(err)
		}
		select {
		case <-ctx.Done():
			return Answer[contract.Status]{}, ctx.Err()
		case <-time.After(outage.pause):
		}
		outage.pause = min(2*outage.pause, longestRetry)
	}
}

// outage is the time in which a server is not reached.
type outage struct {
	since time.Time
	tries int
	pause time.Duration
}

// over ends an outage when a stream was open; only one that brought something also starts with short pauses again.
func (o outage) over(news bool) outage {
	o.since, o.tries = time.Time{}, 0
	if news {
		o.pause = retryAfter
	}
	return o
}

// goesOn is true while it is worth to try again.
func (o *outage) goesOn(answered bool) bool {
	now := time.Now()
	if o.since.IsZero() {
		o.since = now
	}
	o.tries++
	return o.tries < followTries || answered && now.Sub(o.since) < followFor
}

// passing is true for problems that may be gone when the stream is opened again.
func passing(err error) bool {
	problem, ok := contract.ProblemOf(err)
	return ok && (problem.Kind == contract.KindUnavailable || problem.Kind == contract.KindCapacity)
}

// stream is what came out of one connection.
type stream struct {
	after   int
	open    bool
	tell    func(Answer[contract.Event]) error
	refused error // by tell
	ended   *Answer[contract.Status]
}

func (c *Client) stream(ctx context.Context, id string, s *stream) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(silenceFor, cancel)
	defer silence.Stop()

	request, err := c.request(ctx, http.MethodGet, on(id, "events")+"?"+url.Values{"follow": {"true"}}.Encode(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Last-Event-ID", strconv.Itoa(s.after))
	response, err := c.http.Do(request)
	if err != nil {
		return c.unreachable(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, err := io.ReadAll(io.LimitReader(response.Body, maxLine))
		if err != nil {
			return c.unreachable(err)
		}
		return c.refused(response, body)
	}
	s.open = true
	c.answered.Store(true)
	return c.read(response.Body, s, func() { silence.Reset(silenceFor) })
}

// read takes messages apart: lines of "name: value", and an empty line at the end of each.
func (c *Client) read(body io.Reader, s *stream, alive func()) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxLine)
	message := map[string]string{}
	for lines.Scan() {
		alive()
		name, value, _ := strings.Cut(lines.Text(), ":")
		switch {
		case lines.Text() != "":
			message[name] = strings.TrimPrefix(value, " ")
			continue
		case message["data"] != "":
			err := c.take(s, message["event"], []byte(message["data"]))
			if err != nil || s.refused != nil || s.ended != nil {
				return err
			}
		}
		clear(message)
	}
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return c.unreachable(err)
	} else if err != nil {
		return c.strange("%v", err)
	}
	return contract.Unavailable("%s has ended the stream", c.base.Host).At("server").Advise("try again")
}

func (c *Client) take(s *stream, kind string, data []byte) error {
	if kind == "ended" {
		ended := Answer[contract.Status]{JSON: data}
		if err := json.Unmarshal(data, &ended.Value); err != nil {
			return c.strange("%v", err)
		}
		s.ended = &ended
		return nil
	}
	event := Answer[contract.Event]{JSON: data}
	if err := json.Unmarshal(data, &event.Value); err != nil {
		return c.strange("%v", err)
	}
	switch err := s.tell(event); {
	case passing(err):
		return err
	default:
		s.after, s.refused = event.Value.Seq, err
		return nil
	}
}
