package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"curfew/internal/outbound"
	"curfew/internal/signing"
	"curfew/workflows/contract"
)

// endpoint calls the receiver.
type endpoint struct {
	url    *url.URL
	signer signing.Signer
	client *http.Client
}

func newEndpoint(where *url.URL, signer signing.Signer, guard outbound.Guard) *endpoint {
	return &endpoint{url: where, signer: signer, client: guard.Client()}
}

// String names the receiver in errors.
func (e *endpoint) String() string { return "the receiver at " + e.url.Host }

// ask sends a message, and reads the answer into a pointer to a struct. Any other answer than a success is an error.
func (e *endpoint) ask(ctx context.Context, asked message, into any) error {
	answer, err := e.call(ctx, asked)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return e.refusal(asked, answer)
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return e.strange("%s", outbound.Clip(err.Error()))
	}
	return nil
}

// call sends a message. It returns an error only when there is no whole answer.
func (e *endpoint) call(ctx context.Context, asked message) (answer, error) {
	request, err := e.request(ctx, asked)
	if err != nil {
		return answer{}, err
	}
	got, err := outbound.Send(e.client, request)
	switch {
	case errors.Is(err, outbound.ErrTooLarge):
		return answer{}, e.strange("%v", err)
	case err != nil:
		return answer{}, contract.Unavailable("%s can't be reached: %s", e, outbound.Clip(err.Error())).
			Advise("check that it runs, and the target's url and allow")
	}
	return answer{got}, nil
}

func (e *endpoint) request(ctx context.Context, asked message) (*http.Request, error) {
	body, err := json.Marshal(asked)
	if err != nil {
		return nil, fmt.Errorf("write the message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("Accept", "application/json, "+problemType)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "curfew")
	// No id is used twice: a receiver may refuse those that it has seen.
	return request, e.signer.Sign(request.Header, "msg_"+rand.Text(), time.Now(), body)
}

// strange is about an answer that no receiver gives; something else may stand in its place.
func (e *endpoint) strange(fault string, args ...any) error {
	return contract.Unavailable("%s gave a strange answer: %s", e, fmt.Sprintf(fault, args...)).
		Advise("see that the target's url leads to the receiver, and what it answers")
}
