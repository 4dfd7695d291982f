package pagerduty_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/PagerDuty/go-pagerduty/webhookv3"
	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/pagerduty"
)

// event is what a webhook tells.
type event struct {
	ID       string `json:"id"`
	Type     string `json:"event_type"`
	Resource string `json:"resource_type"`
	At       string `json:"occurred_at"`
	Agent    *struct {
		ID string `json:"id"`
	} `json:"agent"`
	Data struct {
		ID        string `json:"id"`
		Status    string `json:"status"`
		Service   struct{ ID string }
		Assignees []struct{ ID string }
	} `json:"data"`
}

func read(t *testing.T, delivery pagerduty.Delivery) event {
	t.Helper()
	var body struct {
		Event event `json:"event"`
	}
	require.NoError(t, json.Unmarshal(delivery.Body, &body))
	return body.Event
}

func TestEachChangeOfAnIncidentIsToldByAWebhook(t *testing.T) {
	t.Parallel()
	a := open(t, nil)
	opened := read(t, a.Trigger(pagerduty.Incident{Title: "Again", Service: "PSHOP01", Assignees: []string{"PADA001"}}))
	require.Regexp(t, `^Q[A-Z0-9]{13}$`, opened.Data.ID)
	require.Equal(t, "incident.triggered", opened.Type)
	require.Equal(t, "incident", opened.Resource)
	require.Equal(t, "2026-11-01T12:00:00.000Z", opened.At)
	require.Nil(t, opened.Agent)
	require.Equal(t, "PSHOP01", opened.Data.Service.ID)

	id, seen := opened.Data.ID, map[string]bool{opened.ID: true}
	for _, change := range []struct {
		do        func() (pagerduty.Delivery, error)
		event     string
		status    string
		assignees int
	}{
		{func() (pagerduty.Delivery, error) { return a.Acknowledge(id, "PADA001") }, "incident.acknowledged", "acknowledged", 1},
		{func() (pagerduty.Delivery, error) { return a.Reassign(id, "PADA001", "PCURFEW", "PALWAYS") }, "incident.reassigned", "triggered", 2},
		{func() (pagerduty.Delivery, error) { return a.Resolve(id, "PADA001") }, "incident.resolved", "resolved", 0},
		{func() (pagerduty.Delivery, error) { return a.Happen(id, "incident.invented") }, "incident.invented", "resolved", 0},
	} {
		delivery, err := change.do()
		require.NoError(t, err)
		told := read(t, delivery)
		require.Equal(t, change.event, told.Type)
		require.Equal(t, change.status, told.Data.Status)
		require.Len(t, told.Data.Assignees, change.assignees)
		require.False(t, seen[told.ID], "each event has an id of its own")
		seen[told.ID] = true
	}
	require.Equal(t, "pagey.ping", read(t, a.Ping()).Type)
}

func TestAWebhookIsSignedWithEachSecret(t *testing.T) {
	t.Parallel()
	a := open(t, func(o *pagerduty.Options) { o.Secrets = []string{"old", "new"} })
	verdicts := map[string]error{}
	var ids []string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ids = append(ids, r.Header.Get("X-Webhook-Id"))
		for _, secret := range []string{"old", "new", "other"} {
			verdicts[secret] = webhookv3.VerifySignature(r, secret)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(receiver.Close)

	delivery := a.Trigger(pagerduty.Incident{Title: "Größer", Service: "PSHOP01"})
	for range 2 {
		status, err := delivery.Send(t.Context(), http.DefaultClient, receiver.URL)
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, status)
	}
	require.NoError(t, verdicts["old"])
	require.NoError(t, verdicts["new"])
	require.ErrorIs(t, verdicts["other"], webhookv3.ErrNoValidSignatures)
	require.Equal(t, []string{delivery.ID, delivery.ID}, ids, "a repeated delivery has the same id")
}
