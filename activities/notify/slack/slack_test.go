package slack_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/notify"
	"curfew/activities/notify/notifytest"
	"curfew/activities/notify/slack"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	sandboxslack "curfew/internal/sandbox/slack"
	"curfew/workflows/contract"
)

const (
	channelID = "C012ABCDEF"
	token     = "xoxb-canary"
)

var (
	ann   = notify.Recipient{Person: "ann", Name: "Ann", Account: "U0ANN"}
	bob   = notify.Recipient{Person: "bob", Name: "Bob", Account: "U0BOB"}
	carol = notify.Recipient{Person: "carol", Name: "Carol", Account: "U0CAROL"}
)

// workspace is a Slack of the test's own, and Curfew's channel in it.
type workspace struct {
	*sandboxslack.Server
	*slack.Channel
	sandbox.Faults
}

func open(t *testing.T, lacks ...string) *workspace {
	t.Helper()
	w := &workspace{Server: sandboxslack.New(sandboxslack.Options{
		Bots: []sandboxslack.Bot{
			{Token: token, ID: "B0CURFEW", Lacks: lacks},
			{Token: "xoxb-other", ID: "B0OTHER"},
		},
		Channels: []string{channelID},
		PageSize: 3,
	})}
	site := httptest.NewServer(w.Wrap(w.Handler()))
	t.Cleanup(site.Close)
	w.Channel = slack.New(slack.Settings{Token: config.SecretOf(token), Channel: channelID, URL: site.URL})
	return w
}

// tell wants a message to be told, and returns the thread.
func (w *workspace) tell(t *testing.T, m notify.Message) string {
	t.Helper()
	sent, err := w.Send(t.Context(), m)
	require.NoError(t, err)
	return sent.Thread
}

func (w *workspace) posted() []sandboxslack.Message { return w.Messages(channelID) }

func asked(to ...notify.Recipient) notify.Message {
	return notifytest.Message(2, contract.EventReviewAsked, nil, to...)
}

// ended is told after the message that a thread stands for.
func ended(thread string, to ...notify.Recipient) notify.Message {
	m := notifytest.Message(5, contract.EventDenied, func(s *contract.Status, e *contract.Event) {
		s.State, s.Outcome, e.Said = contract.StateEnded, contract.OutcomeDenied, "not today"
	}, to...)
	m.Thread = thread
	return m
}

func requireProblem(t *testing.T, err error, kind contract.Kind, parts ...string) *contract.Problem {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "not a problem: %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.NotContains(t, problem.Error(), "canary")
	for _, part := range parts {
		require.Contains(t, problem.Error(), part)
	}
	return problem
}

func TestARequestHasOneMessageThatMentionsWhomItAsks(t *testing.T) {
	t.Parallel()
	w := open(t)
	require.Equal(t, "slack", w.System())
	thread := w.tell(t, asked(bob, carol))
	posted := w.posted()
	require.Len(t, posted, 1)
	require.Equal(t, channelID+"/"+posted[0].TS, thread)
	require.Equal(t, []string{"@U0BOB", "@U0CAROL"}, posted[0].Mentions)
	for _, part := range []string{
		"debug-prod", "ann", `orders-db as ann_db: {\"role\":\"repair\"}`, `lightrun-prod as ann@example.com: {\"roles\":[\"Standard\"]}`,
		"1h", "OPS-7", "PABC123", "look at the orders", "pending", "1 of 2 approvals, approve by carol", "Please approve or deny it.",
	} {
		require.Contains(t, posted[0].Blocks, part)
	}
}

