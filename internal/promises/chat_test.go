package promises

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/slack"
	"curfew/workflows/contract"
)

const room = "C0OPS" // a channel at Slack

// chatted tells people in a stand-in of Slack, and warns them long before the end.
func chatted(workspace **slack.Server) func(*house) {
	return func(h *house) {
		const token = "xoxb-the-bot-of-curfew"
		*workspace = slack.New(
			slack.Options{Bots: []slack.Bot{{Token: token, ID: "B0CURFEW"}}, Channels: []string{room}},
		)
		server := httptest.NewServer((*workspace).Handler())
		h.t.Cleanup(server.Close)
		require.NoError(h.t, os.WriteFile(filepath.Join(h.dir, "slack"), []byte(token), 0o600))
		h.upkeep += fmt.Sprintf(
			"notify: {team: {slack: {token: 'file:slack', channel: %s, url: %q}}}\n",
			room,
			server.URL+"/",
		)
	}
}

// button is what pressing a button in a message sends.
var button = regexp.MustCompile(
	`"action_id":"` + contract.ButtonApprove + `"[^{}]*?"value":"([^"]+)"|"value":"([^"]+)"[^{}]*?"action_id":"` + contract.ButtonApprove + `"`,
)

func pressed(message slack.Message) string {
	found := button.FindStringSubmatch(message.Blocks)
	if found == nil {
		return ""
	}
	return found[1] + found[2]
}

func TestReviewersAreAskedInChatDecideThereAndTheRequesterHearsOfIt(t *testing.T) {
	t.Parallel()
	var workspace *slack.Server
	d := newDesk(t, chatted(&workspace))
	id := d.ask(alice, "looked-at", time.Hour).ID
	var asked slack.Message
	require.Eventually(t, func() bool {
		messages := workspace.Messages(room)
		if len(messages) > 0 {
			asked = messages[0]
		}
		return pressed(asked) != ""
	}, patience, 20*time.Millisecond, "nobody was asked")
	require.Contains(t, asked.Mentions, "@U0HANA")

	d.presses("U0HANA", contract.ButtonApprove, pressed(asked))
	require.Equal(t, hana, d.await(id, contract.StateActive).Reviews[0].Reviewer)
	require.True(t, d.canDebug("alice@example.org"))
	_, err := d.starter.Current().Revoke(t.Context(), alice, id, "done")
	require.NoError(t, err)
	d.ended(id)

	messages := workspace.Messages(room)
	require.Equal(t, asked.TS, messages[0].TS, "one message for each request, updated in place")
	require.Empty(t, pressed(messages[0]), "there is nothing to decide any more")
	require.Contains(t, messages[0].Blocks, "revoked")
	require.True(t, slices.ContainsFunc(messages[1:], func(m slack.Message) bool {
		return m.ThreadTS == asked.TS && slices.Contains(m.Mentions, "@U0ALICE")
	}), "the requester hears of the outcome")
	for _, message := range messages[1:] {
		require.Equal(t, asked.TS, message.ThreadTS)
	}
}
