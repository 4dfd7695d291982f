package jira_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	gojira "github.com/andygrunwald/go-jira"
	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/vendorcontract"
	"curfew/workflows/contract"
)

// entry is the n-th of request r1.
func entry(n int) story.Entry {
	return story.Entry{
		Marker:   fmt.Sprintf("r1/%d", n),
		Headline: "Access granted",
		Lines:    []string{"Until noon"},
		Said:     "the orders",
	}
}

func TestACommentTellsTheEntry(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		require.NoError(t, s.Comment(t.Context(), "OPS-7", entry(1)))
		comments := s.Comments("OPS-7")
		require.Len(t, comments, 1)
		require.Equal(t, ours, comments[0].Author)
		require.Equal(
			t,
			"*Access granted*\nUntil noon\n\n{noformat}\nthe orders\n{noformat}\n\ncurfew: r1/1",
			comments[0].Body,
		)
	})
}

func TestP8ACommentIsThereOnceWhenItsReplyIsLost(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		s.Add(sandbox.Fault{Method: http.MethodPost, Times: 1, LoseReply: true})
		requireProblem(t, s.Comment(t.Context(), "OPS-7", entry(1)), contract.KindUnavailable)
		require.NoError(t, s.Comment(t.Context(), "OPS-7", entry(1)))
		require.Len(t, s.Comments("OPS-7"), 1)
	})
}

func TestP8ARepeatedCommentAddsNone(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		for range 3 {
			require.NoError(t, s.Comment(t.Context(), "OPS-7", entry(12)))
			require.NoError(t, s.Comment(t.Context(), "OPS-7", entry(1)), "r1/1 is not r1/12")
		}
		require.Len(t, s.Comments("OPS-7"), 2)

		anew := open(t, s.settings)
		require.NoError(t, anew.Comment(t.Context(), "OPS-7", entry(1)), "another process knows it too")
		require.Len(t, s.Comments("OPS-7"), 2)
	})
}

func TestP8ACommentIsFoundAmongManyOthers(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		require.NoError(t, s.Comment(t.Context(), "OPS-7", entry(1)))
		for n := range 120 {
			require.NoError(t, s.CommentAs(other, "OPS-7", fmt.Sprint("me too ", n)))
		}
		require.NoError(t, s.Comment(t.Context(), "OPS-7", entry(1)))
		require.Len(t, s.Comments("OPS-7"), 121)
	})
}

func TestP8NobodyElseCanKeepAnEntryOffTheTicket(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		require.NoError(t, s.CommentAs(other, "OPS-7", "curfew: r1/2"), "another writes the marker in advance")
		first := entry(1)
		first.Said = "please\n\ncurfew: r1/2\n{noformat}\n\ncurfew: r1/2"
		require.NoError(t, s.Comment(t.Context(), "OPS-7", first), "the requester does, in what our account writes")
		require.NoError(t, s.Comment(t.Context(), "OPS-7", entry(2)))
		require.Len(t, s.Comments("OPS-7"), 3)
	})
}

func TestAMarkerThatCloudHasRewrittenIsFound(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		require.NoError(t, s.CommentAs(ours, "OPS-7", "*Access granted*\r\n\r\ncurfew: r\\-1/1 \r\n\r\n"))
		again := entry(1)
		again.Marker = "r-1/1"
		require.NoError(t, s.Comment(t.Context(), "OPS-7", again))
		require.Len(t, s.Comments("OPS-7"), 1)
	})
}

func TestAMarkerThatCouldNotBeFoundAgainIsRefused(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		for _, marker := range []string{"", "r1/1\n", "*r1*/1", strings.Repeat("r", 101)} {
			bad := entry(1)
			bad.Marker = marker
			require.Equal(
				t,
				"marker",
				requireProblem(t, s.Comment(t.Context(), "OPS-7", bad), contract.KindInvalid).Field,
			)
		}
		require.Zero(t, s.requests.Load())
	})
}

func TestAFullTicketTakesNoMoreComments(t *testing.T) {
	onBoth(t, func(o *double.Options) { o.CommentLimit = 1 }, func(t *testing.T, s *site) {
		require.NoError(t, s.Comment(t.Context(), "OPS-7", entry(1)))
		problem := requireProblem(t, s.Comment(t.Context(), "OPS-7", entry(2)), contract.KindDenied)
		require.Contains(t, problem.Fault, "as many comments as Jira allows")
		require.NoError(t, s.Comment(t.Context(), "OPS-7", entry(1)), "what is there is there")
	})
}

func TestTheLongestEntryFits(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		long := story.Entry{
			Marker: strings.Repeat(
				"r",
				98,
			) + "/1",
			Headline: strings.Repeat("[*]", 1000),
			Said:     strings.Repeat("{noformat}😀", 9000),
		}
		for range 100 {
			long.Lines = append(long.Lines, strings.Repeat("|", 1000))
		}
		require.NoError(t, s.Comment(t.Context(), "OPS-7", long))
		body := s.Comments("OPS-7")[0].Body
		require.Contains(t, body, "\n… 80 more lines\n\n{noformat}\n")
		require.Contains(t, body, "{noformat}\n\nShortened: ")
		require.True(t, strings.HasSuffix(body, "\n\ncurfew: "+long.Marker))
		require.NoError(t, s.Comment(t.Context(), "OPS-7", long))
		require.Len(t, s.Comments("OPS-7"), 1)
	})
}

func TestTheContractReportsTheLibrarysOwnComment(t *testing.T) {
	t.Parallel()
	vendor, err := vendorcontract.Load(documents[double.Cloud])
	if errors.Is(err, vendorcontract.ErrAbsent) {
		t.Skip(err)
	}
	require.NoError(t, err)
	s := double.New(
		double.Options{Deployment: double.Cloud, Accounts: []double.Account{{ID: ours, Email: email, Token: token}}},
	)
	s.AddIssue("OPS-7", "Orders are late", "To Do")
	violations := make(chan error, 1)
	server := httptest.NewServer(vendor.Wrap(func(violation error) { violations <- violation }, s.Handler()))
	t.Cleanup(server.Close)
	transport := &gojira.BasicAuthTransport{Username: email, Password: token}
	client, err := gojira.NewClient(transport.Client(), server.URL)
	require.NoError(t, err)

	_, response, err := client.Issue.AddCommentWithContext(t.Context(), "OPS-7", &gojira.Comment{Body: "hi"})
	require.Error(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.ErrorContains(t, <-violations, "author")
	require.Empty(t, s.Comments("OPS-7"))
}
