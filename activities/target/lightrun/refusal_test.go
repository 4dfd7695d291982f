package lightrun_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/internal/sandbox"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
	"curfew/workflows/contract"
)

func TestNoRoomIsToldWithHowMuchIsInUse(t *testing.T) {
	t.Parallel()
	c := open(t, func(options *sandboxlightrun.Options) { options.Limit = 2 })
	c.give(t, "one")
	c.give(t, "two")
	_, err := connect(t, c.url, token).Grant(t.Context(), request(t, in(time.Hour)))
	requireProblem(t, err, contract.KindCapacity, "2 of 100 temporary accesses are in use", "remove some in Lightrun")
}

func TestNoRoomToExtendKeepsTheFormerAccess(t *testing.T) {
	t.Parallel()
	c := open(t, func(options *sandboxlightrun.Options) { options.Limit = 1 })
	connector := connect(t, c.url, token)
	_, err := connector.Grant(t.Context(), request(t, in(time.Hour)))
	require.NoError(t, err)
	_, err = connector.Grant(t.Context(), request(t, in(2*time.Hour)))
	requireProblem(t, err, contract.KindCapacity)
	require.True(t, c.Can(ann, pool))
}

func TestAKeyWithoutPermissionIsNotMistakenForNoRoom(t *testing.T) {
	t.Parallel()
	c := open(t, func(options *sandboxlightrun.Options) { options.Limit = 1 })
	c.give(t, "one")
	connector := connect(t, c.url, companyToken)
	_, err := connector.Grant(t.Context(), request(t, in(time.Hour)))
	requireProblem(t, err, contract.KindDenied, "Access is denied", "scope DEV")
	requireProblem(t, connector.(target.Checker).Check(t.Context()), contract.KindDenied, "scope DEV")
}

// Such a key may list accesses, so that only the text of the 403 tells what is meant.
func TestAKeyThatMayOnlyReadIsNotMistakenForNoRoom(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Forbidden", "Your role is limited to reading."} {
		url := scripted(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusForbidden)
				_, _ = fmt.Fprintf(w, `{"message":%q}`, text)
				return
			}
			_, _ = io.WriteString(w, `{"items":[],"total":0}`)
		})
		_, err := connect(t, url, token).Grant(t.Context(), request(t, in(time.Hour)))
		requireProblem(t, err, contract.KindDenied, text, "scope DEV")
	}
}

func TestAKeyThatDoesNotWorkIsMendedWhileTheRevokeWaits(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector := connect(t, c.url, "expired-key")
	_, err := connector.Revoke(t.Context(), request(t, in(time.Hour)))
	problem := requireProblem(t, err, contract.KindUnavailable, "does not accept the API key", "token")
	require.NotContains(t, problem.Error(), "expired-key")
}

func TestUnknownUsersAndPoolsAreBothNamed(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector := connect(t, c.url, token)
	access := request(t, in(time.Hour))
	access.Account = "eve@example.com"
	_, err := connector.Grant(t.Context(), access)
	requireProblem(t, err, contract.KindDenied, "eve@example.com", pool)
	access = request(t, in(time.Hour))
	access.Entitlement = normalized(t, `{"agentPoolIds":["nowhere"]}`)
	_, err = connector.Grant(t.Context(), access)
	requireProblem(t, err, contract.KindDenied, ann, "nowhere")
}

func TestACheckPassesWithAKeyThatMayGrant(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	require.NoError(t, connect(t, c.url, token).(target.Checker).Check(t.Context()))
	require.Equal(t, []string{"GET /api/v1/temp-access"}, c.requests())
}

// What Lightrun answers when it is not well, by what it means for whoever asked.
func TestAnswersThatAreNoSuccess(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault sandbox.Fault
		kind  contract.Kind
		wait  time.Duration
		part  string
	}{
		"too many requests":      {sandbox.Fault{Status: 429, RetryAfter: "7"}, contract.KindUnavailable, 7 * time.Second, "429 Too Many"},
		"without a wait":         {sandbox.Fault{Status: 429}, contract.KindUnavailable, 0, "429"},
		"wait of no use":         {sandbox.Fault{Status: 429, RetryAfter: "soon"}, contract.KindUnavailable, 0, "429"},
		"negative wait":          {sandbox.Fault{Status: 429, RetryAfter: "-3"}, contract.KindUnavailable, 0, "429"},
		"wait beyond all bounds": {sandbox.Fault{Status: 503, RetryAfter: "864000"}, contract.KindUnavailable, 5 * time.Minute, "503"},
		"wait until a past date": {sandbox.Fault{Status: 503, RetryAfter: "Wed, 21 Oct 2015 07:28:00 GMT"}, contract.KindUnavailable, 0, "503"},
		"fault of the server":    {sandbox.Fault{Status: 500}, contract.KindUnavailable, 0, "500 Internal Server Error"},
		"fault of the gateway":   {sandbox.Fault{Status: 502}, contract.KindUnavailable, 0, "502"},
		"time-out of the server": {sandbox.Fault{Status: 408}, contract.KindUnavailable, 0, "408"},
		"connection cut":         {sandbox.Fault{Down: true}, contract.KindUnavailable, 0, "can't be reached"},
		"invalid input":          {sandbox.Fault{Status: 400}, contract.KindDenied, 0, "400 Bad Request: Bad Request"},
		"moved":                  {sandbox.Fault{Status: 302}, contract.KindUnavailable, 0, "redirects are not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, nil)
			c.faults.Add(tc.fault)
			_, err := connect(t, c.url, token).Grant(t.Context(), request(t, in(time.Hour)))
			problem := requireProblem(t, err, tc.kind, tc.part)
			require.Equal(t, tc.wait, problem.RetryAfter.Duration)
			_, err = connect(t, c.url, token).Revoke(t.Context(), request(t, in(time.Hour)))
			requireProblem(t, err, tc.kind, tc.part)
		})
	}
}

