package scim_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox"
	testserver "curfew/internal/testserver/scim"
	"curfew/workflows/contract"
)

// What a service answers when it is not well, by what it means for whoever asked.
func TestAnswersThatAreNoSuccess(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault sandbox.Fault
		kind  contract.Kind
		wait  time.Duration
		part  string
	}{
		"invalid request":        {sandbox.Fault{Status: 400}, contract.KindDenied, 0, "400 Bad Request"},
		"wrong token":            {sandbox.Fault{Status: 401}, contract.KindUnavailable, 0, "does not accept the credentials"},
		"no permission":          {sandbox.Fault{Status: 403}, contract.KindDenied, 0, "read users and change groups"},
		"another's 404":          {sandbox.Fault{Status: 404}, contract.KindUnavailable, 0, "a strange answer"},
		"conflict":               {sandbox.Fault{Status: 409}, contract.KindUnavailable, 0, "somebody else changes"},
		"other version":          {sandbox.Fault{Status: 412}, contract.KindUnavailable, 0, "somebody else changes"},
		"too large":              {sandbox.Fault{Status: 413}, contract.KindDenied, 0, "413"},
		"too many requests":      {sandbox.Fault{Status: 429, RetryAfter: "7"}, contract.KindUnavailable, 7 * time.Second, "429 Too Many"},
		"without a wait":         {sandbox.Fault{Status: 429}, contract.KindUnavailable, 0, "429"},
		"wait of no use":         {sandbox.Fault{Status: 429, RetryAfter: "soon"}, contract.KindUnavailable, 0, "429"},
		"negative wait":          {sandbox.Fault{Status: 429, RetryAfter: "-3"}, contract.KindUnavailable, 0, "429"},
		"wait beyond all bounds": {sandbox.Fault{Status: 503, RetryAfter: "864000"}, contract.KindUnavailable, 5 * time.Minute, "503"},
		"wait until a past date": {sandbox.Fault{Status: 503, RetryAfter: "Wed, 21 Oct 2015 07:28:00 GMT"}, contract.KindUnavailable, 0, "503"},
		"fault of the server":    {sandbox.Fault{Status: 500}, contract.KindUnavailable, 0, "500 Internal Server Error"},
		"what it can't do":       {sandbox.Fault{Status: 501}, contract.KindDenied, 0, "501"},
		"fault of the gateway":   {sandbox.Fault{Status: 502}, contract.KindUnavailable, 0, "502"},
		"time-out of the server": {sandbox.Fault{Status: 408}, contract.KindUnavailable, 0, "408"},
		"connection cut":         {sandbox.Fault{Down: true}, contract.KindUnavailable, 0, "can't be reached"},
		"moved":                  {sandbox.Fault{Status: 302}, contract.KindUnavailable, 0, "redirects are not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{http.MethodGet, http.MethodPatch} {
				w, fault := newWorld(t, false), tc.fault
				fault.Method = method
				w.faults.Add(fault)
				connector, access := connect(t, w.url, testserver.Token), accessOf(w.entitlement(), w.user(t))
				_, err := connector.Grant(t.Context(), access)
				problem := requireProblem(t, err, tc.kind, tc.part)
				require.Equal(t, tc.wait, problem.RetryAfter.Duration)
				w.SetMembers(t, w.group, w.UserID(t, access.Account))
				_, err = connector.Revoke(t.Context(), access)
				requireProblem(t, err, tc.kind, tc.part)
			}
		})
	}
}

