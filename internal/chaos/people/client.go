// Package people plays those who ask, review and end access through Curfew's API, and somebody who writes to the
// Temporal namespace without a key. They write down what they said and how it was answered.
package people

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"curfew/workflows/contract"
)

const (
	// callWithin is how long one call is waited for.
	callWithin = 15 * time.Second
	// answerLimit bounds what is read of an answer, in bytes.
	answerLimit = 1 << 20
)

// apiClient calls the API as it is documented, and shares no code with Curfew's own client.
type apiClient struct {
	url    string
	tokens map[string]string
	http   *http.Client
}

func newClient(url string, tokens map[string]string) *apiClient {
	return &apiClient{
		url:    url,
		tokens: tokens,
		http:   &http.Client{Timeout: callWithin, Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
	}
}

// call sends one request in somebody's name. Its error is a *contract.Problem when Curfew has answered with one.
func (c *apiClient) call(
	ctx context.Context,
	person, method, path string,
	body any,
) (status contract.Status, err error) {
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return status, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(text))
	if err != nil {
		return status, err
	}
	request.Header.Set("Authorization", "Bearer "+c.tokens[person])
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return status, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return status, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return status, problemIn(response.StatusCode, answer)
	}
	err = json.Unmarshal(answer, &status)
	return status, err
}

// problemIn reads the problem document of RFC 9457 that Curfew answers with.
func problemIn(status int, answer []byte) error {
	var document struct {
		Kind   contract.Kind `json:"kind"`
		Detail string        `json:"detail"`
		Errors []struct {
			Field   string `json:"field"`
			Message string `json:"message"`
			Fix     string `json:"fix"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(answer, &document); err != nil || document.Kind == "" {
		return fmt.Errorf("the server answers %d, and no problem", status)
	}
	problem := &contract.Problem{Kind: document.Kind, Fault: document.Detail}
	if len(document.Errors) > 0 {
		first := document.Errors[0]
		problem.Field, problem.Fault, problem.Fix = first.Field, first.Message, first.Fix
	}
	return problem
}

// refusal is the problem of an error that trying again can't help; nil of any other.
func refusal(err error) *contract.Problem {
	var problem *contract.Problem
	if !errors.As(err, &problem) {
		return nil
	}
	switch problem.Kind {
	case contract.KindUnavailable, contract.KindCapacity, contract.KindInternal:
		return nil
	default:
		return problem
	}
}