func TestAWaitCanBeADate(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	c.faults.Add(sandbox.Fault{Status: 503, RetryAfter: time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)})
	_, err := connect(t, c.url, token).Grant(t.Context(), request(t, in(time.Hour)))
	problem := requireProblem(t, err, contract.KindUnavailable)
	require.InDelta(t, time.Minute, problem.RetryAfter.Duration, float64(5*time.Second))
}

// A page that stands in Lightrun's place must not look like an empty list, for that would mean that access is gone.
func TestWhatIsNoListNeverMeansThatAccessIsGone(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"page to sign in":      `<html>Sign in</html>`,
		"nothing":              ``,
		"empty object":         `{}`,
		"null":                 `null`,
		"list without a total": `{"items":[]}`,
		"null for the list":    `{"items":null,"total":0}`,
		"less than the total":  `{"items":[],"hasMore":false,"total":1}`,
		"more without an end":  `{"items":[],"hasMore":true,"total":0}`,
		"broken off":           `{"items":[],"total":0`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connector := connect(t, answering(t, http.StatusOK, body), token)
			_, err := connector.Inspect(t.Context(), request(t, in(time.Hour)))
			requireProblem(t, err, contract.KindUnavailable)
			_, err = connector.Revoke(t.Context(), request(t, in(time.Hour)))
			requireProblem(t, err, contract.KindUnavailable)
		})
	}
}

func TestAnAnswerBeyondAllBoundsIsNotRead(t *testing.T) {
	t.Parallel()
	url := answering(t, http.StatusOK, `{"items":[],"total":0}`+strings.Repeat(" ", 5<<20))
	_, err := connect(t, url, token).Inspect(t.Context(), request(t, in(time.Hour)))
	requireProblem(t, err, contract.KindUnavailable, "more than can be read")
}

// Between two pages an access of others ended, and ours slipped from the second page to the first.
func TestAListThatChangesWhileItIsReadIsReadAgain(t *testing.T) {
	t.Parallel()
	access := request(t, in(time.Hour))
	ours := fmt.Sprintf(`{"id":"1","name":"curfew-%s-1","expirationDate":"2036-01-02T03:04:05Z"}`, access.Key)
	other := `{"id":"2","name":"by hand"}`
	pages := make(chan string, 4)
	for _, page := range []string{
		`{"items":[` + other + `,` + other + `],"hasMore":true,"total":3}`, `{"items":[],"hasMore":false,"total":2}`,
		`{"items":[` + other + `],"hasMore":true,"total":2}`, `{"items":[` + ours + `],"hasMore":false,"total":2}`,
	} {
		pages <- page
	}
	url := scripted(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, <-pages) })
	state, err := connect(t, url, token).Inspect(t.Context(), access)
	require.NoError(t, err)
	require.True(t, state.Held)
	require.Equal(t, time.Date(2036, 1, 2, 3, 4, 5, 0, time.UTC), state.Until)
}

func TestAStrangeIDLeadsToNoOtherPath(t *testing.T) {
	t.Parallel()
	access := request(t, in(time.Hour))
	for _, id := range []string{"", "..", "../users/ann", "a/b", "a?b"} {
		body := fmt.Sprintf(`{"items":[{"id":%q,"name":"curfew-%s-1"}],"total":1}`, id, access.Key)
		_, err := connect(t, answering(t, http.StatusOK, body), token).Revoke(t.Context(), access)
		requireProblem(t, err, contract.KindUnavailable, "the id of")
	}
}

func TestTextsOfTheVendorAreBounded(t *testing.T) {
	t.Parallel()
	url := answering(t, http.StatusBadRequest, `{"message":"first\nsecond `+strings.Repeat("x", 10_000)+`"}`)
	_, err := connect(t, url, token).Grant(t.Context(), request(t, in(time.Hour)))
	problem := requireProblem(t, err, contract.KindDenied, "first second xxx")
	require.Less(t, len(problem.Error()), 500)
}

func TestTheKeyDoesNotFollowARedirect(t *testing.T) {
	t.Parallel()
	thief := httptest.NewServer(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }),
	)
	t.Cleanup(thief.Close)
	moved := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	_, err := connect(t, moved.URL, token).Grant(t.Context(), request(t, in(time.Hour)))
	requireProblem(t, err, contract.KindUnavailable, "redirects are not followed")
}

// answering starts a server that always gives one answer and is not to be asked for a change.
func answering(t *testing.T, status int, body string) string {
	t.Helper()
	return scripted(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("unexpected %s %s", r.Method, r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// scripted starts a server that answers as no Lightrun does.
func scripted(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	site := httptest.NewServer(answer)
	t.Cleanup(site.Close)
	return site.URL
}
