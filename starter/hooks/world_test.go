package hooks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/incident"
	"curfew/activities/kinds"
	"curfew/activities/ledger"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/internal/testserver/temporal"
	"curfew/starter/hooks"
	"curfew/starter/limit"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestMain(m *testing.M) { os.Exit(temporal.Main(m)) }

// The secrets of all sources: an old one and a new one.
const (
	oldSecret   = "an old secret of the source"
	newSecret   = "a new secret of the source"
	oldStandard = "whsec_b2xkIHNlY3JldCBvZiB0aGUgc291cmNlIG9mIDMy"
	newStandard = "whsec_bmV3IHNlY3JldCBvZiB0aGUgc291cmNlIG9mIDMy"
)

func secrets(texts ...string) []config.Secret {
	var all []config.Secret
	for _, text := range texts {
		all = append(all, config.SecretOf(text))
	}
	return all
}

var both = secrets(oldSecret, newSecret)

// world is an entry point with a source of every sort, on a real Temporal server and a real ledger. No worker runs in
// it: what was let in is acted on by the test.
type world struct {
	*startertest.House
	hooks  *hooks.Hooks
	duty   *duty
	url    string
	client *http.Client
}

func newWorld(t testing.TB, change ...func(*world, *hooks.Options)) *world {
	t.Helper()
	return worldIn(t, startertest.New(t), change...)
}

func worldIn(t testing.TB, house *startertest.House, change ...func(*world, *hooks.Options)) *world {
	t.Helper()
	w := &world{House: house, duty: &duty{incidents: map[string]incident.Incident{}}, client: &http.Client{}}
	house.Config.Roles.Operators = []string{"alice"}
	house.Config.Incidents = config.Incidents{"pagerduty": {Kind: "pagerduty", Accounts: "pagerduty"}}
	usual := []string{"incident.triggered", "incident.acknowledged", "incident.reassigned"}
	house.Config.Hooks = map[string]config.Hook{
		"pd": {Verify: "pagerduty", Secrets: both, Routes: []config.Route{
			{
				Template: "look-round",
				Service:  "PSHOP01",
				Priority: "P1",
				On:       usual,
				Duration: contract.Duration{Duration: 2 * time.Hour},
			},
			{Template: "read-logs", Service: "PSHOP01", On: usual},
			{Template: "debug-prod", Service: "PBROKEN", On: usual}, // it asks for a ticket
		}},
		"issues":  {Verify: "jira", Secrets: both},
		"chat":    {Verify: "slack", Secrets: both},
		"scripts": {Verify: config.VerifyStandard, Secrets: secrets(oldStandard, newStandard), MayName: true},
		"cron":    {Verify: config.VerifyBearer, Secrets: both, Person: "alice"},
		"snow":    {Verify: config.VerifyBearer, Secrets: both, Person: "alice", MayName: true},
	}
	for person, accounts := range map[string]map[string]string{
		"alice": {"pagerduty": "PALICE1", "jira": "jira-alice", "slack": "U0ALICE"},
		"bob":   {"pagerduty": "PBOB001", "servicenow": "sys-bob"},
	} {
		for system, account := range accounts {
			house.Config.People[person].Accounts[system] = account
		}
	}
	options := hooks.Options{
		Starter:   house.Starter,
		Kinds:     hooks.Kinds{Trackers: kinds.Trackers(), Incidents: kinds.Incidents(), Channels: kinds.Channels()},
		Alarms:    house.Ledger,
		Incidents: incident.Systems{w.duty},
		Log:       zap.NewNop(),
		Limits:    limit.Unbounded(),
	}
	for _, c := range change {
		c(w, &options)
	}
	var err error
	w.hooks, err = hooks.New(options)
	require.NoError(t, err)
	mux := http.NewServeMux()
	w.hooks.Handle(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.url = server.URL + "/v1/hooks/"
	return w
}

// send posts a body as a source, and returns what is answered.
func (w *world) send(t testing.TB, source string, header http.Header, body []byte) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+source, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header = header
	response, err := w.client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(answer)
}

