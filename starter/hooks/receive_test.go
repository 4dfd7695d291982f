package hooks_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/pace"
	"curfew/starter/hooks"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

// pd sends a webhook of PagerDuty's.
func (w *world) pd(t testing.TB, body []byte) (int, string) {
	t.Helper()
	return w.send(t, "pd", byPagerDuty(t, oldSecret, time.Time{}, body), body)
}

// jira sends a webhook of Jira's.
func (w *world) jira(t testing.TB, id, body string) (int, string) {
	t.Helper()
	header := byJira(t, oldSecret, time.Time{}, []byte(body))
	header.Set("X-Atlassian-Webhook-Identifier", id)
	return w.send(t, "issues", header, []byte(body))
}

// slack sends an interaction of Slack's.
func (w *world) slack(t testing.TB, payload string) (int, string) {
	t.Helper()
	body := []byte(url.Values{"payload": {payload}}.Encode())
	return w.send(t, "chat", bySlack(t, newSecret, time.Now(), body), body)
}

// order sends what a script asks for.
func (w *world) order(t testing.TB, source, body string) (int, string) {
	t.Helper()
	return w.send(t, source, byBearer(t, oldSecret, time.Time{}, nil), []byte(body))
}

func TestAnIncidentsEventIsLetInOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "E-" + ulid.Make().String()
	for n := range 3 {
		status, answer := w.pd(t, happened(id, "incident.triggered", "PINC1"))
		require.Equal(t, http.StatusAccepted, status)
		var receipt hooks.Receipt
		require.NoError(t, json.Unmarshal([]byte(answer), &receipt))
		require.Equal(t, hooks.Receipt{Delivery: id, Duplicate: n > 0}, receipt)
	}
	delivery, found := w.letIn(t, "pd", id)
	require.True(t, found)
	require.WithinDuration(t, time.Now(), delivery.At, time.Minute)
	delivery.At = time.Time{}
	require.Equal(t, contract.Delivery{Source: "pd", ID: id, Event: "incident.triggered", Incident: "PINC1"}, delivery)
}

func TestADeliveryThatIsSentAgainUnderAnotherNameIsTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	moved := `{"webhookEvent":"jira:issue_updated","issue":{"key":"OPS-7"},"changelog":{"id":"` + ulid.Make().
		String() +
		`","items":[{"field":"status"}]}}`
	nameless := []byte(
		`{"event":{"event_type":"incident.triggered","data":{"id":"PINC1","type":"incident","html_url":"` + ulid.Make().
			String() +
			`"}}}`,
	)
	for n, name := range []string{"one", "two", ""} {
		status, answer := w.jira(t, name, moved)
		require.Equal(t, http.StatusAccepted, status, answer)
		require.Equal(t, n > 0, strings.Contains(answer, `"duplicate":true`), "nobody signs the header that names it")

		header := byPagerDuty(t, oldSecret, time.Time{}, nameless)
		header.Set("X-Webhook-Id", name)
		status, answer = w.send(t, "pd", header, nameless)
		require.Equal(t, http.StatusAccepted, status, answer)
		require.Equal(t, n > 0, strings.Contains(answer, `"duplicate":true`))
	}
}

func TestNothingOfAWebhookIsKeptButWhereToLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := ulid.Make().String()
	status, _ := w.slack(
		t,
		`{"type":"block_actions","token":"canary","trigger_id":"`+id+`","response_url":"https://hooks.slack.com/canary",
		"user":{"id":"U0ALICE","name":"canary"},"actions":[{"action_id":"curfew_approve","value":"01KAS3T4M5X6Y7Z8A9B0C1D2E3/4","action_ts":"1.2"}]}`,
	)
	require.Equal(t, http.StatusOK, status)
	delivery, found := w.letIn(t, "chat", id)
	require.True(t, found)
	require.Equal(t, "01KAS3T4M5X6Y7Z8A9B0C1D2E3", delivery.Request)
	require.Equal(t, 4, delivery.Seen)
	text, err := json.Marshal(delivery)
	require.NoError(t, err)
	require.NotContains(t, string(text), "canary")
}

