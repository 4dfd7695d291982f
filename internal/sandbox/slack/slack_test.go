package slack_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/slack-go/slack/slacktest"
	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/slack"
)

const (
	channel = "C012ABCDEF"
	token   = "xoxb-1"
	section = `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"hello"}]}]}]`
)

func start(t *testing.T, bots ...slack.Bot) (*slack.Server, string) {
	t.Helper()
	s := slack.New(
		slack.Options{Bots: append(bots, slack.Bot{Token: token, ID: "B1"}), Channels: []string{channel}, PageSize: 2},
	)
	site := httptest.NewServer(s.Handler())
	t.Cleanup(site.Close)
	return s, site.URL + "/"
}

// call calls a method with pairs of names and values.
func call(t *testing.T, where, method string, pairs ...string) map[string]any {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	request, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		where+method,
		strings.NewReader(form.Encode()),
	)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var answer map[string]any
	require.NoError(t, json.Unmarshal(body, &answer), string(body))
	return answer
}

// The library's own stand-in knows fewer methods, but what it answers this one answers too.
func TestAnswersHaveAllThatTheLibrarysStandInSays(t *testing.T) {
	t.Parallel()
	theirs := slacktest.NewTestServer()
	theirs.Start()
	t.Cleanup(theirs.Stop)
	_, ours := start(t)
	for method, pairs := range map[string][]string{
		"auth.test":        {"token", token},
		"chat.postMessage": {"token", token, "channel", channel, "text", "hello", "blocks", section},
	} {
		expected, answered := call(t, theirs.GetAPIURL(), method, pairs...), call(t, ours, method, pairs...)
		for field, value := range expected {
			require.IsType(t, value, answered[field], "%s: %s", method, field)
		}
		require.Equal(t, true, answered["ok"], method)
	}
}

func TestMessagesAreRefusedAsSlackRefusesThem(t *testing.T) {
	t.Parallel()
	_, where := start(t, slack.Bot{Token: "xoxb-2", ID: "B2", Lacks: []string{"chat:write"}})
	for code, pairs := range map[string][]string{
		"invalid_auth":            {"token", "xoxb-0", "channel", channel, "text", "a"},
		"missing_scope":           {"token", "xoxb-2", "channel", channel, "text", "a"},
		"not_in_channel":          {"token", token, "channel", "C0", "text", "a"},
		"no_text":                 {"token", token, "channel", channel},
		"thread_not_found":        {"token", token, "channel", channel, "text", "a", "thread_ts", "1.2"},
		"invalid_blocks_format":   {"token", token, "channel", channel, "blocks", "{"},
		"msg_blocks_too_long":     {"token", token, "channel", channel, "blocks", strings.Replace(section, "hello", strings.Repeat("a", 14_000), 1)},
		"invalid_blocks":          {"token", token, "channel", channel, "blocks", strings.Replace(section, "hello", "", 1)},
		"invalid_metadata_format": {"token", token, "channel", channel, "text", "a", "metadata", "{"},
	} {
		answer := call(t, where, "chat.postMessage", pairs...)
		require.Equal(t, false, answer["ok"], code)
		require.Equal(t, code, answer["error"])
	}
}

func TestAMessageIsChangedByWhoeverPostedItAlone(t *testing.T) {
	t.Parallel()
	s, where := start(t, slack.Bot{Token: "xoxb-2", ID: "B2"})
	posted := call(
		t,
		where,
		"chat.postMessage",
		"token",
		token,
		"channel",
		channel,
		"text",
		"<@U1> <!here>",
		"metadata",
		`{"event_type":"a"}`,
	)
	ts, _ := posted["ts"].(string)
	require.Equal(
		t,
		"cant_update_message",
		call(t, where, "chat.update", "token", "xoxb-2", "channel", channel, "ts", ts, "text", "b")["error"],
	)
	require.Equal(
		t,
		"message_not_found",
		call(t, where, "chat.update", "token", token, "channel", channel, "ts", "1.2", "text", "b")["error"],
	)
	require.Equal(
		t,
		true,
		call(t, where, "chat.update", "token", token, "channel", channel, "ts", ts, "text", "<@U2>")["ok"],
	)
	require.Equal(t, []slack.Message{
		{
			Channel:  channel,
			TS:       ts,
			Bot:      "B1",
			Text:     "<@U2>",
			Metadata: `{"event_type":"a"}`,
			Edits:    1,
			Mentions: []string{"!here", "@U1"},
		},
	}, s.Messages(channel), "what it carries along stays, and a change calls nobody")
}

func TestThreadsAndChannelsAreReadInPages(t *testing.T) {
	t.Parallel()
	s, where := start(t)
	root := s.Post(slack.Message{Channel: channel, Text: "root"})
	for range 2 {
		s.Post(slack.Message{Channel: channel, Text: "reply", ThreadTS: root.TS})
	}
	first := call(t, where, "conversations.replies", "token", token, "channel", channel, "ts", root.TS, "limit", "100")
	require.Len(t, first["messages"], 2)
	require.Equal(t, true, first["has_more"])
	cursor := first["response_metadata"].(map[string]any)["next_cursor"].(string)
	second := call(
		t,
		where,
		"conversations.replies",
		"token",
		token,
		"channel",
		channel,
		"ts",
		root.TS,
		"limit",
		"100",
		"cursor",
		cursor,
	)
	require.Len(t, second["messages"], 1)
	require.Equal(t, false, second["has_more"])
	require.Len(
		t,
		call(t, where, "conversations.history", "token", token, "channel", channel, "limit", "1")["messages"],
		1,
		"replies are not in the channel",
	)
	require.Empty(
		t,
		call(t, where, "conversations.history", "token", token, "channel", channel, "limit", "1", "oldest", root.TS)["messages"],
	)
}
