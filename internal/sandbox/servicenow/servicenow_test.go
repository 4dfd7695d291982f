package servicenow_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/servicenow"
	"curfew/internal/sandbox/vendorcontract"
)

var curfew = servicenow.Account{
	ID: "c0ffee", Name: "curfew", Password: "secret", ClientID: "client", ClientSecret: "client's secret",
}

// instance is an instance with the incident INC0010007, held to the vendor's contract, which says nothing of OAuth.
type instance struct {
	*servicenow.Server
	address  string
	incident string // its sys_id
}

func newInstance(t *testing.T, account servicenow.Account) *instance {
	t.Helper()
	i := &instance{Server: servicenow.New(servicenow.Options{Accounts: []servicenow.Account{account}})}
	i.incident = i.AddIncident(servicenow.Incident{
		Number:   "INC0010007",
		State:    "1",
		Title:    "Orders are late",
		Service:  "5e41",
		Assigned: "ad4",
		Urgency:  "1",
		Priority: "2",
	})
	mux := http.NewServeMux()
	mux.Handle("/oauth_token.do", i.Handler())
	mux.Handle("/", vendorcontract.Check(t, "servicenow-table.openapi.json", i.Handler()))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.address = server.URL
	return i
}

// basic and bearer say who calls.
func basic(name, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(name, password) }
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

var asCurfew = basic(curfew.Name, curfew.Password)

// want sends a request and wants a status; it returns what was answered.
func (i *instance) want(t *testing.T, status int, as func(*http.Request), method, path, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, i.address+path, strings.NewReader(body))
	require.NoError(t, err)
	as(request)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, status, response.StatusCode, string(answer))
	return string(answer)
}

// list reads the records that a query finds.
func (i *instance) list(t *testing.T, table string, query url.Values) []map[string]any {
	t.Helper()
	var reply struct{ Result []map[string]any }
	require.NoError(
		t,
		json.Unmarshal([]byte(i.want(t, 200, asCurfew, "GET", "/api/now/table/"+table+"?"+query.Encode(), "")), &reply),
	)
	return reply.Result
}

func TestOnlyThoseWhoSignInAreServed(t *testing.T) {
	t.Parallel()
	i := newInstance(t, curfew)
	const path = "/api/now/table/incident"
	for _, as := range []func(*http.Request){basic("curfew", "wrong"), basic("nobody", ""), bearer("made up"), func(*http.Request) {}} {
		require.Contains(t, i.want(t, 401, as, "GET", path, ""), "User Not Authenticated")
	}
	i.want(t, 200, asCurfew, "GET", path, "")
}

func TestAnOAuthClientGetsATokenThatEnds(t *testing.T) {
	t.Parallel()
	i := newInstance(t, curfew)
	ask := func(secret string) (int, string) {
		form := url.Values{
			"grant_type":    {"client_credentials"},
			"client_id":     {curfew.ClientID},
			"client_secret": {secret},
		}
		request, err := http.NewRequestWithContext(
			t.Context(),
			http.MethodPost,
			i.address+"/oauth_token.do",
			strings.NewReader(form.Encode()),
		)
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		var granted struct {
			Token string `json:"access_token"`
		}
		require.NoError(t, json.NewDecoder(response.Body).Decode(&granted))
		return response.StatusCode, granted.Token
	}
	status, _ := ask("wrong")
	require.Equal(t, 401, status)
	status, token := ask(curfew.ClientSecret)
	require.Equal(t, 200, status)
	i.want(t, 200, bearer(token), "GET", "/api/now/table/incident", "")
	i.RevokeTokens()
	i.want(t, 401, bearer(token), "GET", "/api/now/table/incident", "")
}

