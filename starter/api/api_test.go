package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"curfew/activities/group"
	"curfew/internal/people"
	"curfew/internal/sandbox"
	"curfew/internal/testserver/temporal"
	"curfew/starter"
	"curfew/starter/api"
	"curfew/starter/limit"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

var update = flag.Bool("update", false, "write the API's description into openapi.yaml")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(temporal.Main(m))
}

// entry point is the API of a house, served.
type entry struct {
	*startertest.House
	url  string
	logs *observer.ObservedLogs
}

func open(t *testing.T) *entry {
	t.Helper()
	return serve(t, startertest.New(t))
}

func serve(t *testing.T, house *startertest.House) *entry {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	server := httptest.NewServer(
		api.New(api.Options{Starter: house.Starter, Limits: limit.Unbounded(), Log: zap.New(core)}),
	)
	t.Cleanup(server.Close)
	return &entry{House: house, url: server.URL, logs: logs}
}

// do calls the API in the name of a person; nobody's when empty.
func (d *entry) do(t *testing.T, person, method, path, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, d.url+path, strings.NewReader(body))
	require.NoError(t, err)
	if person != "" {
		request.Header.Set("Authorization", "Bearer "+startertest.Token(person))
	}
	return d.send(t, request)
}

func (d *entry) send(t *testing.T, request *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(answer)
}

// refused wants a problem document and returns it.
func refused(t *testing.T, response *http.Response, body string, status int) api.Problem {
	t.Helper()
	require.Equal(t, status, response.StatusCode, body)
	require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
	var problem api.Problem
	require.NoError(t, json.Unmarshal([]byte(body), &problem))
	require.Equal(t, status, problem.Status)
	require.NotEmpty(t, problem.Kind)
	require.NotEmpty(t, problem.Errors)
	return problem
}

const goodAsk = `{"template":"debug-prod","duration":"2h","reason":"the checkout hangs","ticket":"OPS-7"}`

func TestTheDescriptionIsTheCommittedOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	response, served := d.do(t, "", http.MethodGet, "/openapi.yaml", "")
	require.Equal(t, http.StatusOK, response.StatusCode)
	if *update {
		require.NoError(t, os.WriteFile("openapi.yaml", []byte(served), 0o644))
	}
	committed, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	require.Equal(t, string(committed), served, "run go test ./starter/api -update, and look at what has changed")
	_, served = d.do(t, "", http.MethodGet, "/openapi.json", "")
	require.True(t, json.Valid([]byte(served)))
}

func TestEverythingInTheDescriptionIsExplained(t *testing.T) {
	t.Parallel()
	_, served := open(t).do(t, "", http.MethodGet, "/openapi.json", "")
	document, err := openapi3.NewLoader().LoadFromData([]byte(served))
	require.NoError(t, err)
	require.Equal(t, "3.1.0", document.OpenAPI)
	for name, schema := range document.Components.Schemas {
		for property, described := range schema.Value.Properties {
			text := described.Value.Description
			if described.Ref != "" {
				text, _ = described.Extensions["description"].(string)
				text += described.Ref
			}
			require.NotEmpty(t, text, "%s.%s", name, property)
		}
	}
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			require.NotEmpty(t, operation.Summary, "%s %s", method, path)
			require.NotNil(t, operation.Responses.Default(), "%s %s says nothing of problem documents", method, path)
		}
	}
}