// letIn is the delivery that the entry point has let into Temporal.
func (w *world) letIn(t testing.TB, source, id string) (delivery contract.Delivery, found bool) {
	t.Helper()
	history := w.Client.GetWorkflowHistory(t.Context(), contract.DeliveryWorkflowID(source, id), "", false, 0)
	if !history.HasNext() {
		return delivery, false
	}
	first, err := history.Next()
	if err != nil {
		return delivery, false
	}
	var in contract.DeliveryInput
	payload := first.GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads()[0].GetData()
	require.NoError(t, json.Unmarshal(payload, &in))
	return in.Delivery.Fact, true
}

// act does what a delivery comes to.
func (w *world) act(t testing.TB, delivery contract.Delivery) (contract.Delivered, error) {
	t.Helper()
	if delivery.At.IsZero() {
		delivery.At = time.Now().UTC()
	}
	return w.hooks.Deliver(
		t.Context(),
		contract.DeliveryInput{Delivery: contract.Sealed[contract.Delivery]{Fact: delivery}},
	)
}

// alarms are those that the entry point has raised.
func (w *world) alarms(t testing.TB) []contract.Alarm {
	t.Helper()
	alarms, err := w.Starter.Current().Alarms(t.Context(), "alice", ledger.AlarmFilter{Kind: contract.AlarmHook})
	require.NoError(t, err)
	return alarms
}

// asked reads a request as it was asked for, from Temporal.
func (w *world) asked(t testing.TB, id string) contract.Request {
	t.Helper()
	history := w.Client.GetWorkflowHistory(t.Context(), contract.RequestWorkflowID(id), "", false, 0)
	require.True(t, history.HasNext())
	first, err := history.Next()
	require.NoError(t, err)
	var in contract.RequestInput
	require.NoError(
		t,
		json.Unmarshal(first.GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads()[0].GetData(), &in),
	)
	return in.Request.Fact
}

// duty is a small incident system.
type duty struct {
	mu        sync.Mutex
	incidents map[string]incident.Incident
	notes     map[string][]story.Entry
	fails     error  // of all calls
	found     func() // called whenever an incident was found; may be nil
}

var began = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// open adds an open incident of the shop, or changes it.
func (d *duty) open(id string, responders ...string) {
	d.put(
		incident.Incident{
			ID:         id,
			Service:    "PSHOP01",
			Title:      "Orders\x1b are late",
			OpenedAt:   began,
			Urgency:    "high",
			Open:       true,
			Responders: responders,
		},
	)
}

func (d *duty) put(one incident.Incident) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.incidents[one.ID] = one
}

func (*duty) Name() string { return "pagerduty" }
func (*duty) Recognizes(id string) bool {
	return len(id) > 1 && id == strings.ToUpper(id) && id[0] == 'P'
}
func (*duty) Check(context.Context) error { return nil }

func (*duty) OnCall(context.Context, string) ([]incident.OnCall, error) { return nil, nil }

func (d *duty) Find(_ context.Context, id string) (incident.Incident, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, ok := d.incidents[id]
	switch {
	case d.fails != nil:
		return incident.Incident{}, d.fails
	case !ok:
		return incident.Incident{}, contract.NotFound("there is no incident %s", id).At("incident").Advise("check it")
	}
	if d.found != nil {
		d.found()
	}
	found.Responders = slices.Clone(found.Responders)
	return found, nil
}

func (d *duty) AddNote(_ context.Context, id string, entry story.Entry) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.notes == nil {
		d.notes = map[string][]story.Entry{}
	}
	if !slices.ContainsFunc(d.notes[id], func(e story.Entry) bool { return e.Marker == entry.Marker }) {
		d.notes[id] = append(d.notes[id], entry)
	}
	return nil
}

// happened is a webhook of PagerDuty's.
func happened(id, event, about string) []byte {
	return fmt.Appendf(nil, `{"event":{"id":%q,"event_type":%q,"data":{"id":%q,"type":"incident"}}}`, id, event, about)
}

// requireProblem returns the problem that an error is.
func requireProblem(t testing.TB, err error, kind contract.Kind, field string) *contract.Problem {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "want a problem, got %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.Equal(t, field, problem.Field, problem.Error())
	return problem
}
