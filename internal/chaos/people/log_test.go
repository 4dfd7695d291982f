package people

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/chaos/judge"
	"curfew/workflows/contract"
)

// answers answers the calls after each other; the last answer is repeated.
func answers(errs ...error) func(context.Context) error {
	return func(context.Context) error {
		err := errs[0]
		if len(errs) > 1 {
			errs = errs[1:]
		}
		return err
	}
}

// What is written down decides what is judged: a no after an attempt that nobody answered may be about that attempt.
func TestTheDiarySaysNoMoreThanWhatIsKnown(t *testing.T) {
	t.Parallel()
	lost := errors.New("the connection was cut")
	down := contract.Unavailable("the ledger is down")
	conflict := contract.Conflict("it was reviewed already")
	forbidden := contract.Forbidden("nobody reviews their own request").At("reviewer").Advise("ask another")
	for name, c := range map[string]struct {
		answers []error
		want    judge.Answer
	}{
		"yes":                           {[]error{nil}, judge.Taken},
		"no":                            {[]error{forbidden}, judge.Refused},
		"a conflict at once":            {[]error{conflict}, judge.Refused},
		"yes, after a lost answer":      {[]error{lost, nil}, judge.Taken},
		"yes, after trouble":            {[]error{down, nil}, judge.Taken},
		"a conflict with what was lost": {[]error{lost, conflict}, judge.Unknown},
		"no, after a lost answer":       {[]error{lost, forbidden}, judge.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d actLog
			require.Equal(t, c.want, d.insist(t.Context(), judge.Said{Request: "r"}, answers(c.answers...)))
			written := d.all()
			require.Len(t, written, 1)
			require.Equal(t, c.want, written[0].Answer)
			require.False(t, written[0].Sent.Before(written[0].First))
			require.False(t, written[0].Answered.Before(written[0].Sent))
		})
	}
}

func TestWhatMustNotBeDoneTwiceIsTriedOnce(t *testing.T) {
	t.Parallel()
	var d actLog
	tried := 0
	answer := d.once(t.Context(), judge.Said{}, func(context.Context) error {
		tried++
		return errors.New("the connection was cut")
	})
	require.Equal(t, judge.Unknown, answer)
	require.Equal(t, 1, tried)
}

func TestNobodyInsistsWhenThereIsNoMoreTime(t *testing.T) {
	t.Parallel()
	var d actLog
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, judge.Unknown, d.insist(ctx, judge.Said{}, answers(errors.New("the connection was cut"))))
}

func TestAProblemIsReadAsItIsDocumented(t *testing.T) {
	t.Parallel()
	answer := `{"kind":"Invalid","detail":"duration: 9h is too long; ask for 8h","errors":[{"field":"duration","message":"9h is too long","fix":"ask for 8h"}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	c := newClient(server.URL, map[string]string{"alice": "secret"})
	_, err := c.call(t.Context(), "alice", http.MethodPost, "/v1/requests", map[string]any{})
	require.Equal(
		t,
		&contract.Problem{Kind: contract.KindInvalid, Field: "duration", Fault: "9h is too long", Fix: "ask for 8h"},
		refusal(err),
	)
	_, err = c.call(t.Context(), "bob", http.MethodPost, "/v1/requests", map[string]any{})
	require.Error(t, err)
	require.Nil(t, refusal(err), "a proxy's answer is no refusal")
}