func TestManyWhoAreAskedFitIntoAMessage(t *testing.T) {
	t.Parallel()
	w := open(t)
	var all []notify.Recipient
	for i := range 200 {
		all = append(all, notify.Recipient{Person: "p", Name: "P", Account: fmt.Sprintf("U012ABC%03d", i)})
	}
	change := func(s *contract.Status, _ *contract.Event) { s.Reason = strings.Repeat("long ", 800) }
	thread := w.tell(t, notifytest.Message(2, contract.EventReviewAsked, change, all...))
	reminder := notifytest.Message(3, contract.EventReminded, change, all...)
	reminder.Thread = thread
	w.tell(t, reminder)
	require.Len(t, w.posted(), 2)
	for _, m := range w.posted() {
		require.Len(t, m.Mentions, 30)
	}
	require.Contains(t, w.posted()[1].Blocks, "and 170 more")
}

func TestWhatIsAskedForAloneWaitsForWhoeverIsAsked(t *testing.T) {
	t.Parallel()
	w := open(t)
	require.Empty(t, w.tell(t, notifytest.Message(1, contract.EventRequested, nil)))
	require.Empty(t, w.posted())
}

func TestTheMessageShowsHowTheRequestStandsAndAReplyTellsThoseWhomItConcerns(t *testing.T) {
	t.Parallel()
	w := open(t)
	thread := w.tell(t, asked(bob))
	require.Equal(t, thread, w.tell(t, ended(thread, ann)))
	posted := w.posted()
	require.Len(t, posted, 2)
	require.Contains(t, posted[0].Blocks, "denied")
	require.Equal(t, 1, posted[0].Edits)
	require.Equal(t, posted[0].TS, posted[1].ThreadTS)
	require.Equal(t, []string{"@U0ANN"}, posted[1].Mentions)
	require.Contains(t, posted[1].Blocks, "Access denied by bob")
	require.Contains(t, posted[1].Blocks, "not today")
	require.Contains(t, posted[1].Blocks, notifytest.Page)
}

func TestWhatConcernsNobodyChangesTheMessageOnly(t *testing.T) {
	t.Parallel()
	w := open(t)
	thread := w.tell(t, asked(bob))
	reviewed := notifytest.Message(3, contract.EventReviewed, nil)
	reviewed.Thread = thread
	w.tell(t, reviewed)
	require.Len(t, w.posted(), 1)
	require.Equal(t, 1, w.posted()[0].Edits)
}

// buttons are the values of a message's buttons by their actions.
func buttons(t *testing.T, blocks string) map[string]string {
	t.Helper()
	var all []struct {
		Type     string
		Elements []struct {
			ActionID   string `json:"action_id"`
			Value, URL string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(blocks), &all))
	found := map[string]string{}
	for _, block := range all {
		for _, element := range block.Elements {
			if block.Type == "actions" {
				found[element.ActionID] = element.Value + element.URL
			}
		}
	}
	return found
}

func TestButtonsDecideWhileSomethingWaitsForReview(t *testing.T) {
	t.Parallel()
	deciding := map[string]string{
		"curfew_approve": notifytest.Request + "/3/" + notifytest.Digest,
		"curfew_deny":    notifytest.Request + "/3/" + notifytest.Digest,
		"curfew_open":    notifytest.Request + notifytest.Page,
	}
	leading := map[string]string{"curfew_open": notifytest.Request + notifytest.Page}
	for name, tc := range map[string]struct {
		change func(*contract.Status, *contract.Event)
		want   map[string]string
		cut    bool
	}{
		"pending": {nil, deciding, false},
		"an extension": {func(s *contract.Status, _ *contract.Event) {
			s.State, s.Until = contract.StateActive, s.DecideBy
			s.Extension = &contract.Extension{By: "ann", Duration: contract.Duration{Duration: time.Hour}, Reason: "more"}
		}, deciding, false},
		"active": {func(s *contract.Status, _ *contract.Event) { s.State, s.Until = contract.StateActive, s.DecideBy }, leading, false},
		"ended":  {func(s *contract.Status, _ *contract.Event) { s.State = contract.StateEnded }, leading, false},
		"more access than fits": {func(s *contract.Status, _ *contract.Event) {
			s.Holds[0].Access.Entitlement = json.RawMessage(`{"role":"` + strings.Repeat("r", 12_000) + `"}`)
		}, leading, true},
		"more targets than fit": {func(s *contract.Status, _ *contract.Event) {
			for range 60 {
				s.Holds = append(s.Holds, s.Holds[0])
			}
		}, leading, true},
		"a longer reason than fits": {func(s *contract.Status, _ *contract.Event) { s.Reason = strings.Repeat("ö<", 2000) }, leading, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			w.tell(t, notifytest.Message(3, contract.EventReviewed, tc.change))
			require.Equal(t, tc.want, buttons(t, w.posted()[0].Blocks))
			require.Equal(t, tc.cut, strings.Contains(w.posted()[0].Blocks, "Its page shows the whole of it"))
		})
	}
}

