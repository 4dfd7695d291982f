package client_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/internal/config"
	"curfew/internal/testserver/temporal"
	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestMain(m *testing.M) { os.Exit(temporal.Main(m)) }

// connect makes a client of alice's on a handler.
func connect(t *testing.T, handler http.Handler) *client.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := client.New(
		client.Options{Server: server.URL, Token: config.SecretOf(startertest.Token("alice")), Version: "test"},
	)
	require.NoError(t, err)
	return c
}

func requireProblem(t *testing.T, err error, kind contract.Kind, field string) *contract.Problem {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "want a problem, got %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.Equal(t, field, problem.Field, problem.Error())
	require.NotContains(t, problem.Error(), startertest.Token("alice"))
	return problem
}

func TestARefusalIsTheServersProblem(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	c := connect(t, api.New(api.Options{Starter: house.Starter, Log: zap.NewNop()}))

	_, err := c.Ask(
		t.Context(),
		api.AskBody{Template: "debug-prod", Purpose: contract.Purpose{Reason: "x", Ticket: "OPS-7"}, Duration: "9h"},
	)

	problem := requireProblem(t, err, contract.KindInvalid, "duration")
	require.Equal(t, "duration: 9h is over the maximum of 8h; ask for 8h or less", problem.Error())
}

func TestALostReplyDoesNotAskTwice(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	server := api.New(api.Options{Starter: house.Starter, Log: zap.NewNop()})
	var asked atomic.Int32
	lost := httptest.NewRecorder()
	c := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			server.ServeHTTP(lost, r)
			panic(http.ErrAbortHandler)
		}
		server.ServeHTTP(w, r)
	}))

	answer, err := c.Ask(
		t.Context(),
		api.AskBody{Template: "debug-prod", Purpose: contract.Purpose{Reason: "x", Ticket: "OPS-7"}},
	)

	require.NoError(t, err)
	require.EqualValues(t, 2, asked.Load())
	require.JSONEq(t, lost.Body.String(), string(answer.JSON))
}

func TestTheTokenFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	t.Cleanup(elsewhere.Close)
	c := connect(t, http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))

	_, err := c.Me(t.Context())

	requireProblem(t, err, contract.KindInvalid, "server")
	require.False(t, reached.Load())
}

func TestAnswersThatAreNotCurfewsAreNamed(t *testing.T) {
	t.Parallel()
	for name, foreign := range map[string]struct {
		status int
		body   string
		kind   contract.Kind
	}{
		"a page that is missing": {404, "<html>", contract.KindInvalid},
		"a proxy's failure":      {502, "Bad Gateway", contract.KindUnavailable},
		"a page":                 {200, "<html>", contract.KindInternal},
		"a flood":                {200, `"` + strings.Repeat("x", 17<<20), contract.KindInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(foreign.status)
				_, _ = w.Write([]byte(foreign.body))
			}))
			_, err := c.Me(t.Context())
			requireProblem(t, err, foreign.kind, "server")
		})
	}
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, server := range []string{"", "curfew", "ftp://curfew", "http://", "http://user:secret@curfew", "http://curfew?x=1", "://"} {
		_, err := client.New(client.Options{Server: server})
		problem := requireProblem(t, err, contract.KindInvalid, "server")
		require.NotContains(t, problem.Error(), "secret")
	}
}

func TestFollowResumesABrokenStream(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	var seen atomic.Value
	c := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		if opened.Add(1) == 1 {
			_, _ = w.Write([]byte(": hello\n\nid: 1\ndata: {\"seq\":1,\"kind\":\"requested\"}\n\n"))
			return
		}
		seen.Store(r.Header.Get("Last-Event-ID"))
		_, _ = w.Write(
			[]byte("id: 2\ndata: {\"seq\":2,\"kind\":\"withdrawn\"}\n\nevent: ended\ndata: {\"state\":\"ended\"}\n\n"),
		)
	}))
	var told []contract.EventKind

	ended, err := c.Follow(t.Context(), "any", 0, func(event client.Answer[contract.Event]) error {
		told = append(told, event.Value.Kind)
		return nil
	})

	require.NoError(t, err)
	require.Equal(t, "1", seen.Load())
	require.Equal(t, []contract.EventKind{"requested", "withdrawn"}, told)
	require.Equal(t, contract.StateEnded, ended.Value.State)
}

// A server that is restarted refuses connections, and a proxy before it answers in its place, for longer than a client
// tries that has never reached it.
func TestFollowLivesThroughARestartOfTheServer(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	const down = 7
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch n := opened.Add(1); {
		case n > 1 && n < 1+down/2:
			panic(http.ErrAbortHandler)
		case n > 1 && n < 1+down:
			w.WriteHeader(http.StatusBadGateway)
		default:
			w.Header().Set("Content-Type", "text/event-stream")
			text := "id: 1\ndata: {\"seq\":1,\"kind\":\"requested\"}\n\n"
			if n > 1 {
				text = "id: 2\ndata: {\"seq\":2,\"kind\":\"withdrawn\"}\n\nevent: ended\ndata: {\"state\":\"ended\"}\n\n"
			}
			_, _ = w.Write([]byte(text))
		}
	})
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	var troubles, busy atomic.Int32
	c, err := client.New(client.Options{
		Server:  server.URL,
		Token:   config.SecretOf(startertest.Token("alice")),
		Trouble: func(error) { troubles.Add(1) },
	})
	require.NoError(t, err)
	var told []contract.EventKind

	ended, err := c.Follow(t.Context(), "any", 0, func(event client.Answer[contract.Event]) error {
		if event.Value.Seq == 1 && busy.Add(1) == 1 { // whoever is told asks the server too, and that fails
			return contract.Unavailable("it is starting").At("server").Advise("try again")
		}
		told = append(told, event.Value.Kind)
		return nil
	})

	require.NoError(t, err)
	require.Equal(t, contract.StateEnded, ended.Value.State)
	require.Equal(t, []contract.EventKind{"withdrawn"}, told[len(told)-1:])
	require.EqualValues(t, 1, troubles.Load(), "it is said once that the server can't be reached")
}

func TestAServerThatHasNeverAnsweredIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	c := connect(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		opened.Add(1)
		panic(http.ErrAbortHandler)
	}))
	_, err := c.Follow(t.Context(), "any", 0, func(client.Answer[contract.Event]) error { return nil })
	requireProblem(t, err, contract.KindUnavailable, "server")
	require.Less(t, opened.Load(), int32(20))
}
