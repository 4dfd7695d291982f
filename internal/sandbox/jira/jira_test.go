package jira_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/vendorcontract"
)

var (
	curfew = jira.Account{ID: "id-curfew", Name: "curfew", Email: "curfew@example.com", Token: "secret"}
	reader = jira.Account{
		ID: "id-reader", Name: "reader", Email: "reader@example.com", Token: "readers-secret",
		Lacks: []string{"ADD_COMMENTS", "LINK_ISSUES", "EDIT_ISSUES", "CREATE_ISSUES", "TRANSITION_ISSUES"},
	}
	stranger = jira.Account{ID: "id-stranger", Token: "no such token"}
)

// site is a site with the issue OPS-7, held to the vendor's contract.
type site struct {
	*jira.Server
	deployment jira.Deployment
	address    string // of the API
}

func onBoth(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	t.Parallel()
	for deployment, document := range map[jira.Deployment]string{
		jira.Cloud: "jira-cloud-v2.subset.openapi.json", jira.DataCenter: "jira-dc-10.subset.openapi.json",
	} {
		t.Run(string(deployment), func(t *testing.T) {
			t.Parallel()
			s := &site{deployment: deployment, Server: jira.New(jira.Options{
				Deployment: deployment, Accounts: []jira.Account{curfew, reader}, CommentLimit: 3,
				Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
			})}
			s.AddIssue("OPS-7", "Orders are late", "To Do")
			checked := http.NewServeMux()
			checked.Handle("/", vendorcontract.Check(t, document, s.Handler()))
			// The documents at hand leave the search out: it is held to what users of both report.
			checked.Handle("/rest/api/2/search", s.Handler())
			checked.Handle("/rest/api/2/search/", s.Handler())
			server := httptest.NewServer(checked)
			t.Cleanup(server.Close)
			s.address = server.URL + "/rest/api/2"
			test(t, s)
		})
	}
}

// do sends a request and returns the status and what was answered.
func (s *site) do(t *testing.T, as jira.Account, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.address+path, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if s.deployment == jira.Cloud {
		request.SetBasicAuth(as.Email, as.Token)
	} else {
		request.Header.Set("Authorization", "Bearer "+as.Token)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(answer)
}

// want sends a request and wants a status; it returns what was answered.
func (s *site) want(t *testing.T, status int, as jira.Account, method, path, body string) string {
	t.Helper()
	got, answer := s.do(t, as, method, path, body)
	require.Equal(t, status, got, answer)
	return answer
}

func TestOnlyThoseWhoSignInAreServed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		for _, path := range []string{"/myself", "/issue/OPS-7", "/issue/OPS-404"} {
			s.want(t, 401, stranger, "GET", path, "")
		}
		myself := s.want(t, 200, curfew, "GET", "/myself", "")
		if s.deployment == jira.Cloud {
			require.Contains(t, myself, `"accountId":"id-curfew"`)
			require.NotContains(t, myself, curfew.Email)
		} else {
			require.Contains(t, myself, `"key":"id-curfew"`)
			require.Contains(t, myself, `"name":"curfew"`)
		}
		require.Contains(t, s.want(t, 200, curfew, "GET", "/serverInfo", ""), `"deploymentType"`)
	})
}

func TestPermissionsAreTold(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		path := "/mypermissions"
		if s.deployment == jira.Cloud {
			s.want(t, 400, reader, "GET", path, "")
			s.want(t, 400, reader, "GET", path+"?permissions=NONSENSE", "")
			path += "?permissions=BROWSE_PROJECTS,ADD_COMMENTS"
		}
		var told struct {
			Permissions map[string]struct{ HavePermission bool }
		}
		require.NoError(t, json.Unmarshal([]byte(s.want(t, 200, reader, "GET", path, "")), &told))
		require.True(t, told.Permissions["BROWSE_PROJECTS"].HavePermission)
		require.False(t, told.Permissions["ADD_COMMENTS"].HavePermission)
	})
}