// literals are the texts of a message that Slack shows as they are; all other texts are returned as read.
func literals(t *testing.T, blocks string) (shown, read []string) {
	t.Helper()
	var walk func(value any)
	walk = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, item := range value {
				walk(item)
			}
		case map[string]any:
			text, is := value["text"].(string)
			switch {
			case is && (value["type"] == "text" || value["type"] == "plain_text" || value["type"] == "link"):
				shown = append(shown, text)
			case is:
				read = append(read, text)
			}
			for _, item := range value {
				walk(item)
			}
		}
	}
	var all any
	require.NoError(t, json.Unmarshal([]byte(blocks), &all))
	walk(all)
	return shown, read
}

func TestNothingThatPeopleTypedIsReadBySlack(t *testing.T) {
	t.Parallel()
	for _, hostile := range notifytest.Hostile {
		w := open(t)
		change := func(s *contract.Status, e *contract.Event) {
			s.Reason, s.Ticket, s.Incident, e.Said, e.Detail = hostile, hostile, hostile, hostile, hostile
			s.Holds[0].Access.Account = hostile
		}
		thread := w.tell(t, notifytest.Message(2, contract.EventReviewAsked, change, bob))
		next := notifytest.Message(3, contract.EventReminded, change, bob)
		next.Thread = thread
		w.tell(t, next)
		posted := w.posted()
		require.Len(t, posted, 2)
		for _, m := range posted {
			require.Equal(t, []string{"@U0BOB"}, m.Mentions)
			shown, read := literals(t, m.Blocks)
			require.Empty(t, read)
			require.NotContains(t, m.Text, "evil")
			require.Contains(t, strings.Join(shown, "\n"), strings.Fields(story.Visible(hostile))[0])
			require.NotContains(t, strings.Join(shown, ""), "\u202e")
			for action := range buttons(t, m.Blocks) {
				require.Contains(t, []string{"curfew_approve", "curfew_deny", "curfew_open"}, action)
			}
		}
	}
}

func TestAnEventIsToldOnceWhenItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Add(sandbox.Fault{Path: "/chat.postMessage", Times: 1, LoseReply: true})
	_, err := w.Send(t.Context(), asked(bob))
	requireProblem(t, err, contract.KindUnavailable)
	thread := w.tell(t, asked(bob))
	require.Len(t, w.posted(), 1)

	w.Add(sandbox.Fault{Path: "/chat.postMessage", Times: 1, LoseReply: true})
	_, err = w.Send(t.Context(), ended(thread, ann))
	requireProblem(t, err, contract.KindUnavailable)
	require.Equal(t, thread, w.tell(t, ended(thread, ann)))
	require.Len(t, w.posted(), 2)
}

func TestALostThreadIsFoundAgainAmongManyMessages(t *testing.T) {
	t.Parallel()
	w := open(t)
	thread := w.tell(t, asked(bob))
	for range 10 {
		w.Post(sandboxslack.Message{Channel: channelID, Text: "lunch?"})
	}
	require.Equal(t, thread, w.tell(t, ended("", ann)))
	require.Len(t, w.posted(), 12)
}

