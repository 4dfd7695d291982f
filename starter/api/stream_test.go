package api_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/internal/testserver/pace"
	"curfew/starter/api"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

// follow opens a stream and returns its lines as they come; the channel is closed at the end of the stream.
func follow(t *testing.T, url, token, after string) (*http.Response, <-chan string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "text/event-stream")
	if after != "" {
		request.Header.Set("Last-Event-ID", after)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	return response, lines
}

// next waits for the next line with a prefix, and fails when the stream ends first.
func next(t *testing.T, lines <-chan string, prefix string) string {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case line, open := <-lines:
			require.True(t, open, "the stream has ended before %q", prefix)
			if strings.HasPrefix(line, prefix) {
				return line
			}
		case <-timeout:
			require.FailNow(t, "no line", "with %q", prefix)
		}
	}
}

func TestAStreamGoesOnUntilTheRequestHasEndedAndResumes(t *testing.T) {
	t.Parallel()
	d := open(t)
	status := startertest.Status(contract.StatePending)
	d.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})
	path := d.url + "/v1/requests/" + status.ID + "/events"
	response, lines := follow(t, path, startertest.Token("alice"), "")
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	require.Equal(t, "id: 1", next(t, lines, "id: "))

	status.State, status.Outcome, status.Seq = contract.StateEnded, contract.OutcomeWithdrawn, 2
	d.Record(t, status, contract.Event{Seq: 2, Kind: contract.EventWithdrawn, Actor: "alice"})

	require.Equal(t, "id: 2", next(t, lines, "id: "))
	require.Contains(t, next(t, lines, "data: "), `"withdrawn"`)
	next(t, lines, "event: ended")
	require.Contains(t, next(t, lines, "data: "), status.ID)
	for range lines { // until the stream has ended
	}

	_, lines = follow(t, path, startertest.Token("alice"), "1")
	require.Equal(t, "id: 2", next(t, lines, "id: "), "what was seen is not told again")
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*changing){
		"when it expires":         func(c *changing) { c.change(t, "2099", "2001") },
		"when it loses its scope": func(c *changing) { c.change(t, "scopes: [read]", "scopes: [ask]") },
		"when its person is gone": func(c *changing) { c.change(t, "person: bob", "person: carol") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openOnDisk(t)
			status := startertest.Status(contract.StatePending)
			status.Template, status.Requester = "look", "bob"
			c.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "bob"})
			path := c.url + "/v1/requests/" + status.ID + "/events"
			_, other := follow(t, path, startertest.Token("carol"), "")
			_, lines := follow(t, path, c.token, "")
			next(t, lines, "id: 1")
			next(t, other, "id: 1")

			end(c)

			over := time.After(30 * time.Second)
			for open := true; open; {
				select {
				case _, open = <-lines:
				case <-over:
					require.FailNow(t, "the stream goes on")
				}
			}
			status.Seq = 2
			c.Record(t, status, contract.Event{Seq: 2, Kind: contract.EventReminded, Actor: "curfew"})
			next(t, other, "id: 2")
		})
	}
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	d := open(t)
	status := startertest.Status(contract.StatePending)
	d.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})
	path := "/v1/requests/" + status.ID + "/events?follow=true"
	var open []*http.Response
	for range 10 {
		response, lines := follow(t, d.url+path, startertest.Token("alice"), "")
		next(t, lines, "id: 1")
		open = append(open, response)
	}

	response, lines := follow(t, d.url+path, startertest.Token("alice"), "")
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.Equal(t, "10", response.Header.Get("Retry-After"))
	require.Contains(t, next(t, lines, "{"), string(contract.KindCapacity))
	_, lines = follow(t, d.url+path, startertest.Token("carol"), "")
	next(t, lines, "id: 1")

	require.NoError(t, open[0].Body.Close())
	require.Eventually(t, func() bool {
		response, _ := follow(t, d.url+path, startertest.Token("alice"), "")
		return response.StatusCode == http.StatusOK
	}, pace.Patience(), 50*time.Millisecond)
}

func TestAServerThatStopsEndsItsStreamsAndFinishesItsCalls(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	status := startertest.Status(contract.StatePending)
	house.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	handler := api.New(api.Options{Starter: house.Starter, Log: zap.NewNop()})
	go func() { served <- api.Serve(ctx, listener, handler, zap.NewNop()) }()
	_, lines := follow(
		t,
		"http://"+listener.Addr().String()+"/v1/requests/"+status.ID+"/events",
		startertest.Token("alice"),
		"",
	)
	next(t, lines, "id: 1")

	stop()

	for range lines { // until the stream has ended
	}
	select {
	case err := <-served:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		require.FailNow(t, "the server does not stop")
	}
}