func TestRecordsAreFoundAsTheQuerySays(t *testing.T) {
	t.Parallel()
	i := newInstance(t, curfew)
	i.AddIncident(servicenow.Incident{Number: "INC0010008", State: "7"})
	for query, want := range map[string]int{
		"":                          2,
		"number=INC0010007":         1,
		"number=INC0010009":         0,
		"sys_id>" + i.incident:      1,
		"active=true":               1,
		"number=INC0010007^state=7": 0,
		"colour=red":                2, // what is not understood is passed over
		"ORDERBYnumber^number=INC0010008^nonsens": 1,
	} {
		require.Len(t, i.list(t, "incident", url.Values{"sysparm_query": {query}}), want, query)
	}
	require.Len(t, i.list(t, "incident", url.Values{"sysparm_limit": {"1"}}), 1)
	for _, me := range []string{"user_name=javascript:gs.getUserName()", "sys_id=javascript:gs.getUserID()"} {
		require.Equal(t, "curfew", i.list(t, "sys_user", url.Values{"sysparm_query": {me}})[0]["user_name"])
	}
	require.Contains(t, i.want(t, 400, asCurfew, "GET", "/api/now/table/nonsense", ""), "Invalid table")
}

func TestARecordIsShownAsItIsAskedFor(t *testing.T) {
	t.Parallel()
	i := newInstance(t, curfew)
	path := "/api/now/table/incident/" + i.incident
	require.Contains(t, i.want(t, 200, asCurfew, "GET", path, ""), `"assigned_to":{"link":`)
	require.JSONEq(
		t,
		`{"result":{"assigned_to":"ad4","number":"INC0010007"}}`,
		i.want(
			t,
			200,
			asCurfew,
			"GET",
			path+"?sysparm_fields=number,assigned_to&sysparm_exclude_reference_link=true",
			"",
		),
	)
	require.Contains(t, i.want(t, 404, asCurfew, "GET", "/api/now/table/incident/nonsense", ""), "No Record found")
}

func TestAWorkNoteIsReadInTheJournalAlone(t *testing.T) {
	t.Parallel()
	i := newInstance(t, curfew)
	path := "/api/now/table/incident/" + i.incident
	require.Contains(
		t,
		i.want(t, 200, asCurfew, "PATCH", path, `{"work_notes":"one","urgency":"3"}`),
		`"work_notes":""`,
	)
	require.NoError(t, i.NoteAs("mallory", "INC0010007", "two"))
	require.Error(t, i.NoteAs("mallory", "INC0010008", "two"))
	require.Contains(t, i.want(t, 200, asCurfew, "GET", path, ""), `"urgency":"3"`)
	entries := i.list(
		t,
		"sys_journal_field",
		url.Values{"sysparm_query": {"element_id=" + i.incident + "^element=work_notes"}},
	)
	require.Len(t, entries, 2)
	require.Equal(t, "one", entries[0]["value"])
	require.Equal(t, "curfew", entries[0]["sys_created_by"])
	require.Equal(
		t,
		[]servicenow.Note{{Author: "curfew", Text: "one"}, {Author: "mallory", Text: "two"}},
		i.Notes("INC0010007"),
	)
	i.want(t, 404, asCurfew, "PATCH", "/api/now/table/incident/nonsense", `{"work_notes":"x"}`)
	i.want(t, 400, asCurfew, "PATCH", path, `{"work_notes":`)
}

func TestWhatAnAccountMayNotDoIsLeftOutWithoutAWord(t *testing.T) {
	t.Parallel()
	limited := curfew
	limited.Hidden, limited.ReadOnly, limited.Unasked = []string{
		"sys_journal_field",
	}, []string{
		"work_notes",
	}, []string{
		"state",
	}
	i := newInstance(t, limited)
	require.Len(t, i.list(t, "incident", url.Values{"sysparm_query": {"state=7"}}), 1)
	require.Empty(t, i.list(t, "sys_journal_field", nil))
	i.want(t, 200, asCurfew, "PATCH", "/api/now/table/incident/"+i.incident, `{"work_notes":"one"}`)
	require.Empty(t, i.Notes("INC0010007"))
}

func TestAnIncidentThatIsClosedIsNotActive(t *testing.T) {
	t.Parallel()
	i := newInstance(t, curfew)
	for state, active := range map[string]string{"2": "true", "6": "true", "7": "false", "8": "false"} {
		require.NoError(t, i.Set("INC0010007", "state", state))
		require.Equal(t, active, i.list(t, "incident", nil)[0]["active"], state)
	}
	require.Error(t, i.Set("INC0010008", "state", "2"))
}
