package sandbox_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox"
)

// stand answers "done" behind faults and counts what took effect.
type stand struct {
	*httptest.Server
	faults  sandbox.Faults
	effects atomic.Int32
	arrived chan struct{} // a request is at the faults
	landed  chan string   // its body, when it took effect
}

func start(t *testing.T) *stand {
	t.Helper()
	s := &stand{arrived: make(chan struct{}, 10), landed: make(chan string, 10)}
	faulty := s.faults.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Context().Err() != nil {
			return
		}
		s.effects.Add(1)
		s.landed <- string(body)
		_, _ = io.WriteString(w, "done")
	}))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.arrived <- struct{}{}
		faulty.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// callAndLeave goes away as soon as the request has arrived.
func (s *stand) callAndLeave(t *testing.T) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	go func() {
		<-s.arrived
		leave()
	}()
	_, err := s.call(ctx, http.MethodPost, "/orders")
	require.ErrorIs(t, err, context.Canceled)
}

// reply is what the caller sees of an answer.
type reply struct {
	status     int
	retryAfter string
}

func (s *stand) call(ctx context.Context, method, path string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader("order"))
	if err != nil {
		return reply{}, err
	}
	response, err := s.Client().Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	return reply{response.StatusCode, response.Header.Get("Retry-After")}, nil
}

func TestALostReplyTookEffectAndTheCallerSeesEOF(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.faults.Add(sandbox.Fault{LoseReply: true, Times: 1})
	_, err := s.call(t.Context(), http.MethodPost, "/orders")
	require.ErrorIs(t, err, io.EOF)
	require.EqualValues(t, 1, s.effects.Load())
	_, err = s.call(t.Context(), http.MethodPost, "/orders")
	require.NoError(t, err)
}

func TestDownHasNoEffectAndTheCallerSeesEOF(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.faults.Add(sandbox.Fault{Down: true})
	for range 3 {
		_, err := s.call(t.Context(), http.MethodPost, "/orders")
		require.ErrorIs(t, err, io.EOF)
	}
	require.Zero(t, s.effects.Load())
	s.faults.Clear()
	_, err := s.call(t.Context(), http.MethodPost, "/orders")
	require.NoError(t, err)
}

func TestAStatusIsAnsweredInPlaceOfTheEffect(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.faults.Add(sandbox.Fault{Status: http.StatusTooManyRequests, RetryAfter: "7", Times: 2})
	for range 2 {
		got, err := s.call(t.Context(), http.MethodPost, "/orders")
		require.NoError(t, err)
		require.Equal(t, reply{http.StatusTooManyRequests, "7"}, got)
	}
	require.Zero(t, s.effects.Load())
	got, err := s.call(t.Context(), http.MethodPost, "/orders")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, got.status)
}

func TestOnlyMatchingRequestsGoWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault  sandbox.Fault
		status int
	}{
		"any":          {sandbox.Fault{}, http.StatusTeapot},
		"same method":  {sandbox.Fault{Method: http.MethodPut}, http.StatusTeapot},
		"other method": {sandbox.Fault{Method: http.MethodPost}, http.StatusOK},
		"prefix":       {sandbox.Fault{Path: "/orders"}, http.StatusTeapot},
		"other path":   {sandbox.Fault{Path: "/users"}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			tc.fault.Status = http.StatusTeapot
			s.faults.Add(tc.fault)
			got, err := s.call(t.Context(), http.MethodPut, "/orders/1")
			require.NoError(t, err)
			require.Equal(t, tc.status, got.status)
		})
	}
}

func TestFaultsHappenInTheOrderTheyWereAdded(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.faults.Add(sandbox.Fault{Status: http.StatusBadGateway, Times: 1})
	s.faults.Add(sandbox.Fault{Status: http.StatusTeapot, Times: 1})
	for _, want := range []int{http.StatusBadGateway, http.StatusTeapot, http.StatusOK} {
		got, err := s.call(t.Context(), http.MethodPost, "/orders")
		require.NoError(t, err)
		require.Equal(t, want, got.status)
	}
}

func TestADelayHoldsTheRequestBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.faults.Add(sandbox.Fault{Delay: 30 * time.Millisecond})
	began := time.Now()
	_, err := s.call(t.Context(), http.MethodPost, "/orders")
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 30*time.Millisecond)
	require.Equal(t, "order", <-s.landed)
}

func TestADelayEndsWithoutEffectWhenTheCallerGoes(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.faults.Add(sandbox.Fault{Delay: time.Hour})
	s.callAndLeave(t)
	s.Close() // returns when the held-back request is over
	require.Zero(t, s.effects.Load())
}

func TestADelayedRequestThatLosesItsReplyLandsAfterTheCallerHasGone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.faults.Add(sandbox.Fault{Delay: time.Hour, LoseReply: true})
	s.callAndLeave(t)
	require.Equal(t, "order", <-s.landed)
}