func TestAnIssueIsReadCreatedAndMoved(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.want(t, 404, curfew, "GET", "/issue/OPS-404", "")
		limited := s.want(t, 200, curfew, "GET", "/issue/OPS-7?fields=summary", "")
		require.Contains(t, limited, "Orders are late")
		require.NotContains(t, limited, "status")
		require.Contains(t, s.want(t, 200, curfew, "GET", "/issue/OPS-7", ""), `"key":"new"`)

		issue := `{"fields":{"project":{"key":"OPS"},"issuetype":{"name":"Task"},"summary":"Next"}}`
		require.Contains(t, s.want(t, 201, curfew, "POST", "/issue", issue), `"key":"OPS-8"`)
		s.want(t, 403, reader, "POST", "/issue", issue)
		s.want(t, 400, curfew, "POST", "/issue", `{"fields":{"project":{"key":"OPS"},"issuetype":{"name":"Task"}}}`)

		require.Contains(t, s.want(t, 200, curfew, "GET", "/issue/OPS-7/transitions", ""), `"id":"31"`)
		s.want(t, 400, curfew, "POST", "/issue/OPS-7/transitions", `{"transition":{"id":"99"}}`)
		s.want(t, 400, reader, "POST", "/issue/OPS-7/transitions", `{"transition":{"id":"31"}}`)
		s.want(t, 204, curfew, "POST", "/issue/OPS-7/transitions", `{"transition":{"id":"31"}}`)
		require.Contains(t, s.want(t, 200, curfew, "GET", "/issue/OPS-7", ""), `"key":"done"`)
		require.Error(t, s.Transition("OPS-404", "Done"))
	})
}

func TestAnIssueIsFoundByItsLabelAndItsID(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		issue := `{"fields":{"project":{"key":"OPS"},"issuetype":{"name":"Task"},"summary":"Next","description":"soon","labels":["a"]}}`
		s.want(t, 201, curfew, "POST", "/issue", issue)
		require.NoError(t, s.LabelAs("id-other", "OPS-7", "a"))
		require.Error(t, s.LabelAs("id-other", "OPS-404", "a"))
		added := s.Issues("OPS")[1]
		require.Equal(
			t,
			jira.Issue{ID: added.ID, Key: "OPS-8", Summary: "Next", Text: "soon", Labels: []string{"a"}},
			added,
		)
		require.Contains(t, s.want(t, 200, curfew, "GET", fmt.Sprint("/issue/", added.ID), ""), `"key":"OPS-8"`)

		here, elsewhere := "/search/jql", "/search"
		if s.deployment == jira.DataCenter {
			here, elsewhere = elsewhere, here
		}
		query := func(jql string) string { return "?fields=labels,creator&jql=" + url.QueryEscape(jql) }
		found := s.want(
			t,
			200,
			curfew,
			"GET",
			here+query(`labels = "a" AND creator = currentUser() ORDER BY created ASC`),
			"",
		)
		require.Contains(t, found, "OPS-8")
		require.Contains(t, found, "id-curfew")
		require.NotContains(t, found, "OPS-7")
		require.Contains(t, s.want(t, 200, curfew, "GET", here+query(`labels = "a"`), ""), "OPS-7")
		require.Contains(t, s.want(t, 200, curfew, "GET", here+query(`labels = "b"`), ""), `"issues":[]`)
		s.want(t, 400, curfew, "GET", here+query(`nonsense`), "")
		s.want(t, 404, curfew, "GET", elsewhere+query(`labels = "a"`), "")
	})
}

func TestCommentsAreWrittenPagedAndEdited(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.want(t, 400, curfew, "POST", "/issue/OPS-7/comment", `{"body":" "}`)
		s.want(t, 400, curfew, "POST", "/issue/OPS-7/comment", `{"body":"`+strings.Repeat("x", 32768)+`"}`)
		s.want(t, 400, reader, "POST", "/issue/OPS-7/comment", `{"body":"hi"}`)
		s.want(t, 201, curfew, "POST", "/issue/OPS-7/comment", `{"body":"one"}`)
		require.NoError(t, s.CommentAs("id-other", "OPS-7", "two"))
		require.Error(t, s.CommentAs("id-other", "OPS-404", "two"))
		s.want(t, 201, curfew, "POST", "/issue/OPS-7/comment", `{"body":"`+strings.Repeat("x", 32767)+`"}`)
		s.want(t, 413, curfew, "POST", "/issue/OPS-7/comment", `{"body":"four"}`)
		require.Len(t, s.Comments("OPS-7"), 3)

		second := s.want(t, 200, curfew, "GET", "/issue/OPS-7/comment?orderBy=-created&startAt=1&maxResults=1", "")
		require.Contains(t, second, `"total":3`)
		require.Contains(t, second, `"two"`)
		require.Contains(t, second, "id-other")
		require.NotContains(t, second, `"one"`)
		require.Contains(t, s.want(t, 200, curfew, "GET", "/issue/OPS-7/comment?maxResults=1", ""), `"one"`)
		require.NotContains(
			t,
			s.want(t, 200, curfew, "GET", "/issue/OPS-7/comment?orderBy=-created&maxResults=1", ""),
			`"one"`,
		)
		require.Contains(t, s.want(t, 200, curfew, "GET", "/issue/OPS-7/comment?startAt=9", ""), `"comments":[]`)

		s.want(t, 404, curfew, "PUT", "/issue/OPS-7/comment/1", `{"body":"edited"}`)
		for _, comment := range s.Comments("OPS-7")[:2] {
			path := fmt.Sprint("/issue/OPS-7/comment/", comment.ID)
			status, _ := s.do(t, curfew, "PUT", path, `{"body":"edited"}`)
			require.Equal(t, comment.Author == curfew.ID, status == 200, "only one's own")
		}
		require.Equal(t, "edited", s.Comments("OPS-7")[0].Body)
	})
}

