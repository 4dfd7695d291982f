package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"curfew/internal/bench/world"
	"curfew/workflows/contract"
)

const (
	// callers is how many call at the same time where nothing is timed.
	callers = 16
	// answerLimit bounds what is read of an answer, in bytes.
	answerLimit = 1 << 20
	// mostErrors is how many errors are shown where all fail alike.
	mostErrors = 3
)

// connections are shared by all who call the API.
var connections = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// ask has a person ask for a template, through the API.
func (r *run) ask(
	ctx context.Context, person world.Person, template string, lasts time.Duration,
) (contract.Status, error) {
	return r.call(ctx, person.ID, http.MethodPost, "/v1/requests", map[string]string{
		"template": template, "duration": lasts.String(), "reason": "orders are late",
	})
}

func (r *run) show(ctx context.Context, person world.Person, id string) (contract.Status, error) {
	return r.call(ctx, person.ID, http.MethodGet, "/v1/requests/"+id, nil)
}

func (r *run) approve(ctx context.Context, id string) error {
	_, err := r.call(
		ctx,
		world.Reviewer,
		http.MethodPost,
		"/v1/requests/"+id+"/reviews",
		map[string]string{"verdict": "approve"},
	)
	return err
}

func (r *run) extend(ctx context.Context, person world.Person, id string, by time.Duration) (contract.Status, error) {
	return r.call(ctx, person.ID, http.MethodPost, "/v1/requests/"+id+"/extensions", map[string]string{
		"duration": by.String(), "reason": "it takes longer",
	})
}

// call calls the API in somebody's name, as it is documented.
func (r *run) call(
	ctx context.Context, person, method, path string, body any,
) (status contract.Status, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return status, err
	}
	if body == nil {
		text = nil
	}
	request, err := http.NewRequestWithContext(ctx, method, r.world.URL+path, bytes.NewReader(text))
	if err != nil {
		return status, err
	}
	request.Header.Set("Authorization", "Bearer "+r.world.Token(person))
	request.Header.Set("Content-Type", "application/json")
	response, err := connections.Do(request)
	if err != nil {
		return status, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	switch {
	case err != nil:
		return status, err
	case world.Busy(response.StatusCode):
		return status, world.ErrBusy
	case response.StatusCode >= http.StatusBadRequest:
		return status, fmt.Errorf("%s %s: the server answers %d: %s", method, path, response.StatusCode, answer)
	}
	err = json.Unmarshal(answer, &status)
	return status, err
}

// ended returns when a request's workflow is over.
func (r *run) ended(ctx context.Context, id string) error {
	return r.world.Client.GetWorkflow(ctx, contract.RequestWorkflowID(id), "").Get(ctx, nil)
}

// revoke ends requests early, and returns when they are over.
func (r *run) revoke(ctx context.Context, people []world.Person, ids []string) error {
	return atOnce(callers, len(ids), func(i int) error {
		_, err := r.call(
			ctx,
			people[i].ID,
			http.MethodPost,
			"/v1/requests/"+ids[i]+"/revocation",
			map[string]string{"reason": "measured"},
		)
		if err != nil {
			return err
		}
		return r.ended(ctx, ids[i])
	})
}

// atOnce does something for each of a number of things, so many at a time, and returns what went wrong.
func atOnce(places, n int, do func(i int) error) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var wrong []error
	next := make(chan int)
	for range min(places, n) {
		all.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					mu.Lock()
					wrong = append(wrong, fmt.Errorf("number %d: %w", i, err))
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
	return errors.Join(wrong[:min(len(wrong), mostErrors)]...)
}

// pause waits, and is false when the context ended first.
func pause(ctx context.Context, lasts time.Duration) bool {
	select {
	case <-time.After(lasts):
		return true
	case <-ctx.Done():
		return false
	}
}
