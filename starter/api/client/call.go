package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"curfew/starter/api"
	"curfew/workflows/contract"
)

// maxAnswer is more than the longest list takes.
const maxAnswer = 16 << 20

const (
	// limitTries is how often a call is made that the server has put off because there were too many, and longestPause
	// how long it is waited for at most before the next.
	limitTries   = 4
	longestPause = 10 * time.Second
)

// call makes a call, again after a while when the server asks for that.
func call[T any](ctx context.Context, c *Client, method, path string, body any) (answer Answer[T], err error) {
	for try := 1; ; try++ {
		answer, err = callOnce[T](ctx, c, method, path, body)
		problem, ok := contract.ProblemOf(err)
		if !ok || problem.Kind != contract.KindTooMany || problem.RetryAfter.Duration > longestPause ||
			try == limitTries {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, err
		case <-time.After(problem.RetryAfter.Duration):
		}
	}
}

// callOnce sends one request and reads the answer to its end.
func callOnce[T any](ctx context.Context, c *Client, method, path string, body any) (Answer[T], error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	var answer Answer[T]
	request, err := c.request(ctx, method, path, body)
	if err != nil {
		return answer, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer, c.unreachable(err)
	}
	defer response.Body.Close()
	if answer.JSON, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1)); err != nil {
		return answer, c.unreachable(err)
	}
	if len(answer.JSON) > maxAnswer {
		return answer, c.strange("it is longer than %d MiB", maxAnswer>>20)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return answer, c.refused(response, answer.JSON)
	}
	if err := json.Unmarshal(answer.JSON, &answer.Value); err != nil {
		return answer, c.strange("%v", err)
	}
	c.answered.Store(true)
	return answer, nil
}

func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("write the request's body: %w", err)
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.base.String(), "/")+path, payload)
	if err != nil {
		return nil, fmt.Errorf("make a call: %w", err)
	}
	request.Header.Set("User-Agent", c.agent)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	token, err := c.token(ctx)
	if err != nil {
		return nil, err
	}
	if !token.IsZero() {
		request.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	return request, nil
}

// refused turns an answer that is no success back into the problem that the server had.
func (c *Client) refused(response *http.Response, body []byte) error {
	if response.StatusCode < 400 {
		return contract.Invalid("it redirects elsewhere, and the token is not sent there").
			At("server").
			Advise("name the server's own address")
	}
	var document api.Problem
	if err := json.Unmarshal(body, &document); err != nil || document.Kind == "" {
		return c.foreign(response)
	}
	problem := &contract.Problem{Kind: document.Kind, Fault: document.Detail}
	if len(document.Errors) > 0 {
		first := document.Errors[0]
		problem.Field, problem.Fault, problem.Fix = first.Field, first.Message, first.Fix
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		problem.RetryAfter.Duration = time.Duration(seconds) * time.Second
	}
	return problem
}

// foreign is about an answer that is not Curfew's: a proxy's, or some other server's.
func (c *Client) foreign(response *http.Response) error {
	kind, fix := contract.KindInvalid, "check that this is where Curfew is"
	if response.StatusCode >= http.StatusInternalServerError {
		kind, fix = contract.KindUnavailable, "try again"
	}
	return kind.Problem("%s answered %d, and not as Curfew does", c.base.Host, response.StatusCode).
		At("server").
		Advise(fix)
}

func (c *Client) strange(fault string, args ...any) error {
	return contract.Internal("the answer of %s can't be read: %s", c.base.Host, fmt.Sprintf(fault, args...)).
		At("server").
		Advise("check that this is where Curfew is")
}

func (c *Client) unreachable(err error) error {
	return contract.Unavailable("%s can't be reached: %v", c.base.Host, innermost(err)).
		At("server").
		Advise("check that it runs, or name another one")
}

// innermost leaves out what an url.Error adds: the verb and the whole address.
func innermost(err error) error {
	var around *url.Error
	if errors.As(err, &around) {
		return around.Err
	}
	return err
}