func TestOnlyWhoShowsATokenIsServed(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, auth := range map[string]struct {
		header string
		status int
		asks   string
	}{
		"nothing":         {"", 401, `Bearer realm="curfew"`},
		"no token":        {"Bearer ", 401, `error="invalid_token"`},
		"a wrong token":   {"Bearer token-of-mallory", 401, `error="invalid_token"`},
		"another scheme":  {"Basic " + startertest.Token("alice"), 401, `error="invalid_token"`},
		"two in one":      {"Bearer " + startertest.Token("alice") + " x", 401, `error="invalid_token"`},
		"a right token":   {"Bearer " + startertest.Token("alice"), 200, ""},
		"in small letter": {"bearer " + startertest.Token("alice"), 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/v1/me", "/v1/templates", "/v1/requests"} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+path, nil)
				require.NoError(t, err)
				request.Header.Set("Authorization", auth.header)
				response, body := d.send(t, request)
				require.Equal(t, auth.status, response.StatusCode, body)
				if auth.status == http.StatusOK {
					continue
				}
				refused(t, response, body, auth.status)
				require.Contains(t, response.Header.Get("WWW-Authenticate"), auth.asks)
			}
		})
	}
	response, body := d.do(t, "", http.MethodGet, "/v1/nowhere", "")
	refused(t, response, body, http.StatusUnauthorized)
	for _, path := range []string{"/healthz", "/readyz", "/openapi.json"} {
		response, body := d.do(t, "", http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, response.StatusCode, body)
	}
}

func TestP9_EachProblemNamesTheFieldTheFaultAndTheFix(t *testing.T) {
	t.Parallel()
	d := open(t)
	pending := startertest.Status(contract.StatePending)
	d.Record(t, pending, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})
	ended := startertest.Status(contract.StateEnded)
	d.Record(t, ended, contract.Event{Seq: 1, Kind: contract.EventExpired, Actor: contract.ActorDeadline})
	on := func(status contract.Status, rest string) string { return "/v1/requests/" + status.ID + rest }

	for name, bad := range map[string]struct {
		person, method, path, body string
		status                     int
		kind                       contract.Kind
		location                   string
	}{
		"too long":            {"alice", "POST", "/v1/requests", strings.Replace(goodAsk, "2h", "9h", 1), 422, contract.KindInvalid, "body.duration"},
		"no duration":         {"alice", "POST", "/v1/requests", strings.Replace(goodAsk, "2h", "1d", 1), 422, contract.KindInvalid, "body.duration"},
		"no reason":           {"alice", "POST", "/v1/requests", `{"template":"debug-prod"}`, 422, contract.KindInvalid, "body.reason"},
		"no such template":    {"alice", "POST", "/v1/requests", `{"template":"x","reason":"y"}`, 422, contract.KindInvalid, "body.template"},
		"no such ticket":      {"alice", "POST", "/v1/requests", strings.Replace(goodAsk, "OPS-7", "OPS-404", 1), 422, contract.KindInvalid, "body.ticket"},
		"who acts":            {"alice", "POST", "/v1/requests", `{"template":"debug-prod","reason":"y","requester":"bob"}`, 422, contract.KindInvalid, "body.requester"},
		"a wrong type":        {"alice", "POST", "/v1/requests", `{"template":7,"reason":"y"}`, 422, contract.KindInvalid, "body.template"},
		"no JSON":             {"alice", "POST", "/v1/requests", `{`, 400, contract.KindInvalid, "body"},
		"no body":             {"alice", "POST", "/v1/requests", ``, 400, contract.KindInvalid, "body"},
		"too large a body":    {"alice", "POST", "/v1/requests", `{"reason":"` + strings.Repeat("x", 64<<10) + `"}`, 413, contract.KindInvalid, "body"},
		"a key twice":         {"alice", "POST", "/v1/requests", `{"template":"debug-prod","reason":"harmless","reason":"y","ticket":"OPS-7"}`, 400, contract.KindInvalid, "body"},
		"a key inside twice":  {"carol", "POST", on(pending, "/reviews"), `{"verdict":"deny","reason":"y","verdict":"approve"}`, 400, contract.KindInvalid, "body"},
		"a key's other case":  {"alice", "POST", "/v1/requests", strings.Replace(goodAsk, "duration", "Duration", 1), 422, contract.KindInvalid, "body.Duration"},
		"zero":                {"alice", "POST", "/v1/requests", strings.Replace(goodAsk, "2h", "0", 1), 422, contract.KindInvalid, "body.duration"},
		"an approval of zero": {"carol", "POST", on(pending, "/reviews"), `{"verdict":"approve","duration":"0s"}`, 422, contract.KindInvalid, "body.duration"},
		"nothing to see":      {"alice", "POST", "/v1/requests", strings.Replace(goodAsk, "the checkout hangs", `\u200b \u2800`, 1), 422, contract.KindInvalid, "body.reason"},
		"no verdict":          {"carol", "POST", on(pending, "/reviews"), `{"verdict":"maybe"}`, 422, contract.KindInvalid, "body.verdict"},
		"a denial for no why": {"carol", "POST", on(pending, "/reviews"), `{"verdict":"deny"}`, 422, contract.KindInvalid, "body.reason"},
		"an own request":      {"alice", "POST", on(pending, "/reviews"), `{"verdict":"approve"}`, 403, contract.KindForbidden, ""},
		"another's request":   {"bob", "GET", on(pending, ""), ``, 404, contract.KindNotFound, "path.id"},
		"another's events":    {"bob", "GET", on(pending, "/events?follow=true"), ``, 404, contract.KindNotFound, "path.id"},
		"none":                {"alice", "GET", "/v1/requests/" + ulid.Make().String(), ``, 404, contract.KindNotFound, "path.id"},
		"no id":               {"alice", "GET", "/v1/requests/x", ``, 422, contract.KindInvalid, "path.id"},
		"over":                {"carol", "POST", on(ended, "/revocation"), `{"reason":"done"}`, 409, contract.KindConflict, ""},
		"a long list":         {"alice", "GET", "/v1/requests?limit=501", ``, 422, contract.KindInvalid, "query.limit"},
		"a wrong state":       {"alice", "GET", "/v1/requests?state=sleepy", ``, 422, contract.KindInvalid, "query.state"},
		"a wrong page":        {"alice", "GET", "/v1/requests?before=x", ``, 422, contract.KindInvalid, "query.before"},
		"a mistyped filter":   {"alice", "GET", "/v1/requests?sate=active", ``, 422, contract.KindInvalid, "query.sate"},
		"nowhere":             {"alice", "GET", "/v1/nowhere", ``, 404, contract.KindNotFound, ""},
		"a wrong method":      {"alice", "DELETE", "/v1/requests", ``, 405, contract.KindInvalid, ""},
	} {
		t.Run(name, func(t *testing.T) {
			response, body := d.do(t, bad.person, bad.method, bad.path, bad.body)
			problem := refused(t, response, body, bad.status)
			require.Equal(t, bad.kind, problem.Kind, body)
			require.Equal(t, bad.location, problem.Errors[0].Location, body)
			require.NotEmpty(t, problem.Errors[0].Message, body)
			require.NotEmpty(t, problem.Errors[0].Fix, body)
			require.NotContains(t, body, "xxxxxxxxxx", "a refusal doesn't echo what was sent")
		})
	}
}

func TestWhatMayPassLaterSaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Jira.Add(sandbox.Fault{Status: 503, RetryAfter: "7"})

	response, body := d.do(t, "alice", http.MethodPost, "/v1/requests", goodAsk)

	problem := refused(t, response, body, http.StatusServiceUnavailable)
	require.Equal(t, contract.KindUnavailable, problem.Kind)
	require.Equal(t, "body.ticket", problem.Errors[0].Location)
	require.Equal(t, "7", response.Header.Get("Retry-After"))
}

func TestARequestIsAskedForAndShown(t *testing.T) {
	t.Parallel()
	d := open(t)

	response, asked := d.do(t, "alice", http.MethodPost, "/v1/requests", goodAsk)

	require.Equal(t, http.StatusCreated, response.StatusCode, asked)
	require.Equal(t, "application/json", response.Header.Get("Content-Type"))
	response, shown := d.do(t, "carol", http.MethodGet, response.Header.Get("Location"), "")
	require.Equal(t, http.StatusOK, response.StatusCode, shown)
	require.JSONEq(t, asked, shown)
	var status contract.Status
	require.NoError(t, json.Unmarshal([]byte(shown), &status))
	require.Equal(t, "alice", status.Requester)
}

func TestAListHasPages(t *testing.T) {
	t.Parallel()
	d := open(t)
	for range 3 {
		d.Record(
			t,
			startertest.Status(contract.StatePending),
			contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"},
		)
	}
	var first, second api.Page
	_, body := d.do(t, "carol", http.MethodGet, "/v1/requests?toReview=true&limit=2", "")
	require.NoError(t, json.Unmarshal([]byte(body), &first))
	require.Len(t, first.Requests, 2, body)

	_, body = d.do(t, "carol", http.MethodGet, "/v1/requests?toReview=true&limit=2&before="+first.Next, "")
	require.NoError(t, json.Unmarshal([]byte(body), &second))

	require.Len(t, second.Requests, 1, body)
	require.Empty(t, second.Next)
	require.Less(t, second.Requests[0].ID, first.Requests[1].ID)
	_, body = d.do(t, "carol", http.MethodGet, "/v1/requests?mine=true", "")
	require.JSONEq(t, `{"requests":[]}`, body)
}