func TestALinkWithTheSameGlobalIDIsReplaced(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		created := map[jira.Deployment]int{jira.Cloud: 201, jira.DataCenter: 200}[s.deployment]
		full := `{"globalId":"g","object":{"url":"http://x","title":"t","summary":"s","status":{"resolved":true}}}`
		s.want(t, 403, reader, "POST", "/issue/OPS-7/remotelink", full)
		s.want(t, created, curfew, "POST", "/issue/OPS-7/remotelink", full)
		id := s.Links("OPS-7")[0].ID
		s.want(
			t,
			200,
			curfew,
			"POST",
			"/issue/OPS-7/remotelink",
			`{"globalId":"g","object":{"url":"http://y","title":"t"}}`,
		)
		require.Equal(
			t,
			[]jira.RemoteLink{{ID: id, GlobalID: "g", Title: "t", URL: "http://y"}},
			s.Links("OPS-7"),
			"what is left out is gone",
		)
		require.Contains(t, s.want(t, 200, curfew, "GET", "/issue/OPS-7/remotelink?globalId=g", ""), "http://y")
		s.want(t, 404, curfew, "GET", "/issue/OPS-7/remotelink?globalId=h", "")

		for range 2 {
			s.want(t, created, curfew, "POST", "/issue/OPS-7/remotelink", `{"object":{"url":"http://z","title":"t"}}`)
		}
		require.Len(t, s.Links("OPS-7"), 3, "links without a global id are not told apart")
		s.want(
			t,
			400,
			curfew,
			"POST",
			"/issue/OPS-7/remotelink",
			`{"object":{"url":"http://z","title":"`+strings.Repeat("t", 256)+`"}}`,
		)
	})
}

func TestAnIssuesPropertiesAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		path := "/issue/OPS-7/properties/curfew"
		s.want(t, 404, curfew, "GET", path, "")
		s.want(t, 403, reader, "PUT", path, `"r1"`)
		s.want(t, 201, curfew, "PUT", path, `"r1"`)
		s.want(t, 200, curfew, "PUT", path, `"r2"`)
		require.JSONEq(t, `{"key":"curfew","value":"r2"}`, s.want(t, 200, curfew, "GET", path, ""))
	})
}

// These requests break the contract, so they go past its check.
func TestOnlyCloudRefusesFieldsThatItFillsItself(t *testing.T) {
	t.Parallel()
	for deployment, status := range map[jira.Deployment]int{jira.Cloud: 400, jira.DataCenter: 201} {
		for _, body := range []string{`{"body":"hi","author":{}}`, `{"body":"hi","colour":"red"}`} {
			s := &site{
				deployment: deployment,
				Server:     jira.New(jira.Options{Deployment: deployment, Accounts: []jira.Account{curfew}}),
			}
			s.AddIssue("OPS-7", "Orders are late", "To Do")
			server := httptest.NewServer(s.Handler())
			t.Cleanup(server.Close)
			s.address = server.URL + "/rest/api/2"
			s.want(t, status, curfew, "POST", "/issue/OPS-7/comment", body)
		}
	}
}

func TestAPublicSiteHidesIssuesFromThoseWhoFailToSignIn(t *testing.T) {
	t.Parallel()
	server := jira.New(
		jira.Options{Deployment: jira.Cloud, ContextPath: "/jira", Public: true, Accounts: []jira.Account{curfew}},
	)
	server.AddIssue("OPS-7", "Orders are late", "To Do")
	request := httptest.NewRequestWithContext(t.Context(), "GET", "/jira/rest/api/2/issue/OPS-7", nil)
	recorder := httptest.NewRecorder()
	server.Handler().ServeHTTP(recorder, request)
	require.Equal(t, 404, recorder.Code)
	require.Equal(t, "AUTHENTICATED_FAILED", recorder.Header().Get("X-Seraph-LoginReason"))
}