func TestEachSourceGetsAnAnswerThatItUnderstands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct {
		send   func() (int, string)
		status int
		says   string
	}{
		"an unknown source":      {func() (int, string) { return w.send(t, "nobody", nil, nil) }, 404, "no such source"},
		"a ping":                 {func() (int, string) { return w.pd(t, happened("E1", "pagey.ping", "")) }, 200, ""},
		"no JSON of PagerDuty's": {func() (int, string) { return w.pd(t, []byte("{")) }, 202, "unused"},
		"an event of no incident": {
			func() (int, string) { return w.pd(t, happened("E2", "incident.triggered", "../x")) }, 202, "unused",
		},
		"an event that means nothing": {
			func() (int, string) { return w.pd(t, happened("E3", "incident.annotated", "PINC1")) }, 202, "no route",
		},
		"no JSON of Jira's": {func() (int, string) { return w.jira(t, "1", "{") }, 400, "no JSON"},
		"a ticket without a key": {
			func() (int, string) {
				return w.jira(t, "2", `{"webhookEvent":"jira:issue_updated","issue":{"key":"../x"},"changelog":{"items":[{"field":"status"}]}}`)
			}, 400, "no ticket",
		},
		"a change of something else than the status": {
			func() (int, string) {
				return w.jira(t, "3", `{"webhookEvent":"jira:issue_updated","issue":{"key":"OPS-7"},"changelog":{"items":[{"field":"summary"}]}}`)
			}, 200, "",
		},
		"a key of Jira's twice": {
			func() (int, string) {
				return w.jira(t, "5", `{"webhookEvent":"jira:issue_updated","issue":{"key":"OPS-7"},"issue":{"key":"OPS-8"},"changelog":{"items":[{"field":"status"}]}}`)
			}, 400, "no JSON",
		},
		"a key of Jira's in another case": {
			func() (int, string) {
				return w.jira(t, "6", `{"webhookEvent":"jira:issue_updated","issue":{"KEY":"OPS-7"},"changelog":{"items":[{"field":"status"}]}}`)
			}, 400, "no ticket",
		},
		"a key of PagerDuty's twice": {
			func() (int, string) {
				return w.pd(t, []byte(`{"event":{"id":"E9","event_type":"incident.triggered","data":{"id":"PINC1","id":"PINC2","type":"incident"}}}`))
			}, 202, "unused",
		},
		"a key of Slack's twice":                {func() (int, string) { return w.slack(t, `{"type":"block_actions","user":{"id":"U1","id":"U0ALICE"}}`) }, 400, "payload"},
		"an event of Jira's that means nothing": {func() (int, string) { return w.jira(t, "4", `{"webhookEvent":"sprint_started"}`) }, 202, "unused"},
		"no payload of Slack's":                 {func() (int, string) { return w.slack(t, "{") }, 400, "payload"},
		"a dialog of Slack's":                   {func() (int, string) { return w.slack(t, `{"type":"view_submission"}`) }, 202, "only buttons"},
		"a link in Slack":                       {func() (int, string) { return w.slack(t, `{"type":"block_actions","actions":[{"action_id":"open"}]}`) }, 200, ""},
		"an order that is none":                 {func() (int, string) { return w.order(t, "cron", "7") }, 400, "one JSON object"},
		"an order with a slip":                  {func() (int, string) { return w.order(t, "cron", `{"acton":"end"}`) }, 400, "acton"},
		"an order without an id":                {func() (int, string) { return w.order(t, "cron", `{"action":"end"}`) }, 400, "id: is missing"},
		"an order for nothing":                  {func() (int, string) { return w.order(t, "cron", `{"id":"1","action":"approve"}`) }, 400, "start, extend or end"},
		"an end of nothing":                     {func() (int, string) { return w.order(t, "cron", `{"id":"1","action":"end","reason":"r"}`) }, 400, "request"},
		"an end of two things": {
			func() (int, string) {
				return w.order(t, "cron", `{"id":"1","action":"end","reason":"r","request":"x","incident":"y"}`)
			}, 400, "request",
		},
		"an end without a reason": {func() (int, string) { return w.order(t, "cron", `{"id":"1","action":"end","request":"x"}`) }, 400, "reason"},
		"an extension by nothing": {func() (int, string) {
			return w.order(t, "cron", `{"id":"1","action":"extend","reason":"r","request":"x"}`)
		}, 400, "duration"},
		"a start of no template": {func() (int, string) {
			return w.order(t, "cron", `{"id":"1","action":"start","template":"read-lgs","reason":"r"}`)
		}, 400, "did you mean read-logs?"},
		"a start without a reason": {func() (int, string) { return w.order(t, "cron", `{"id":"1","action":"start","template":"read-logs"}`) }, 400, "reason"},
		"a start that lasts too long": {func() (int, string) {
			return w.order(t, "cron", `{"id":"1","action":"start","template":"read-logs","reason":"r","duration":"99h"}`)
		}, 400, "8h"},
		"another name than the own": {func() (int, string) { return w.order(t, "cron", `{"id":"1","action":"start","person":"bob"}`) }, 403, "acts as alice"},
		"another account than the own": {func() (int, string) {
			return w.order(t, "cron", `{"id":"1","action":"start","system":"servicenow","account":"sys-bob"}`)
		}, 403, "acts as alice"},
		"nobody's name": {func() (int, string) { return w.order(t, "snow", `{"id":"1","action":"start","person":"mallory"}`) }, 400, "mallory"},
		"nobody's account": {func() (int, string) {
			return w.order(t, "snow", `{"id":"1","action":"start","system":"servicenow","account":"x"}`)
		}, 400, "account"},
		"a key twice": {
			func() (int, string) {
				return w.order(t, "cron", `{"id":"1","action":"start","template":"read-logs","template":"debug-prod","reason":"x"}`)
			}, 400, "there twice",
		},
		"a key in another case": {func() (int, string) { return w.order(t, "cron", `{"id":"1","Action":"start"}`) }, 400, "no key /Action"},
		"no time at all": {
			func() (int, string) {
				return w.order(t, "cron", `{"id":"1","action":"start","template":"read-logs","reason":"x","duration":"0"}`)
			}, 400, "zero is no time at all",
		},
		"a reason of nothing to see": {
			func() (int, string) {
				return w.order(t, "cron", `{"id":"1","action":"end","incident":"P1","reason":"\u200b"}`)
			}, 400, "is missing",
		},
		"a name and somebody's account": {func() (int, string) {
			return w.order(t, "snow", `{"id":"1","action":"start","person":"bob","system":"servicenow","account":"sys-bob"}`)
		}, 400, "not both"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, answer := test.send()
			require.Equal(t, test.status, status, answer)
			require.Contains(t, answer, test.says)
			if status == http.StatusOK {
				require.Empty(t, answer)
			}
		})
	}
}

func TestADeliveryIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	large := bytes.Repeat([]byte("x"), 1<<20+1)
	status, answer := w.send(t, "pd", byPagerDuty(t, oldSecret, time.Time{}, large), large)
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	require.Contains(t, answer, "1024 KiB")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"pd", nil)
	require.NoError(t, err)
	response, err := w.client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
	require.Equal(t, http.MethodPost, response.Header.Get("Allow"))
}

func TestOperatorsAreToldOnceADayOfEachSortOfDeliveryThatMeansNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{"E1", "E2", "E3"} {
		w.pd(t, happened(id, "incident.annotated", "PINC1"))
		w.pd(t, happened(id, "incident.annotated", "PINC2"))
	}
	w.pd(t, []byte("nonsense"))
	w.pd(t, []byte("other nonsense"))
	w.pd(t, happened("E4", "pagey.ping", ""))
	w.pd(t, happened("E5", strings.Repeat("x", 5000), "PINC1"))
	var ids []string
	for _, alarm := range w.alarms(t) {
		ids = append(ids, alarm.ID)
		require.Less(t, len(alarm.Text), 500)
	}
	day := time.Now().UTC().Format(time.DateOnly)
	require.ElementsMatch(t, []string{"hook/pd/incident.annotated/" + day, "hook/pd/unreadable/" + day}, ids)
}

func TestNothingIsPromisedThatTemporalHasNotTaken(t *testing.T) {
	t.Parallel()
	house := startertest.Alone(t)
	w := worldIn(t, house)
	house.Temporal.Kill()
	for name, send := range map[string]func() (int, string){
		"PagerDuty": func() (int, string) { return w.pd(t, happened("E1", "incident.triggered", "PINC1")) },
		"a script": func() (int, string) {
			return w.order(t, "cron", `{"id":"1","action":"end","request":"x","reason":"r"}`)
		},
	} {
		began := time.Now()
		status, answer := send()
		require.Equal(t, http.StatusServiceUnavailable, status, name)
		require.Contains(t, answer, "send it again", name)
		pace.OnTime(t, name+"'s answer", time.Since(began), 5*time.Second)
	}
}

func TestNothingIsPromisedThatTheLedgerHasNotTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.Ledger.Close())
	status, _ := w.pd(t, happened("E1", "incident.annotated", "PINC1"))
	require.Equal(t, http.StatusServiceUnavailable, status)
}
