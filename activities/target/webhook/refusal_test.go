package webhook_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// What each refusal means, in the receiver's own words and in those of something that stands before it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for status, kinds := range map[int]struct{ own, strangers contract.Kind }{
		http.StatusAccepted:            {contract.KindUnavailable, contract.KindUnavailable},
		http.StatusNoContent:           {contract.KindUnavailable, contract.KindUnavailable},
		http.StatusBadRequest:          {contract.KindDenied, contract.KindUnavailable},
		http.StatusUnauthorized:        {contract.KindUnavailable, contract.KindUnavailable},
		http.StatusForbidden:           {contract.KindDenied, contract.KindUnavailable},
		http.StatusNotFound:            {contract.KindNotFound, contract.KindUnavailable},
		http.StatusRequestTimeout:      {contract.KindUnavailable, contract.KindUnavailable},
		http.StatusConflict:            {contract.KindUnavailable, contract.KindUnavailable},
		http.StatusGone:                {contract.KindDenied, contract.KindUnavailable},
		http.StatusUnprocessableEntity: {contract.KindDenied, contract.KindUnavailable},
		http.StatusTooManyRequests:     {contract.KindUnavailable, contract.KindUnavailable},
		http.StatusInternalServerError: {contract.KindUnavailable, contract.KindUnavailable},
		http.StatusServiceUnavailable:  {contract.KindUnavailable, contract.KindUnavailable},
		http.StatusInsufficientStorage: {contract.KindCapacity, contract.KindUnavailable},
		599:                            {contract.KindUnavailable, contract.KindUnavailable},
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			own := scripted(t, func(w http.ResponseWriter, _ string) { refuse(w, status, "a reason") })
			_, err := connect(t, own).Grant(t.Context(), access(t))
			problem := requireProblem(t, err, kinds.own, `"ann"`)
			require.Equal(
				t,
				status != http.StatusNoContent,
				strings.Contains(problem.Fault, "a reason"),
				"204 has no body",
			)

			strangers := scripted(t, func(w http.ResponseWriter, _ string) {
				w.WriteHeader(status)
				reply(w, `{"title":"words of a proxy","result":"granted"}`)
			})
			_, err = connect(t, strangers).Grant(t.Context(), access(t))
			problem = requireProblem(t, err, kinds.strangers)
			require.NotContains(t, problem.Error(), "words of a proxy")
		})
	}
}

// A path that leads nowhere answers 404 too, with many servers as application/problem+json.
func TestWhatIsNotFoundIsNotGone(t *testing.T) {
	t.Parallel()
	url := scripted(t, func(w http.ResponseWriter, what string) {
		if what != "access.grant" {
			refuse(w, http.StatusNotFound, "no such route")
			return
		}
		reply(w, `{"result":"granted"}`)
	})
	for call, err := range everyCall(t, connect(t, url)) {
		if call == "Grant" {
			require.NoError(t, err)
			continue
		}
		requireProblem(t, err, contract.KindUnavailable, "no such route", "nothing is held")
	}
}

func TestTheReceiverSaysHowLongToWait(t *testing.T) {
	t.Parallel()
	for text, wait := range map[string]time.Duration{
		"7": 7 * time.Second, "": 0, "soon": 0, "-3": 0, "864000": 5 * time.Minute, "Wed, 21 Oct 2015 07:28:00 GMT": 0,
	} {
		for _, status := range []int{http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			url := scripted(t, func(w http.ResponseWriter, _ string) {
				w.Header().Set("Retry-After", text)
				refuse(w, status, "busy")
			})
			_, err := connect(t, url).Revoke(t.Context(), access(t))
			require.Equal(t, wait, requireProblem(t, err, contract.KindUnavailable).RetryAfter.Duration, text)
		}
	}
	url := scripted(t, func(w http.ResponseWriter, _ string) {
		w.Header().Set("Retry-After", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
		refuse(w, http.StatusServiceUnavailable, "busy")
	})
	_, err := connect(t, url).Revoke(t.Context(), access(t))
	require.InDelta(
		t,
		time.Minute,
		requireProblem(t, err, contract.KindUnavailable).RetryAfter.Duration,
		float64(5*time.Second),
	)
}

func TestTextsOfTheReceiverAreBounded(t *testing.T) {
	t.Parallel()
	url := scripted(t, func(w http.ResponseWriter, _ string) {
		refuse(w, http.StatusForbidden, "first\nsecond\x1b[31m "+strings.Repeat("x", 10_000))
	})
	_, err := connect(t, url).Grant(t.Context(), access(t))
	problem := requireProblem(t, err, contract.KindDenied, "first second [31m xxx")
	require.Less(t, len(problem.Error()), 600)
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	thief := httptest.NewServer(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }),
	)
	t.Cleanup(thief.Close)
	for _, where := range []string{thief.URL, "http://169.254.169.254/latest/meta-data/"} {
		for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
			site := httptest.NewServer(http.RedirectHandler(where, status))
			t.Cleanup(site.Close)
			for _, err := range everyCall(t, connect(t, site.URL)) {
				requireProblem(t, err, contract.KindUnavailable, "redirects are not followed")
			}
		}
	}
}

func TestABodyThatTricklesEndsWithTheCall(t *testing.T) {
	t.Parallel()
	url := scripted(t, func(w http.ResponseWriter, _ string) {
		_, _ = io.WriteString(w, `{"held":`)
		_ = http.NewResponseController(w).Flush()
		<-t.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := connect(t, url).Inspect(ctx, access(t))
	requireProblem(t, err, contract.KindUnavailable, "can't be reached")
}

func TestHeadersBeyondAllBoundsAreNotRead(t *testing.T) {
	t.Parallel()
	url := scripted(t, func(w http.ResponseWriter, _ string) {
		w.Header().Set("X-Much", strings.Repeat("x", 100<<10))
		reply(w, `{"held":false}`)
	})
	_, err := connect(t, url).Inspect(t.Context(), access(t))
	requireProblem(t, err, contract.KindUnavailable)
}

func TestAReceiverWithoutTheSecretIsMendedWhileTheRevokeWaits(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, false, wrongSecret)
	connector := connect(t, r.url)
	_, err := connector.Revoke(t.Context(), access(t))
	requireProblem(t, err, contract.KindUnavailable, "401", "secrets", "clocks")
	requireProblem(t, connector.(target.Checker).Check(t.Context()), contract.KindUnavailable, "401")
	requireNoMessage(t, r)
}
