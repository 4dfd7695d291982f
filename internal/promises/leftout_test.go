package promises

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox"
	"curfew/internal/testserver/pace"
	"curfew/starter"
	"curfew/workflows/contract"
)

// comments is where entries are written on the ticket.
const comments = "/rest/api/2/issue/" + key + "/comment"

func (h *house) because(reason string, lasts time.Duration) string {
	h.t.Helper()
	status, err := h.starter.Current().Start(h.t.Context(), starter.Ask{
		Template:  "debug",
		Requester: alice,
		Duration:  contract.Duration{Duration: pace.Lasts(lasts)},
		Purpose:   contract.Purpose{Reason: reason, Ticket: key},
		Source:    "test",
	})
	require.NoError(h.t, err)
	return status.ID
}

// leftOut are the texts of the alarms about what a place lacks.
func (h *house) leftOut() string {
	var texts []string
	for _, alarm := range h.alarms(contract.AlarmLeftOut) {
		texts = append(texts, alarm.Text)
	}
	return strings.Join(texts, "\n")
}

func TestP8ATrackerThatCanNotStoreACharacterGetsTheRestOfTheStory(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.jiraFaults.Add(sandbox.Fault{Method: "POST", Path: comments, Body: sandbox.BeyondPlane, Status: 500})
	h.work()
	id := h.because("orders are on fire \U0001f525 since noon", 2*time.Second)
	h.approve(bob, id)
	h.ended(id)
	require.Equal(t, wholeStory, h.headlines(id))
	require.Contains(
		t,
		h.jira.Comments(key)[0].Body,
		"orders are on fire \ufffd since noon",
		"the rest of what was said is there",
	)
	require.Contains(t, h.leftOut(), id+"/1 (requested)", "an alarm names the entry")
	require.Contains(
		t,
		h.leftOut(),
		"The ticket "+key+" lacks a part of the request's story, which the audit log has: characters beyond",
	)
}

func TestP8AnEntryThatATrackerNeverTakesStopsNoOther(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"it fails at it": 500, "it refuses it": 400} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.jiraFaults.Add(
				sandbox.Fault{Method: "POST", Path: comments, Status: status, Body: func(body []byte) bool {
					return bytes.Contains(body, []byte("Access approved"))
				}},
			)
			h.work()
			id := h.because("orders are late", 2*time.Second)
			h.approve(bob, id)
			h.ended(id)
			require.Equal(
				t,
				[]string{"Access requested by Alice (alice)", "Access granted", "Access has ended at its deadline"},
				h.headlines(id),
			)
			require.Contains(t, h.leftOut(), "the entry of "+id+"/2 (approved)")
			_, events, err := h.ledger.Request(t.Context(), id)
			require.NoError(t, err)
			require.True(
				t,
				slices.ContainsFunc(
					events,
					func(event contract.Event) bool { return event.Kind == contract.EventTicketAbandoned },
				),
				"the audit log says that the ticket lacks entries",
			)
		})
	}
}
