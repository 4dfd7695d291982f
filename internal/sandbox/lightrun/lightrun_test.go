package lightrun_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/lightrun"
	"curfew/internal/sandbox/vendorcontract"
)

const (
	ann  = "ann@example.com"
	bob  = "bob@example.com"
	pool = "3f1d0f9e-0a55-4c43-9d11-6f6a0f6f0001"
	edge = "3f1d0f9e-0a55-4c43-9d11-6f6a0f6f0002"
)

// company is a stand-in that is held to the vendor's contract, with a clock that only tests move.
type company struct {
	*lightrun.Server
	site *httptest.Server
	now  atomic.Pointer[time.Time]
}

func open(t *testing.T, limit int) *company {
	t.Helper()
	c := &company{}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c.now.Store(&start)
	c.Server = lightrun.New(lightrun.Options{
		Keys: []lightrun.Key{
			{Value: "all", Scopes: []lightrun.Scope{lightrun.ScopeDev, lightrun.ScopeCompany}},
			{Value: "dev", Scopes: []lightrun.Scope{lightrun.ScopeDev}},
			{Value: "company", Scopes: []lightrun.Scope{lightrun.ScopeCompany}},
			{Value: "short", Scopes: []lightrun.Scope{lightrun.ScopeDev}, Until: start.Add(time.Hour)},
		},
		Users: []lightrun.User{
			{Email: ann, FirstName: "Ann", LastName: "Ash", Roles: []string{"DEVELOPER"}},
			{Email: bob, FirstName: "Bob", LastName: "Birch"},
			{Email: "cleo@example.com", ManagementType: "SCIM"},
			{Email: "max@example.com", ManagementType: "SCIM"},
		},
		Pools: []lightrun.AgentPool{{ID: pool, Name: "production"}, {ID: edge, Name: "edge"}},
		Groups: []lightrun.Group{{
			Name: "Payments", AgentPoolIDs: []string{pool}, Roles: []string{"STANDARD"},
			Members: []lightrun.Member{{Email: "max@example.com"}},
		}},
		Limit: limit,
		Now:   func() time.Time { return *c.now.Load() },
	})
	c.site = httptest.NewServer(vendorcontract.Check(t, "lightrun.openapi.json", c.Handler(), lightrun.Operations()...))
	t.Cleanup(c.site.Close)
	return c
}

func (c *company) pass(d time.Duration) {
	later := c.now.Load().Add(d)
	c.now.Store(&later)
}

// call sends a request with a key and returns the status and the answer.
func (c *company) call(t *testing.T, key, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.site.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := c.site.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(answer)
}

// grant asks for an access for Ann and returns the status and the answer.
func (c *company) grant(t *testing.T, change func(asked map[string]any)) (int, string) {
	t.Helper()
	asked := map[string]any{
		"userEmails": []string{ann}, "agentPoolIds": []string{pool}, "roles": []string{"Standard"},
		"expirationDate": "2026-03-01T15:00:00+02:00", "name": "fire",
	}
	if change != nil {
		change(asked)
	}
	body, err := json.Marshal(asked)
	require.NoError(t, err)
	return c.call(t, "dev", http.MethodPost, "/api/v1/temp-access", string(body))
}

func TestAnAccessWorksUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	require.False(t, c.Can(ann, pool))
	status, answer := c.grant(t, func(asked map[string]any) { asked["incidentId"] = "OPS-7" })
	require.Equal(t, http.StatusCreated, status, answer)
	require.Contains(t, answer, `"expirationDate":"2026-03-01T13:00:00Z"`)
	require.True(t, c.Can(ann, pool))
	require.False(t, c.Can(ann, edge))
	require.False(t, c.Can(bob, pool))
	require.Len(t, c.Live(), 1)

	path := "/api/v1/temp-access/" + c.Live()[0].ID
	status, _ = c.call(t, "dev", http.MethodDelete, path, "")
	require.Equal(t, http.StatusNoContent, status)
	require.False(t, c.Can(ann, pool))
	status, _ = c.call(t, "dev", http.MethodDelete, path, "")
	require.Equal(t, http.StatusNotFound, status)
}

func TestAnAccessEndsByItself(t *testing.T) {
	t.Parallel()
	c := open(t, 1)
	status, _ := c.grant(t, nil)
	require.Equal(t, http.StatusCreated, status)
	path := "/api/v1/temp-access/" + c.Live()[0].ID
	c.pass(time.Hour)
	require.False(t, c.Can(ann, pool))
	require.Empty(t, c.Live())
	_, answer := c.call(t, "dev", http.MethodGet, "/api/v1/temp-access", "")
	require.JSONEq(t, `{"items":[],"hasMore":false,"limit":20,"offset":0,"total":0}`, answer)
	status, _ = c.call(t, "dev", http.MethodDelete, path, "")
	require.Equal(t, http.StatusNotFound, status)
	status, _ = c.grant(t, func(asked map[string]any) { asked["expirationDate"] = "2026-03-01T14:00:00Z" })
	require.Equal(t, http.StatusCreated, status, "its name and its place are free again")
}

