package hooks_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/starter/hooks"
	"curfew/workflows/contract"
)

var hour = hours(1)

func hours(n int) contract.Duration { return contract.Duration{Duration: time.Duration(n) * time.Hour} }

// unique is a name that no other test of the shared Temporal server uses.
func unique() string { return ulid.Make().String() }

// startedEnded lets the ledger know a request as one that has ended, and Temporal forget it.
func startedEnded(t testing.TB, w *world, id string) contract.Status {
	t.Helper()
	asked := w.asked(t, id)
	status := contract.Status{
		ID:        id,
		Seq:       2,
		State:     contract.StateEnded,
		Outcome:   contract.OutcomeExpired,
		Template:  asked.Template,
		Requester: asked.Requester,
		Subject:   asked.Subject,
		Purpose:   contract.Purpose{Incident: asked.Incident},
		AskedAt:   asked.AskedAt,
	}
	w.Record(t, status)
	require.NoError(
		t,
		w.Client.TerminateWorkflow(t.Context(), contract.RequestWorkflowID(id), "", "the test forgets it"),
	)
	return status
}

func TestAScriptStartsTheOneRequestOfItsDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := unique()
	body := `{"action":"start","id":"` + id + `","template":"read-logs","duration":"90m","reason":"nightly report"}`
	status, answer := w.order(t, "cron", body)
	require.Equal(t, http.StatusAccepted, status, answer)
	var receipt hooks.Receipt
	require.NoError(t, json.Unmarshal([]byte(answer), &receipt))
	delivery, found := w.letIn(t, "cron", id)
	require.True(t, found)
	for range 2 {
		done, err := w.act(t, delivery)
		require.NoError(t, err)
		require.Equal(t, []string{receipt.Request}, done.Requests, "it was told at once which one it will be")
	}
	asked := w.asked(t, receipt.Request)
	require.Equal(t, "alice", asked.Requester)
	require.Equal(t, "hooks/cron", asked.Source)
	require.Equal(t, contract.Duration{Duration: 90 * time.Minute}, asked.Duration)

	_, answer = w.order(t, "cron", body)
	require.NoError(t, json.Unmarshal([]byte(answer), &receipt))
	require.True(t, receipt.Duplicate)
	for _, other := range []string{
		`{"action":"start","id":"` + id + `","template":"read-logs","duration":"90m","reason":"something else"}`,
		`{"action":"end","id":"` + id + `","incident":"PX","reason":"nightly report"}`,
	} {
		status, answer = w.order(t, "cron", other)
		require.Equal(t, http.StatusConflict, status, answer)
		require.Contains(t, answer, "another order: start")
	}
}

func TestASourceThatMayNameOthersActsAsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, person := range map[string]string{
		`"person":"bob"`: "bob", `"system":"servicenow","account":"sys-bob"`: "bob", `"ticket":"OPS-7"`: "alice",
	} {
		id := unique()
		status, answer := w.order(
			t,
			"snow",
			`{"action":"start","id":"`+id+`","template":"read-logs","reason":"r",`+name+`}`,
		)
		require.Equal(t, http.StatusAccepted, status, answer)
		delivery, _ := w.letIn(t, "snow", id)
		require.Equal(t, person, delivery.Order.Person)
	}
	id := unique()
	body := []byte(`{"action":"start","person":"bob","template":"read-logs","reason":"r"}`)
	status, answer := w.send(t, "scripts", standardID(t, newStandard, time.Now(), body, id), body)
	require.Equal(t, http.StatusAccepted, status, answer)
	delivery, found := w.letIn(t, "scripts", id)
	require.True(t, found, "Standard Webhooks has the id in a header that it signs")
	require.Equal(t, "bob", delivery.Order.Person)
}

func TestAnOldDeliveryIsNotActedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.act(t, contract.Delivery{
		Source: "cron",
		ID:     "1",
		Event:  contract.OrderStart,
		At:     time.Now().Add(-73 * time.Hour),
		Order:  &contract.Order{Person: "alice"},
	})
	requireProblem(t, err, contract.KindOverdue, "delivery")
	_, err = w.act(t, contract.Delivery{Source: "gone", ID: "1", Event: contract.OrderStart})
	requireProblem(t, err, contract.KindNotFound, "source")
}
