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
	// followTries is how often in a row a stream is opened without anything new coming out of it.
	followTries = 5
)

// Follow tells the events of a request after a number as they come, and returns its status when it has ended. It opens
// the stream again when it breaks. An error of tell's ends it.
func (c *Client) Follow(
	ctx context.Context, id string, after int, tell func(Answer[contract.Event]) error,
) (Answer[contract.Status], error) {
	for try := 1; ; try++ {
		stream := &stream{after: after, tell: tell}
		err := c.stream(ctx, id, stream)
		if stream.after > after {
			after, try = stream.after, 0
		}
		switch {
		case stream.ended != nil:
			return *stream.ended, nil
		case stream.refused != nil:
			return Answer[contract.Status]{}, stream.refused
		case ctx.Err() != nil:
			return Answer[contract.Status]{}, ctx.Err()
		case !passing(err) || try >= followTries:
			return Answer[contract.Status]{}, err
		}
		select {
		case <-ctx.Done():
			return Answer[contract.Status]{}, ctx.Err()
		case <-time.After(retryAfter):
		}
	}
}

// passing is true for problems that may be gone when the stream is opened again.
func passing(err error) bool {
	problem, ok := contract.ProblemOf(err)
	return ok && problem.Kind == contract.KindUnavailable
}

// stream is what came out of one connection.
type stream struct {
	after   int
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
			if err := c.take(s, message["event"], []byte(message["data"])); err != nil || s.refused != nil || s.ended != nil {
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
	return contract.Problemf(contract.KindUnavailable, "server", "try again", "%s has ended the stream", c.base.Host)
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
	s.after = event.Value.Seq
	s.refused = s.tell(event)
	return nil
}