// What stands in the service's place must not look like a service that holds nothing.
func TestWhatIsNoListNeverMeansThatAccessIsGone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ body, part string }{
		"page to sign in":     {`<html>Sign in</html>`, "no list of Users"},
		"nothing":             {``, "no list of Users"},
		"empty object":        {`{}`, "no list of Users"},
		"null":                {`null`, "no list of Users"},
		"no total":            {`{"Resources":[]}`, "no list of Users"},
		"broken off":          {`{"totalResults":0,"Resources":[]`, "no list of Users"},
		"less than the total": {`{"totalResults":1,"Resources":[]}`, "counts 1"},
		"more than the total": {`{"totalResults":0,"Resources":[{"id":"u-ada","userName":"ada"}]}`, "counts 0"},
		"somebody else":       {`{"totalResults":1,"Resources":[{"id":"u-bob","userName":"bob"}]}`, "it found bob"},
		"without an id":       {`{"totalResults":1,"Resources":[{"userName":"ada"}]}`, `id of the user ada is ""`},
		"an id with a path":   {`{"totalResults":1,"Resources":[{"id":"../x","userName":"ada"}]}`, "id of the user ada"},
		"an id with a filter": {`{"totalResults":1,"Resources":[{"id":"a\"] or value pr","userName":"ada"}]}`, "id of the user ada"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connector := connect(t, answering(t, http.StatusOK, tc.body), doubleToken)
			_, err := connector.Inspect(t.Context(), ofDouble("ada"))
			requireProblem(t, err, contract.KindUnavailable, tc.part)
			_, err = connector.Revoke(t.Context(), ofDouble("ada"))
			requireProblem(t, err, contract.KindUnavailable, tc.part)
		})
	}
}

// A service that ignores filters lists everybody, on as many pages as it likes.
func TestOneOfSeveralUsersIsNobody(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"totalResults":500,"itemsPerPage":2,"startIndex":1,"Resources":[{"id":"u-ada","userName":"ada"},{"id":"u-bob","userName":"bob"}]}`,
		`{"totalResults":500,"itemsPerPage":1,"startIndex":1,"Resources":[{"id":"u-ada","userName":"ada"}]}`,
		`{"totalResults":1,"Resources":[{"id":"u-ada","userName":"ada"},{"id":"u-bob","userName":"ADA"}]}`,
	} {
		_, err := connect(t, answering(t, http.StatusOK, body), doubleToken).Grant(t.Context(), ofDouble("ada"))
		requireProblem(t, err, contract.KindDenied, `userName eq "ada"`, "must be one")
	}
}

func TestAGroupThatIsNotTheOneIsNotBelieved(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"another":         `{"id":"g-2","displayName":"Operators","members":[]}`,
		"page to sign in": `<html>Sign in</html>`,
		"null":            `null`,
		"no value":        `{"id":"g-1","displayName":"Operators","members":[{"display":"ada"}]}`,
		"a text":          `{"id":"g-1","displayName":"Operators","members":"u-ada"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/Users" {
					_, _ = io.WriteString(w, `{"totalResults":1,"Resources":[{"id":"u-ada","userName":"ada"}]}`)
					return
				}
				_, _ = io.WriteString(w, body)
			})
			_, err := connect(t, url, doubleToken).Inspect(t.Context(), ofDouble("ada"))
			requireProblem(t, err, contract.KindUnavailable)
			_, err = connect(t, url, doubleToken).Revoke(t.Context(), ofDouble("ada"))
			requireProblem(t, err, contract.KindUnavailable)
		})
	}
}

func TestAnAnswerBeyondAllBoundsIsNotRead(t *testing.T) {
	t.Parallel()
	url := answering(t, http.StatusOK, `{"totalResults":0,"Resources":[]}`+strings.Repeat(" ", 9<<20))
	_, err := connect(t, url, doubleToken).Inspect(t.Context(), ofDouble("ada"))
	requireProblem(t, err, contract.KindUnavailable, "more than can be read")
}

func TestTextsOfTheServiceAreBoundedAndHoldNoToken(t *testing.T) {
	t.Parallel()
	body := fmt.Sprintf(
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"invalidFilter","detail":"first\nsecond %s %s"}`,
		doubleToken,
		strings.Repeat("x", 10_000),
	)
	_, err := connect(t, answering(t, http.StatusBadRequest, body), doubleToken).Grant(t.Context(), ofDouble("ada"))
	problem := requireProblem(t, err, contract.KindDenied, "invalidFilter first second (secret) xxx")
	require.Less(t, len(problem.Error()), 500)
}

func TestTheTokenDoesNotFollowARedirect(t *testing.T) {
	t.Parallel()
	thief := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	moved := serve(t, http.RedirectHandler(thief, http.StatusTemporaryRedirect).ServeHTTP)
	_, err := connect(t, moved, doubleToken).Grant(t.Context(), ofDouble("ada"))
	requireProblem(t, err, contract.KindUnavailable, "redirects are not followed")
}