func TestNobodyElseCanKeepAMessageOutOfTheChannel(t *testing.T) {
	t.Parallel()
	w := open(t)
	other := sandboxslack.Message{Channel: channelID, Bot: "B0OTHER", Text: "told"}
	other.Metadata = `{"event_type":"curfew","event_payload":{"request":"` + notifytest.Request + `","event":"` + notifytest.Request + `/2"}}`
	w.Post(other)
	thread := w.tell(t, asked(bob))
	require.Len(t, w.posted(), 2)
	require.Equal(t, []string{"@U0BOB"}, w.posted()[1].Mentions)

	other.ThreadTS, other.Metadata = w.posted()[1].TS, strings.Replace(other.Metadata, "/2", "/5", 1)
	w.Post(other)
	w.tell(t, ended(thread, ann))
	require.Len(t, w.posted(), 4)
	require.Equal(t, []string{"@U0ANN"}, w.posted()[3].Mentions)
}

func TestAMessageThatWasDeletedIsWrittenAnew(t *testing.T) {
	t.Parallel()
	w := open(t)
	thread := w.tell(t, asked(bob))
	w.Delete(channelID, w.posted()[0].TS)
	next := w.tell(t, ended(thread, ann))
	require.NotEqual(t, thread, next)
	require.Len(t, w.posted(), 1)
	require.Equal(t, []string{"@U0ANN"}, w.posted()[0].Mentions)
}

// Temporal holds the thread, and whoever can write there must not choose where Curfew's bot writes.
func TestAThreadOfAnotherChannelIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, thread := range []string{"C0OTHER/1700000000.000001", channelID + "/x", channelID, "/", channelID + "/1.2&channel=C0OTHER"} {
		w := open(t)
		require.True(t, strings.HasPrefix(w.tell(t, ended(thread, ann)), channelID+"/"))
		require.Zero(t, w.Calls()["chat.update"], thread)
		require.Len(t, w.posted(), 1)
	}
}

func TestSlackIsWaitedForAsItAsks(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Add(sandbox.Fault{Status: 429, RetryAfter: "30", Times: 1})
	_, err := w.Send(t.Context(), asked(bob))
	require.Equal(t, 30*time.Second, requireProblem(t, err, contract.KindUnavailable).RetryAfter.Duration)
	w.Add(sandbox.Fault{Status: 429, RetryAfter: "999999999", Times: 1})
	_, err = w.Send(t.Context(), asked(bob))
	require.Equal(t, 10*time.Minute, requireProblem(t, err, contract.KindUnavailable).RetryAfter.Duration)
	for _, status := range []int{302, 429, 500, 503} {
		w.Add(sandbox.Fault{Status: status, Times: 1})
		_, err = w.Send(t.Context(), asked(bob))
		requireProblem(t, err, contract.KindUnavailable)
	}
	w.Add(sandbox.Fault{Down: true})
	_, err = w.Send(t.Context(), asked(bob))
	requireProblem(t, err, contract.KindUnavailable, "can be reached")
	require.Empty(t, w.posted())
}

func TestWhatTheBotMayNotDoIsSaid(t *testing.T) {
	t.Parallel()
	_, err := open(t, "chat:write").Send(t.Context(), asked(bob))
	requireProblem(t, err, contract.KindDenied, `"chat:write"`)
	requireProblem(t, open(t, "channels:history").Check(t.Context()), contract.KindDenied, `"channels:history"`)
	requireProblem(t, open(t, "chat:write").Check(t.Context()), contract.KindDenied, "chat:write")
	require.NoError(t, open(t).Check(t.Context()))

	w := open(t)
	site := httptest.NewServer(w.Handler())
	t.Cleanup(site.Close)
	elsewhere := slack.New(slack.Settings{Token: config.SecretOf(token), Channel: "C0OTHER", URL: site.URL})
	requireProblem(t, elsewhere.Check(t.Context()), contract.KindDenied, "invite")
	stranger := slack.New(slack.Settings{Token: config.SecretOf("xoxb-canary-2"), Channel: channelID, URL: site.URL})
	requireProblem(t, stranger.Check(t.Context()), contract.KindUnavailable, "renew the token")
	require.Empty(t, w.posted())
}