func TestTheLogTellsWhoDidWhatAndNoSecrets(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.do(t, "alice", http.MethodPost, "/v1/requests", `{"template":"debug-prod","reason":"canary-reason"}`)
	d.do(t, "alice", http.MethodGet, "/v1/requests/"+ulid.Make().String(), "")

	lines := d.logs.All()
	require.Len(t, lines, 2)
	require.Equal(t, map[string]any{
		"method": "POST", "route": "POST /v1/requests", "status": int64(422), "person": "alice",
		"took": lines[0].ContextMap()["took"],
	}, lines[0].ContextMap())
	require.Equal(t, "GET /v1/requests/{id}", lines[1].ContextMap()["route"])
	var all bytes.Buffer
	require.NoError(t, json.NewEncoder(&all).Encode([]any{lines[0].ContextMap(), lines[1].ContextMap()}))
	require.NotContains(t, all.String(), "canary")
	require.NotContains(t, all.String(), startertest.Token("alice"))
}

func TestAnswersAreNotKeptOrFramed(t *testing.T) {
	t.Parallel()
	response, _ := open(t).do(t, "alice", http.MethodGet, "/v1/me", "")
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
}

func TestAPanicIsOneFailedCall(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	house.Config.Directories = map[string]people.GroupSystem{"corp": {Accounts: "orders-db"}}
	house.Config.Groups = map[string]people.Group{"dba": {Directory: "corp"}}
	template := house.Config.Templates["look-round"]
	template.Requesters.Groups = []string{"dba"}
	house.Config.Templates["look-round"] = template
	broken := directoryOf(nil)
	var err error
	house.Starter, err = starter.New(starter.Options{
		Temporal: house.Client, Config: house.Live, Ledger: house.Ledger,
		Groups: group.New(map[string]group.Directory{"corp": broken}, nil),
	})
	require.NoError(t, err)
	d := serve(t, house)

	response, body := d.do(t, "alice", http.MethodGet, "/v1/templates", "")

	problem := refused(t, response, body, http.StatusInternalServerError)
	require.Equal(t, contract.KindInternal, problem.Kind)
	require.NotContains(t, body, "nil pointer")
	require.Contains(t, d.logs.All()[0].ContextMap()["error"], "panic")
	response, _ = d.do(t, "", http.MethodGet, "/healthz", "")
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func TestReadinessNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	d := serve(t, startertest.Alone(t))
	d.Temporal.Kill()

	response, body := d.do(t, "", http.MethodGet, "/readyz", "")

	problem := refused(t, response, body, http.StatusServiceUnavailable)
	require.Contains(t, problem.Detail, "Temporal can't be reached")
	response, _ = d.do(t, "", http.MethodGet, "/healthz", "")
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func TestAlarmsOfEveryKindCanBeListed(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Config.Roles.Auditors = []string{"erin"}
	for _, kind := range contract.AlarmKinds() {
		response, body := d.do(t, "erin", http.MethodGet, "/v1/alarms?kind="+string(kind), "")
		require.Equal(t, http.StatusOK, response.StatusCode, body)
	}
	response, body := d.do(t, "erin", http.MethodGet, "/v1/alarms?kind=bogus", "")
	require.Contains(
		t,
		refused(t, response, body, http.StatusUnprocessableEntity).Errors[0].Message,
		string(contract.AlarmGivenOn),
		"it says which there are",
	)
}
