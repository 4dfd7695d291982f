package main

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/starter/api"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

// restartable is a server of the API that can be stopped, and started again at the same address.
type restartable struct {
	*shell
	t        *testing.T
	server   *httptest.Server
	followed atomic.Bool // by somebody who follows a request
}

func (r *restartable) start(address string) {
	r.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(r.t.Context(), "tcp", address)
	require.NoError(r.t, err)
	server := api.New(api.Options{Starter: r.Starter, Log: zap.NewNop()})
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if strings.HasSuffix(request.URL.Path, "/events") {
			r.followed.Store(true)
		}
		server.ServeHTTP(w, request)
	})
	r.server = &httptest.Server{
		Listener: listener,
		Config:   &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute},
	}
	r.server.Start()
	r.shell.server = r.server.URL
}

func (r *restartable) stop() {
	r.server.CloseClientConnections()
	r.server.Close()
}

// spoken is what a command says while it runs.
type spoken struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *spoken) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestWatchAndWaitLiveThroughARestartOfTheServer(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"watch":         {"watch"},
		"revoke --wait": {"revoke", "--reason", "done", "--wait"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &restartable{shell: open(t), t: t}
			r.start("127.0.0.1:0")
			t.Cleanup(func() { r.stop() })
			status := startertest.Status(contract.StateRevoking)
			status.Seq = 1
			r.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRevoking, Actor: "alice"})
			var out, errors spoken
			done := make(chan int, 1)
			go func() {
				environment := map[string]string{
					"CURFEW_SERVER": r.shell.server,
					"CURFEW_TOKEN":  startertest.Token("alice"),
					"CURFEW_LOGINS": r.logins,
				}
				done <- run(t.Context(), append([]string{args[0], status.ID}, args[1:]...), surroundings{
					stdout: &out, stderr: &errors, getenv: func(name string) string { return environment[name] },
					now: time.Now, zone: time.UTC,
				})
			}()
			require.Eventually(t, r.followed.Load, patienceOfTests, 20*time.Millisecond, "%s", &errors)
			r.stop()
			r.says(&errors, "Curfew keeps trying")
			gone := time.Now().UTC()
			status.State, status.Outcome, status.EndedAt, status.Seq = contract.StateEnded, contract.OutcomeRevoked, &gone, 2
			r.Record(t, status, contract.Event{Seq: 2, Kind: contract.EventRevoked, Actor: "alice"})
			r.start(strings.TrimPrefix(r.shell.server, "http://"))
			require.Equal(t, exitDone, <-done, "%s", &errors)
			require.Contains(t, out.String(), "ended early by alice")
		})
	}
}

func TestEnsureLivesThroughARestartOfTheServer(t *testing.T) {
	t.Parallel()
	r := &restartable{shell: open(t), t: t}
	r.start("127.0.0.1:0")
	t.Cleanup(func() { r.stop() })
	status := startertest.Status(contract.StatePending)
	status.Template, status.Seq = "look-round", 1
	r.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})
	var out, errors spoken
	done := make(chan int, 1)
	go func() {
		environment := map[string]string{
			"CURFEW_SERVER": r.shell.server,
			"CURFEW_TOKEN":  startertest.Token("alice"),
			"CURFEW_LOGINS": r.logins,
		}
		done <- run(t.Context(), []string{"ensure", "look-round", "--reason", "curious"}, surroundings{
			stdout: &out, stderr: &errors, getenv: func(name string) string { return environment[name] }, now: time.Now, zone: time.UTC,
		})
	}()
	require.Eventually(t, r.followed.Load, patienceOfTests, 20*time.Millisecond, "%s", &errors)
	r.stop()
	r.says(&errors, "Curfew keeps trying")
	until := time.Now().Add(time.Hour).UTC()
	status.State, status.Until, status.Seq = contract.StateActive, &until, 2
	r.Record(t, status, contract.Event{Seq: 2, Kind: contract.EventGranted, Actor: contract.ActorCurfew})
	r.start(strings.TrimPrefix(r.shell.server, "http://"))
	require.Equal(t, exitDone, <-done, "%s", &errors)
	require.Contains(t, out.String(), "The access is active.")
}

func (r *restartable) says(what *spoken, text string) {
	r.t.Helper()
	require.Eventually(
		r.t,
		func() bool { return strings.Contains(what.String(), text) },
		patienceOfTests,
		20*time.Millisecond,
		"it never says %q: %s",
		text,
		what,
	)
}

func TestRevokeSaysByItsExitCodeThatTheAccessIsStillThere(t *testing.T) {
	t.Parallel()
	gone := time.Now().UTC()
	for name, tc := range map[string]struct {
		change func(*contract.Status)
		code   int
		says   string
	}{
		"it is gone": {func(s *contract.Status) {
			s.State, s.Outcome, s.Holds[0] = contract.StateEnded, contract.OutcomeRevoked, contract.HoldState{Access: s.Holds[0].Access, GoneAt: &gone}
		}, exitDone, ""},
		"its target does not answer": {func(s *contract.Status) {
			s.Stuck, s.Holds[0].Problem = true, "orders-db does not answer"
		}, exitRemains, "The access could not be revoked yet: orders-db: orders-db does not answer."},
		"another request gives it": {func(s *contract.Status) {
			until := gone.Add(time.Hour)
			s.State, s.Outcome = contract.StateEnded, contract.OutcomeRevoked
			s.Holds[0] = contract.HoldState{Access: s.Holds[0].Access, HeldUntil: &until, HeldBy: "01M8Q0JSV1EJMM8V8KX5E6GNMV"}
		}, exitRemains, "alice still has the access through request 01M8Q0JSV1EJMM8V8KX5E6GNMV until"},
		"nobody can see it go": {func(s *contract.Status) {
			s.State, s.Outcome, s.Holds[0] = contract.StateEnded, contract.OutcomeUnconfirmed, contract.HoldState{Access: s.Holds[0].Access, RemovedAt: &gone}
		}, exitRemains, "It can't confirm that the access is gone."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := startertest.Status(contract.StateRevoking)
			status.GrantedAt = &gone
			status.Holds = []contract.HoldState{
				{
					Access: contract.Access{
						Target:      "orders-db",
						Entitlement: []byte(`{}`),
						Person:      "alice",
						Account:     "alice",
					},
					Held: true,
				},
			}
			tc.change(&status)
			p := &program{surroundings: surroundings{now: time.Now, zone: time.UTC}}
			err := p.remaining(status)
			require.Equal(t, tc.code, exitCode(err, true))
			if tc.says != "" {
				require.ErrorContains(t, err, tc.says)
			}
		})
	}
}