func TestAccessesThatTheVendorRefuses(t *testing.T) {
	t.Parallel()
	many := func(n int, text string) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = text
		}
		return list
	}
	for name, tc := range map[string]struct {
		field  string
		value  any
		status int
	}{
		"unknown user":        {"userEmails", []string{ann, "eve@example.com"}, http.StatusNotFound},
		"unknown pool":        {"agentPoolIds", []string{pool, "p9"}, http.StatusNotFound},
		"51 users":            {"userEmails", many(51, ann), http.StatusBadRequest},
		"no user":             {"userEmails", []string{}, http.StatusBadRequest},
		"21 pools":            {"agentPoolIds", many(21, pool), http.StatusBadRequest},
		"no pool":             {"agentPoolIds", []string{}, http.StatusBadRequest},
		"no role":             {"roles", []string{}, http.StatusBadRequest},
		"longer than 31 days": {"expirationDate", "2026-04-01T12:00:01Z", http.StatusBadRequest},
		"already over":        {"expirationDate", "2026-03-01T12:00:00Z", http.StatusBadRequest},
		"taken name":          {"name", "taken", http.StatusConflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, 0)
			status, _ := c.grant(t, func(asked map[string]any) { asked["name"] = "taken" })
			require.Equal(t, http.StatusCreated, status)
			status, answer := c.grant(t, func(asked map[string]any) { asked[tc.field] = tc.value })
			require.Equal(t, tc.status, status, answer)
			require.Len(t, c.Live(), 1)
		})
	}
}

func TestAccessesAtTheVendorsLimitsAreGiven(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	status, answer := c.grant(t, func(asked map[string]any) {
		asked["expirationDate"] = "2026-04-01T12:00:00Z"
		delete(asked, "name")
	})
	require.Equal(t, http.StatusCreated, status, answer)
	require.Equal(t, "Temp-Access-01032026-120000-000", c.Live()[0].Name)
}

func TestTheTwoMeaningsOfForbiddenDifferInTheirText(t *testing.T) {
	t.Parallel()
	c := open(t, 1)
	status, _ := c.grant(t, nil)
	require.Equal(t, http.StatusCreated, status)
	status, answer := c.grant(t, func(asked map[string]any) { asked["name"] = "second" })
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, answer, "Exceeded limit of temporary access instances")
	status, answer = c.call(t, "company", http.MethodGet, "/api/v1/temp-access", "")
	require.Equal(t, http.StatusForbidden, status)
	require.NotContains(t, answer, "limit")
}

func TestKeysAreChecked(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	for key, want := range map[string]int{
		"dev": http.StatusOK, "all": http.StatusOK, "company": http.StatusForbidden, "short": http.StatusOK,
		"": http.StatusUnauthorized, "none": http.StatusUnauthorized,
	} {
		status, _ := c.call(t, key, http.MethodGet, "/api/v1/temp-access", "")
		require.Equal(t, want, status, key)
	}
	for key, want := range map[string]int{"dev": http.StatusForbidden, "company": http.StatusOK} {
		status, _ := c.call(t, key, http.MethodGet, "/api/v1/users", "")
		require.Equal(t, want, status, key)
	}
	c.pass(time.Hour)
	status, answer := c.call(t, "short", http.MethodGet, "/api/v1/temp-access", "")
	require.Equal(t, http.StatusUnauthorized, status)
	require.JSONEq(t, `{"message":"401 Unauthorized"}`, answer)
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	for _, name := range []string{"a", "b", "c"} {
		status, _ := c.grant(t, func(asked map[string]any) { asked["name"] = name })
		require.Equal(t, http.StatusCreated, status)
	}
	for query, want := range map[string]struct {
		names   string
		hasMore bool
	}{
		"":               {"abc", false},
		"?size=2":        {"ab", true},
		"?page=1&size=2": {"c", false},
		"?page=9&size=2": {"", false},
		"?page=0&size=3": {"abc", false},
	} {
		status, answer := c.call(t, "dev", http.MethodGet, "/api/v1/temp-access"+query, "")
		require.Equal(t, http.StatusOK, status)
		var page struct {
			Items []struct {
				Name string `json:"name"`
			} `json:"items"`
			HasMore bool `json:"hasMore"`
			Total   int  `json:"total"`
		}
		require.NoError(t, json.Unmarshal([]byte(answer), &page))
		names := []string{}
		for _, item := range page.Items {
			names = append(names, item.Name)
		}
		require.Equal(t, want.names, strings.Join(names, ""), query)
		require.Equal(t, want.hasMore, page.HasMore, query)
		require.Equal(t, 3, page.Total, query)
	}
}

func TestAgentPoolsAreRead(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	_, answer := c.call(t, "dev", http.MethodGet, "/api/v1/agent-pools?name=edge", "")
	require.Contains(t, answer, edge)
	require.NotContains(t, answer, pool)
	status, answer := c.call(t, "dev", http.MethodGet, "/api/v1/agent-pools/"+pool, "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, answer, "production")
	status, _ = c.call(t, "dev", http.MethodGet, "/api/v1/agent-pools/none", "")
	require.Equal(t, http.StatusNotFound, status)
}
