package lightrun_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/internal/sandbox"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
	"curfew/workflows/contract"
)

func TestWhoCouldMakeTheAccessLastIsRefused(t *testing.T) {
	t.Parallel()
	c := openGroups(t, func(options *sandboxlightrun.Options) {
		options.Users[0].Roles = []string{"DEVELOPER", "SYSTEM_ADMIN"}
		options.Groups[0].Members[0].GroupAdmin = true
	})
	connector := connectGroups(t, c.url, companyToken)
	_, err := connector.Grant(t.Context(), membership(t, ann))
	requireProblem(t, err, contract.KindDenied, ann, "SYSTEM_ADMIN", "make the access last")
	_, err = connector.Grant(t.Context(), membership(t, bob))
	requireProblem(t, err, contract.KindDenied, bob, "administers the group", "make the access last")
	require.Equal(t, []string{bob}, c.crew())
}

// The answer is a success, 207 or even 200, and its failure is about the only one who was asked for.
func TestAFailureWithinASuccessIsTold(t *testing.T) {
	t.Parallel()
	const cleo = "cleo@example.com"
	c := openGroups(t, func(options *sandboxlightrun.Options) {
		options.Users = append(options.Users, sandboxlightrun.User{Email: cleo, ManagementType: "SCIM"})
		options.Users[1].ManagementType = "SCIM"
	})
	connector := connectGroups(t, c.url, companyToken)
	_, err := connector.Grant(t.Context(), membership(t, cleo))
	requireProblem(
		t,
		err,
		contract.KindDenied,
		"did not add "+cleo,
		"403 Forbidden: The groups of this user",
		"identity provider",
	)
	_, err = connector.Revoke(t.Context(), membership(t, bob))
	requireProblem(t, err, contract.KindDenied, "did not remove "+bob, "identity provider")
	require.Equal(t, []string{bob}, c.crew())
}

// Of a failure that may pass, or of none at all, the group shows that the change was not made.
func TestAChangeThatTheGroupDoesNotShowIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		part   string
	}{
		"a failure that may pass":  {207, `{"successes":[],"failures":[{"message":"Busy","status":503,"payload":{"email":"ann@example.com"}}]}`, "503 Service Unavailable: Busy"},
		"too many":                 {207, `{"failures":[{"status":429}]}`, "429"},
		"a failure without status": {207, `{"failures":[{"message":"No"}]}`, "No"},
		"a success that is none":   {200, `{"successes":[{"email":"ann@example.com"}],"failures":[]}`, ""},
		"no result":                {200, `{}`, ""},
		"a page to sign in":        {200, `<html>Sign in</html>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := scripted(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost:
					w.WriteHeader(tc.status)
					_, _ = io.WriteString(w, tc.body)
				case strings.HasPrefix(r.URL.Path, "/api/v1/users/"):
					_, _ = io.WriteString(w, `{"email":"ann@example.com"}`)
				default:
					_, _ = io.WriteString(w, `{"members":[],"memberCount":0}`)
				}
			})
			connector := connectGroups(t, url, companyToken)
			_, err := connector.Grant(t.Context(), membership(t, ann))
			if tc.part != "" {
				requireProblem(t, err, contract.KindUnavailable, tc.part)
				return
			}
			// Whoever asked looks whether it is there.
			require.NoError(t, err)
			state, err := connector.Inspect(t.Context(), membership(t, ann))
			require.NoError(t, err)
			require.False(t, state.Held)
		})
	}
}

func TestWhatIsNoGroupNeverMeansThatAMembershipIsGone(t *testing.T) {
	t.Parallel()
	const listing = `{"items":[],"total":0}`
	for name, tc := range map[string]struct {
		status int
		body   string
		list   string
	}{
		"page to sign in":              {200, `<html>Sign in</html>`, listing},
		"nothing":                      {200, ``, listing},
		"null":                         {200, `null`, listing},
		"empty object":                 {200, `{}`, listing},
		"a group without its members":  {200, `{"name":"crew","memberCount":3}`, listing},
		"a group with some of them":    {200, `{"name":"crew","members":[{"email":"cleo@example.com"}],"memberCount":2}`, listing},
		"404 of somebody else":         {404, `not here`, `not here`},
		"404, and a list that is none": {404, `{}`, `{}`},
		"404, but it is listed":        {404, `{}`, `{"items":[{"id":"` + strings.ToUpper(crew) + `"}],"total":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := scripted(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet {
					t.Errorf("unexpected %s %s", r.Method, r.URL.Path)
				}
				if r.URL.Path == groupsPath {
					_, _ = io.WriteString(w, tc.list)
					return
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			})
			connector := connectGroups(t, url, companyToken)
			_, err := connector.Inspect(t.Context(), membership(t, ann))
			requireProblem(t, err, contract.KindUnavailable)
			_, err = connector.Revoke(t.Context(), membership(t, ann))
			requireProblem(t, err, contract.KindUnavailable)
		})
	}
}

func TestAnEmptyGroupIsOneHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"members":[],"memberCount":0}`, `{"members":[]}`, `{"memberCount":0}`, `{"members":null,"memberCount":0}`} {
		state, err := connectGroups(
			t,
			answering(t, http.StatusOK, body),
			companyToken,
		).Inspect(t.Context(), membership(t, ann))
		require.NoError(t, err, body)
		require.False(t, state.Held)
		require.Zero(t, state.Until)
	}
}

func TestAnotherUserThanTheOneAskedForIsNotVetted(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `[]`, `{"email":"bob@example.com"}`} {
		url := scripted(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/api/v1/users/") {
				_, _ = io.WriteString(w, body)
				return
			}
			_, _ = io.WriteString(w, `{"members":[]}`)
		})
		_, err := connectGroups(t, url, companyToken).Grant(t.Context(), membership(t, ann))
		requireProblem(t, err, contract.KindUnavailable, "another user")
	}
}

func TestAnAccountLeadsToNoOtherPath(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	url := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.RequestURI
		if strings.HasPrefix(r.URL.Path, "/api/v1/users/") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, `{"members":[]}`)
	})
	_, err := connectGroups(t, url, companyToken).Grant(t.Context(), membership(t, `../groups/x?a=b#%2e@example.com`))
	requireProblem(t, err, contract.KindDenied, "does not know the user ../groups/x?a=b#%2e@example.com")
	require.Equal(t, crewPath+"?includeMembers=true", <-asked)
	require.Equal(t, "/api/v1/users/..%2Fgroups%2Fx%3Fa=b%23%252e@example.com", <-asked)
}

func TestWhatIsNoAccountIsRefusedBeforeAnyCall(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	connector := connectGroups(t, c.url, companyToken)
	for _, account := range []string{"", "ann", "ann@example.com\n", strings.Repeat("a", 243) + "@example.com"} {
		_, err := connector.Grant(t.Context(), membership(t, account))
		requireProblem(t, err, contract.KindInvalid, "account")
	}
	access := membership(t, ann)
	access.Entitlement = []byte(`{"groupId":"../users"}`)
	_, err := connector.Revoke(t.Context(), access)
	requireProblem(t, err, contract.KindInvalid, "groupId")
	require.Empty(t, c.requests())
}

func TestAKeyForGroupsNeedsTheScopeCompany(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	connector := connectGroups(t, c.url, token)
	_, err := connector.Grant(t.Context(), membership(t, ann))
	requireProblem(t, err, contract.KindDenied, "Access is denied", "scope COMPANY")
	requireProblem(t, connector.(target.Checker).Check(t.Context()), contract.KindDenied, "scope COMPANY")
	_, err = connectGroups(t, c.url, "expired").Revoke(t.Context(), membership(t, ann))
	requireProblem(t, err, contract.KindUnavailable, "does not accept the API key", "scope COMPANY")
	require.NoError(t, connectGroups(t, c.url, companyToken).(target.Checker).Check(t.Context()))
}

func TestALimitOfCallsToGroupsIsKept(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	c.changeFaults.Add(sandbox.Fault{Status: http.StatusTooManyRequests, RetryAfter: "7"})
	_, err := connectGroups(t, c.url, companyToken).Grant(t.Context(), membership(t, ann))
	require.Equal(t, "7s", requireProblem(t, err, contract.KindUnavailable, "429").RetryAfter.String())
	_, err = connectGroups(t, c.url, companyToken).Revoke(t.Context(), membership(t, bob))
	require.Equal(t, "7s", requireProblem(t, err, contract.KindUnavailable, "429").RetryAfter.String())
}

func TestCallsSayWhoMakesThem(t *testing.T) {
	t.Parallel()
	agents := make(chan string, 1)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agents <- r.UserAgent()
		_, _ = fmt.Fprint(w, `{"items":[],"total":0}`)
	}))
	t.Cleanup(site.Close)
	require.NoError(t, connectGroups(t, site.URL, companyToken).(target.Checker).Check(t.Context()))
	require.Equal(t, "curfew", <-agents)
}
