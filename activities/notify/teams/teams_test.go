package teams_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/notify"
	"curfew/activities/notify/notifytest"
	"curfew/activities/notify/teams"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	"curfew/workflows/contract"
)

var ann = notify.Recipient{Person: "ann", Name: "Ann"}

// workflow is what Teams has behind the address: it takes cards.
type workflow struct {
	sandbox.Faults
	url string

	mu    sync.Mutex
	cards []string
}

func start(t *testing.T) (*workflow, *teams.Channel) {
	t.Helper()
	w := &workflow{}
	site := httptest.NewServer(w.Wrap(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" ||
			r.URL.Query().Get("sig") == "" {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.cards = append(w.cards, string(body))
		rw.WriteHeader(http.StatusAccepted)
	})))
	t.Cleanup(site.Close)
	w.url = site.URL + "/workflows/canary?sig=canary"
	return w, teams.New(teams.Settings{URL: config.SecretOf(w.url)})
}

func requireProblem(t *testing.T, err error, kind contract.Kind, parts ...string) *contract.Problem {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "not a problem: %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.NotContains(t, fmt.Sprintf("%v %+v", err, problem), "canary")
	for _, part := range parts {
		require.Contains(t, problem.Error(), part)
	}
	return problem
}

// shown are the texts of a card, in order, and the addresses that its buttons open.
func shown(t *testing.T, message string) (texts string, opens []string) {
	t.Helper()
	var posted struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type, Version string
				Body          []any
				Actions       []struct{ Type, URL string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(message), &posted))
	require.Equal(t, "message", posted.Type)
	require.Len(t, posted.Attachments, 1)
	require.Equal(t, "application/vnd.microsoft.card.adaptive", posted.Attachments[0].ContentType)
	card := posted.Attachments[0].Content
	require.Equal(t, "AdaptiveCard", card.Type)
	for _, action := range card.Actions {
		require.Equal(t, "Action.OpenUrl", action.Type)
		opens = append(opens, action.URL)
	}
	var lines []string
	var walk func(value any)
	walk = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, item := range value {
				walk(item)
			}
		case map[string]any:
			if text, is := value["text"]; is {
				require.Equal(t, "TextRun", value["type"], "all else that has a text is read for Markdown")
				lines = append(lines, text.(string))
			}
			walk(value["items"])
			walk(value["inlines"])
		}
	}
	walk(any(card.Body))
	return strings.Join(lines, "\n"), opens
}

func TestACardTellsWhatConcernsSomebodyAndLeadsToThePage(t *testing.T) {
	t.Parallel()
	w, channel := start(t)
	require.Empty(t, channel.System())
	require.NoError(t, channel.Check(t.Context()))
	_, err := channel.Send(t.Context(), notifytest.Message(1, contract.EventRequested, nil))
	require.NoError(t, err)
	require.Empty(t, w.cards)
	_, err = channel.Send(t.Context(), notifytest.Message(2, contract.EventReviewAsked, nil, ann))
	require.NoError(t, err)
	require.Len(t, w.cards, 1)
	texts, opens := shown(t, w.cards[0])
	require.Equal(t, []string{notifytest.Page}, opens)
	for _, part := range []string{
		"Reviewers were asked", "For Ann. Please approve or deny it.", `orders-db as ann_db: {"role":"repair"}`, "OPS-7", "look at the orders",
	} {
		require.Contains(t, texts, part)
	}
}

func TestNothingThatPeopleTypedIsReadByTeams(t *testing.T) {
	t.Parallel()
	for _, hostile := range notifytest.Hostile {
		w, channel := start(t)
		m := notifytest.Message(4, contract.EventDenied, func(s *contract.Status, e *contract.Event) {
			s.Reason, s.Ticket, s.Incident, e.Said, e.Detail = hostile+"!", hostile, hostile, hostile, hostile
		}, notify.Recipient{Person: "ann", Name: hostile})
		_, err := channel.Send(t.Context(), m)
		require.NoError(t, err)
		texts, opens := shown(t, w.cards[0])
		require.Equal(t, []string{notifytest.Page}, opens)
		require.Contains(t, texts, strings.Fields(story.Visible(hostile))[0])
		require.NotContains(t, texts, "{{")
		require.NotContains(t, texts, "\u202e")
	}
}

func TestACardStaysSmallerThanTeamsTakes(t *testing.T) {
	t.Parallel()
	w, channel := start(t)
	long := strings.Repeat("ö<", 2000)
	_, err := channel.Send(
		t.Context(),
		notifytest.Message(4, contract.EventDenied, func(s *contract.Status, e *contract.Event) {
			s.Reason, e.Said, e.Detail = long, long+"!", strings.Repeat(long+"\n", 30)
			s.Holds[0].Access.Entitlement = json.RawMessage(`"` + strings.Repeat("r", 16<<10) + `"`)
			for range 60 {
				s.Holds = append(s.Holds, s.Holds[0])
			}
		}, ann),
	)
	require.NoError(t, err)
	texts, _ := shown(t, w.cards[0])
	require.Less(t, len(texts), 20_000)
	require.Contains(t, texts, "more on its page")
}

func TestWhatTheWorkflowAnswersIsUnderstood(t *testing.T) {
	t.Parallel()
	m := notifytest.Message(2, contract.EventReviewAsked, nil, ann)
	for status, kind := range map[int]contract.Kind{
		302: contract.KindUnavailable, 400: contract.KindDenied, 401: contract.KindUnavailable, 404: contract.KindUnavailable,
		413: contract.KindDenied, 429: contract.KindUnavailable, 500: contract.KindUnavailable, 503: contract.KindUnavailable,
	} {
		w, channel := start(t)
		w.Add(sandbox.Fault{Status: status, RetryAfter: "7"})
		_, err := channel.Send(t.Context(), m)
		require.Equal(t, 7*time.Second, requireProblem(t, err, kind, "answered").RetryAfter.Duration)
	}
	w, channel := start(t)
	w.Add(sandbox.Fault{Down: true})
	_, err := channel.Send(t.Context(), m)
	requireProblem(t, err, contract.KindUnavailable, "can't be reached")
	_, err = teams.New(teams.Settings{URL: config.SecretOf("https://[canary")}).Send(t.Context(), m)
	requireProblem(t, err, contract.KindInvalid)
}

func TestTheAddressIsNotTakenAlong(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was followed") }),
	)
	t.Cleanup(elsewhere.Close)
	site := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(site.Close)
	_, err := teams.New(teams.Settings{URL: config.SecretOf(site.URL)}).
		Send(t.Context(), notifytest.Message(2, contract.EventReviewAsked, nil, ann))
	requireProblem(t, err, contract.KindUnavailable, "redirects")
}
