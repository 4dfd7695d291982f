package jira_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/ticket"
	"curfew/activities/ticket/jira"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/vendorcontract"
	"curfew/workflows/contract"
)

const (
	token = "token-of-curfew"
	email = "curfew@example.com"
	ours  = "account-of-curfew"
	other = "account-of-mallory"
)

// site is one Jira with the issue OPS-7, held to the vendor's contract, and our view of it.
type site struct {
	*double.Server
	sandbox.Faults
	*jira.System
	settings jira.Settings
	requests atomic.Int64
}

// documents are the vendor's descriptions of the two deployments.
var documents = map[double.Deployment]string{
	double.Cloud:      "jira-cloud-v2.subset.openapi.json",
	double.DataCenter: "jira-dc-10.subset.openapi.json",
}

// onBoth runs a test against Cloud and against a Data Center below a context path.
func onBoth(t *testing.T, change func(*double.Options), test func(t *testing.T, s *site)) {
	t.Helper()
	t.Parallel()
	for deployment := range documents {
		t.Run(string(deployment), func(t *testing.T) {
			t.Parallel()
			options := double.Options{
				Deployment: deployment,
				Accounts:   []double.Account{{ID: ours, Name: "curfew", Email: email, Token: token}},
			}
			if deployment == double.DataCenter {
				options.ContextPath = "/jira"
			}
			if change != nil {
				change(&options)
			}
			test(t, newSite(t, options))
		})
	}
}

func newSite(t *testing.T, options double.Options) *site {
	t.Helper()
	s := &site{Server: double.New(options)}
	s.AddIssue("OPS-7", "Orders are late", "In Progress")
	checked := http.NewServeMux()
	checked.Handle("/", vendorcontract.Check(t, documents[options.Deployment], s.Handler()))
	// The documents at hand leave the search out. Of what follows, they have the creation.
	checked.Handle(options.ContextPath+"/rest/api/2/search", s.Handler())
	checked.Handle(options.ContextPath+"/rest/api/2/search/", s.Handler())
	faulty := s.Wrap(checked)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		faulty.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.settings = jira.Settings{
		URL:        server.URL + options.ContextPath,
		Deployment: string(options.Deployment),
		User:       email,
		Token:      config.SecretOf(token),
	}
	s.System = open(t, s.settings)
	return s
}

func open(t *testing.T, settings jira.Settings) *jira.System {
	t.Helper()
	system, err := jira.New(settings)
	require.NoError(t, err)
	return system
}

// requireProblem returns the problem that an error is.
func requireProblem(t *testing.T, err error, kind contract.Kind) *contract.Problem {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "want a problem, got %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.NotContains(t, problem.Error(), token)
	return problem
}

func TestFindReadsATicket(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		found, err := s.Find(t.Context(), "OPS-7")
		require.NoError(t, err)
		require.Equal(
			t,
			ticket.Ticket{
				Key:         "OPS-7",
				Summary:     "Orders are late",
				Status:      "In Progress",
				StatusID:    "18430",
				ShownStatus: "In Progress",
			},
			found,
		)

		require.NoError(t, s.Transition("OPS-7", "Closed"))
		found, err = s.Find(t.Context(), "OPS-7")
		require.NoError(t, err)
		require.True(t, found.Done)
	})
}

func TestAMissingTicketIsNotFound(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		_, err := s.Find(t.Context(), "OPS-404")
		for _, err := range []error{err, s.Comment(t.Context(), "OPS-404", entry(1)), s.Link(t.Context(), "OPS-404", link())} {
			problem := requireProblem(t, err, contract.KindNotFound)
			require.Equal(t, "ticket", problem.Field)
			require.Contains(t, problem.Fault, "OPS-404")
			require.NotEmpty(t, problem.Fix)
		}
	})
}

func TestAMalformedKeyNeverReachesJira(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		for _, key := range []string{"", "../../x", "OPS-7/../../user", "OPS-7?x=", "ops-7", "OPS-0", "OPS-7\n", strings.Repeat("X", 1000)} {
			_, err := s.Find(t.Context(), key)
			for _, err := range []error{err, s.Comment(t.Context(), key, entry(1)), s.Link(t.Context(), key, link())} {
				problem := requireProblem(t, err, contract.KindInvalid)
				require.Equal(t, "ticket", problem.Field)
				require.Less(t, len(problem.Error()), 200)
			}
		}
		require.Zero(t, s.requests.Load())
	})
}

func TestALinkIsOneLinkThatChanges(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		open := link()
		require.NoError(t, s.Link(t.Context(), "OPS-7", open))
		require.NoError(t, s.Link(t.Context(), "OPS-7", open))
		require.Len(t, s.Links("OPS-7"), 1)

		closed := open
		closed.Title, closed.Resolved = "Access ended\nat noon "+strings.Repeat("x", 300), true
		require.NoError(t, s.Link(t.Context(), "OPS-7", closed))
		shown := s.Links("OPS-7")
		require.Len(t, shown, 1)
		require.Equal(t, "curfew=r1", shown[0].GlobalID)
		require.True(t, shown[0].Resolved)
		require.Equal(t, open.URL, shown[0].URL)
		require.Equal(t, open.Summary, shown[0].Summary)
		require.True(t, strings.HasPrefix(shown[0].Title, "Access ended at noon xxx"))

		require.NoError(t, s.Link(t.Context(), "OPS-7", open))
		require.False(t, s.Links("OPS-7")[0].Resolved, "a link can be opened again")

		second := open
		second.ID = "r2"
		require.NoError(t, s.Link(t.Context(), "OPS-7", second))
		require.Len(t, s.Links("OPS-7"), 2)
	})
}

func TestALostReplyLeavesOneLink(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		s.Add(sandbox.Fault{Method: http.MethodPost, Times: 1, LoseReply: true})
		requireProblem(t, s.Link(t.Context(), "OPS-7", link()), contract.KindUnavailable)
		require.NoError(t, s.Link(t.Context(), "OPS-7", link()))
		require.Len(t, s.Links("OPS-7"), 1)
	})
}

func TestSettingsThatCantWorkAreRefused(t *testing.T) {
	t.Parallel()
	good := jira.Settings{
		URL:        "https://example.atlassian.net",
		Deployment: jira.Cloud,
		User:       email,
		Token:      config.SecretOf(token),
	}
	open(t, good)
	for field, change := range map[string]func(*jira.Settings){
		"url":        func(s *jira.Settings) { s.URL = "example.atlassian.net" },
		"deployment": func(s *jira.Settings) { s.Deployment = "server" },
	} {
		bad := good
		change(&bad)
		_, err := jira.New(bad)
		require.Equal(t, "tickets.jira."+field, requireProblem(t, err, contract.KindInvalid).Field)
	}
}

func link() ticket.Link {
	return ticket.Link{
		ID:      "r1",
		URL:     "https://curfew.example.com/requests/r1",
		Title:   "Access until noon",
		Summary: "debug-prod for alice",
	}
}
