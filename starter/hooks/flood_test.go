package hooks_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/starter"
	"curfew/starter/hooks"
	"curfew/starter/limit"
	"curfew/workflows/contract"
)

// watched is a body that knows how much of it somebody has read.
type watched struct {
	strings.Reader
	read int
}

// Read counts what is read.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.read += n
	return n, err
}

// post sends a body to a source without a connection.
func (w *world) post(
	t *testing.T,
	source string,
	header http.Header,
	body string,
) (*httptest.ResponseRecorder, *watched) {
	mux := http.NewServeMux()
	w.hooks.Handle(mux)
	sent := &watched{Reader: *strings.NewReader(body)}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/hooks/"+source, sent)
	for name, values := range header {
		request.Header[name] = values
	}
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, request)
	return answer, sent
}

func TestNothingIsReadOfABodyWhoseHeaderShowsThatNobodyHasSignedIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, source := range []string{"pd", "issues", "chat", "scripts", "cron", "nobody"} {
		answer, body := w.post(t, source, http.Header{"Authorization": {"Bearer guessed"}}, strings.Repeat("x", 1000))
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusNotFound}, answer.Code, source)
		require.Zero(t, body.read, source)
	}
	large := strings.Repeat("x", 1<<20+1)
	answer, body := w.post(t, "pd", byPagerDuty(t, oldSecret, time.Time{}, []byte(large)), large)
	require.Equal(t, http.StatusRequestEntityTooLarge, answer.Code)
	require.LessOrEqual(t, body.read, 1<<20+1)
}

func TestBodiesThatNobodyHasSignedDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	limits := limit.New(nil)
	w := newWorld(t, func(_ *world, o *hooks.Options) { o.Limits = limits })
	// Two bodies of a megabyte are on their way from this address, as those of senders who don't come to an end.
	for range 2 {
		request := httptest.NewRequestWithContext(
			t.Context(),
			http.MethodPost,
			"/",
			strings.NewReader(strings.Repeat("x", 1<<20)),
		)
		request.RemoteAddr = "127.0.0.1:1"
		done := limits.Body(httptest.NewRecorder(), request)
		_, err := request.Body.Read(make([]byte, 1<<20))
		require.NoError(t, err)
		t.Cleanup(done)
	}
	status, answer := w.pd(t, happened("E1", "pagey.ping", ""))
	require.Equal(t, http.StatusServiceUnavailable, status, answer)
	require.Contains(t, answer, "send it again")
}

func TestASourceThatSendsTooMuchIsAskedToSendItLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, o *hooks.Options) { o.Limits = limit.New(nil) })
	ping := happened("E1", "pagey.ping", "")
	header := byPagerDuty(t, oldSecret, time.Time{}, ping)
	var answer *httptest.ResponseRecorder
	for range 20_000 {
		if answer, _ = w.post(t, "pd", header, string(ping)); answer.Code != http.StatusOK {
			break
		}
	}
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.NotEmpty(t, answer.Header().Get("Retry-After"))
	answer, _ = w.post(t, "snow", byBearer(t, oldSecret, time.Time{}, nil), `{"id":"1","action":"sing"}`)
	require.Equal(t, http.StatusBadRequest, answer.Code, "another source is heard")
}

func TestOneNoisyResponderKeepsNoOtherWaitingAndLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, o *hooks.Options) { o.Limits = limit.New(nil) })
	var late contract.Delivery
	for n := range 200 {
		id := fmt.Sprintf("P%s%d", unique(), n)
		w.duty.open(id, "PALICE1")
		if _, err := w.act(t, told("incident.triggered", id)); err != nil {
			problem := requireProblem(t, err, contract.KindTooMany, "")
			require.Positive(t, problem.RetryAfter.Duration)
			late = told("incident.triggered", id)
			break
		}
	}
	require.NotEmpty(t, late.ID, "nothing is put off")
	both := "P" + unique()
	w.duty.open(both, "PALICE1", "PBOB001")
	_, err := w.act(t, told("incident.triggered", both))
	requireProblem(t, err, contract.KindTooMany, "")
	asked, err := w.Starter.DerivedID(starter.Origin{
		Began: began, Of: []string{"pagerduty", both, "bob", "read-logs"},
	})
	require.NoError(t, err)
	require.Equal(t, "bob", w.asked(t, asked).Requester, "bob has his request at once")
	require.Empty(t, w.alarms(t))

	// Temporal comes back with what was put off when its turn is.
	require.Eventually(t, func() bool {
		done, err := w.act(t, late)
		return err == nil && len(done.Requests) == 1
	}, time.Minute, 50*time.Millisecond)
}

func TestWhoeverPressesTooOftenIsToldSoAndTemporalDoesNotHearOfIt(t *testing.T) {
	t.Parallel()
	said := make(chan string, 200)
	w := newWorld(t, func(_ *world, o *hooks.Options) {
		o.Limits = limit.New(nil)
		o.Answers = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			text, err := io.ReadAll(r.Body)
			said <- string(text)
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, err
		})}
	})
	press := func(account, trigger string) int {
		status, answer := w.slack(t, fmt.Sprintf(`{"type":"block_actions","trigger_id":%q,
			"response_url":"https://hooks.slack.com/actions/T/1","user":{"id":%q},
			"actions":[{"action_id":%q,"value":"x","action_ts":"1"}]}`, trigger, account, contract.ButtonApprove))
		require.Empty(t, answer)
		return status
	}
	for n := range 200 {
		require.Equal(t, http.StatusOK, press("U0ALICE", fmt.Sprint("t", unique(), n)))
		select {
		case text := <-said:
			require.Contains(
				t,
				text,
				"Nothing was decided: you ask for or review more than 2 things a second; wait, and try again",
			)
			require.Equal(t, http.StatusOK, press("U0STRANGER", unique()), "others are heard")
			return
		default:
		}
	}
	require.Fail(t, "nothing is refused")
}

// roundTrip is an HTTP transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
