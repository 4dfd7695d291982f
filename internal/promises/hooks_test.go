package promises

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/kinds"
	"curfew/activities/ledger"
	"curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/pagerduty"
	"curfew/starter"
	"curfew/starter/hooks"
	"curfew/worker"
	"curfew/workflows/contract"
)

const (
	hana       = "hana" // reviews what comes in by hooks
	hookSecret = "the secret that all sources sign with"
)

// hooked has a source of every sort beside PagerDuty itself.
func hooked(h *house) {
	paged(h)
	require.NoError(h.t, os.WriteFile(filepath.Join(h.dir, "hook"), []byte(hookSecret), 0o600))
	h.people = "  hana: {name: Hana, accounts: {slack: U0HANA, jira: jira-hana}}"
	h.accounts += ", slack: U0ALICE, jira: jira-alice"
	h.templates += `
  looked-at:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"]}]
    duration: {default: 1h, max: 8h}
    ticket: optional
    extension: {review: true}
    endWith: [ticket, incident]
    approval: {count: 1, from: [hana, bob]}
`
	h.upkeep += `
hooks:
  pd: {verify: pagerduty, secrets: ["file:hook"], routes: [{template: oncall, service: ` + shop + `}]}
  issues:
    verify: jira
    secrets: ["file:hook"]
    routes: [{project: OPS, issueType: Access, template: looked-at}]
    decisions: {approve: Approved, deny: Rejected}
  chat: {verify: slack, secrets: ["file:hook"]}
  cron: {verify: bearer, secrets: ["file:hook"], person: alice}
`
}

// desk is a house whose server takes deliveries in this process.
type desk struct {
	*house
	url     string
	answers chan string // what Slack was told
}

func newDesk(t testing.TB, options ...func(*house)) *desk {
	t.Helper()
	d := &desk{house: newHouse(t, append([]func(*house){hooked}, options...)...), answers: make(chan string, 16)}
	d.work()
	sources, err := hooks.New(hooks.Options{
		Starter:   d.starter,
		Kinds:     hooks.Kinds{Trackers: kinds.Trackers(), Incidents: kinds.Incidents(), Channels: kinds.Channels()},
		Alarms:    d.ledger,
		Tickets:   d.tracker(),
		Incidents: d.incidents,
		Log:       zap.NewNop(),
		Answers:   &http.Client{Transport: d},
	})
	require.NoError(t, err)
	mux := http.NewServeMux()
	sources.Handle(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	d.url = server.URL + "/v1/hooks/"
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan struct{})
	go func() { defer close(stopped); worker.Deliver(ctx, d.client, sources.Deliver, zap.NewNop()) }()
	t.Cleanup(func() { stop(); <-stopped })
	return d
}

// RoundTrip is Slack, as far as it takes answers.
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	var body struct {
		Text string `json:"text"`
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	d.answers <- r.URL.Host + r.URL.Path + ": " + body.Text
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("ok")), Request: r}, err
}

func (d *desk) send(source string, header map[string]string, body string) {
	d.t.Helper()
	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url+source, strings.NewReader(body))
	require.NoError(d.t, err)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(d.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(d.t, err)
	require.Less(d.t, response.StatusCode, 300, string(answer))
}

func signature(parts ...string) string {
	sum := hmac.New(sha256.New, []byte(hookSecret))
	sum.Write([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum.Sum(nil))
}

// pages sends a webhook of PagerDuty's.
func (d *desk) pages(delivery pagerduty.Delivery) {
	d.t.Helper()
	d.send(
		"pd",
		map[string]string{"X-PagerDuty-Signature": "v1=" + signature(string(delivery.Body))},
		string(delivery.Body),
	)
}

// presses a button in Slack, and returns what is told there.
func (d *desk) presses(member, button, value string) string {
	d.t.Helper()
	payload := fmt.Sprintf(
		`{"type":"block_actions","trigger_id":%q,"response_url":"https://hooks.slack.com/actions/1","user":{"id":%q},
		"actions":[{"action_id":%q,"value":%q,"action_ts":"1"}]}`,
		ulid.Make(),
		member,
		button,
		value,
	)
	body, stamp := url.Values{"payload": {payload}}.Encode(), strconv.FormatInt(time.Now().Unix(), 10)
	d.send("chat", map[string]string{
		"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": "v0=" + signature("v0:", stamp, ":", body),
	}, body)
	select {
	case answer := <-d.answers:
		text, sent := strings.CutPrefix(answer, "hooks.slack.com/actions/1: ")
		require.True(d.t, sent, answer)
		return text
	case <-time.After(patience):
		require.Fail(d.t, "Slack was told nothing")
		return ""
	}
}

// files a ticket of a type in somebody's name, and tells of it.
func (d *desk) files(ticket, kind, reporter string) {
	d.t.Helper()
	d.jira.AddIssue(ticket, "I need to look", "Open")
	require.NoError(d.t, d.jira.Describe(ticket, jira.About{Type: kind, Reporter: reporter}))
	d.jiraTells(fmt.Sprintf(`{"webhookEvent":"jira:issue_created","issue":{"key":%q}}`, ticket))
}

// moves a ticket in somebody's name, and tells of it. It returns the delivery's id.
func (d *desk) moves(account, ticket, status string) string {
	d.t.Helper()
	change, err := d.jira.Move(account, ticket, status)
	require.NoError(d.t, err)
	return d.jiraTells(
		fmt.Sprintf(
			`{"webhookEvent":"jira:issue_updated","issue":{"key":%q},"changelog":{"id":%q,"items":[{"field":"status"}]}}`,
			ticket,
			change,
		),
	)
}

func (d *desk) jiraTells(body string) string {
	d.t.Helper()
	d.send("issues", map[string]string{
		"X-Hub-Signature": "sha256=" + signature(body), "X-Atlassian-Webhook-Identifier": ulid.Make().String(),
	}, body)
	sum := sha256.Sum256([]byte(body))
	return "sha256-" + hex.EncodeToString(sum[:])
}

// said waits until a delivery is done, and returns what came of it.
func (d *desk) said(source, delivery string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	var done contract.Delivered
	require.NoError(d.t, d.client.GetWorkflow(ctx, contract.DeliveryWorkflowID(source, delivery), "").Get(ctx, &done))
	return done.Said
}

// order sends what a script asks for.
func (d *desk) order(body string) {
	d.t.Helper()
	d.send("cron", map[string]string{"Authorization": "Bearer " + hookSecret}, body)
}

// only waits for the one request that a filter finds.
func (h *house) only(filter ledger.Filter) (status contract.Status) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		found, err := h.ledger.Requests(h.t.Context(), filter)
		if err != nil || len(found) != 1 {
			return false
		}
		status = found[0]
		return true
	}, patience, 20*time.Millisecond, "there is not one request")
	return status
}

// endsAt waits until active access ends at a time.
func (h *house) endsAt(id string, until time.Time) {
	h.t.Helper()
	var ends time.Time
	require.Eventually(h.t, func() bool {
		ends = *h.await(id, contract.StateActive).Until
		return ends.Equal(until)
	}, patience, 20*time.Millisecond, "it ends at %s and not at %s", &ends, until)
}

// comments are those on a ticket, in one text.
func (h *house) comments(ticket string) string {
	var all bytes.Buffer
	for _, comment := range h.jira.Comments(ticket) {
		all.WriteString(comment.Body + "\n")
	}
	return all.String()
}

func TestP1AnIncidentGivesItsRespondersAccessUntilItIsResolved(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const id = "PT4KHLK"
	d.pages(
		d.pagerduty.Trigger(
			pagerduty.Incident{ID: id, Service: shop, Title: "The checkout hangs", Assignees: []string{pagedA}},
		),
	)
	status := d.only(ledger.Filter{Incident: id})
	require.Equal(t, alice, status.Requester)
	require.Equal(t, "Incident "+id+": The checkout hangs", status.Reason)
	d.await(status.ID, contract.StateActive)
	require.True(t, d.canDebug("alice@example.org"))

	acknowledged, err := d.pagerduty.Acknowledge(id, pagedA)
	require.NoError(t, err)
	resolved, err := d.pagerduty.Resolve(id, pagedA)
	require.NoError(t, err)
	d.pages(resolved)
	d.pages(acknowledged) // it comes late
	ended := d.ended(status.ID)
	require.Equal(t, contract.OutcomeRevoked, ended.Outcome)
	require.Contains(t, strings.Join(d.noteLines(id), "\n"), "Access was ended early by the end of its incident")
	require.False(t, d.canDebug("alice@example.org"))
	d.only(ledger.Filter{Incident: id})
}

func TestAPendingRequestIsTakenBackWithItsIncident(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const id = "PT4KHLK"
	d.pagerduty.Trigger(pagerduty.Incident{ID: id, Service: shop, Title: "The checkout hangs"})
	d.order(`{"id":"1","action":"start","template":"looked-at","reason":"it hangs","incident":"` + id + `"}`)
	status := d.only(ledger.Filter{Incident: id})
	kept, err := d.starter.Current().Start(
		t.Context(),
		starter.Ask{
			Template:  "debug",
			Requester: carol,
			Purpose:   contract.Purpose{Reason: "as well", Incident: id, Ticket: key},
			Source:    "test",
		},
	)
	require.NoError(t, err)
	d.await(kept.ID, contract.StatePending)
	resolved, err := d.pagerduty.Resolve(id, pagedA)
	require.NoError(t, err)
	d.pages(resolved)
	require.Equal(t, contract.OutcomeWithdrawn, d.ended(status.ID).Outcome)
	d.await(kept.ID, contract.StatePending) // its terms say nothing of the incident
}

// button is the value of a button beside what there is to review now.
func (d *desk) button(id string, seq int) string {
	d.t.Helper()
	_, digest, err := d.starter.Current().ReviewSubject(d.t.Context(), hana, id)
	require.NoError(d.t, err)
	return contract.ButtonValue(contract.Status{ID: id, Seq: seq}, digest)
}

func TestAReviewerDecidesByAButtonAndIsTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	approved := d.ask(alice, "looked-at", time.Hour)
	d.await(approved.ID, contract.StatePending)
	require.Contains(t, d.presses("U0HANA", contract.ButtonApprove, d.button(approved.ID, 1)), "hana has approved")
	status := d.await(approved.ID, contract.StateActive)
	require.Equal(t, hana, status.Reviews[0].Reviewer)
	require.Contains(t, d.presses("U0HANA", contract.ButtonApprove, d.button(approved.ID, 1)), "Nothing was decided")

	denied := d.ask(alice, "looked-at", time.Hour)
	d.await(denied.ID, contract.StatePending)
	require.Contains(t, d.presses("U0HANA", contract.ButtonDeny, d.button(denied.ID, 1)), "hana has denied")
	require.Equal(t, contract.OutcomeDenied, d.ended(denied.ID).Outcome)
}

func TestAButtonDecidesNothingThatItsMessageDoesNotShow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.active(alice, "looked-at", time.Hour).ID
	before := d.button(id, 99) // of a message that shows the request as it was asked for, whatever number it bears
	extended, err := d.starter.Current().
		Extend(t.Context(), alice, id, contract.Duration{Duration: time.Hour}, "not done yet")
	require.NoError(t, err)
	require.NotNil(t, extended.Extension)
	d.await(id, contract.StateActive)
	require.Contains(t, d.presses("U0HANA", contract.ButtonApprove, before), "not what you were shown")
	require.Contains(t, d.presses("U0HANA", contract.ButtonApprove, d.button(id, 1)), "not what you were shown")
	require.Contains(
		t,
		d.presses("U0HANA", contract.ButtonApprove, fmt.Sprintf("%s/%d", id, extended.Seq)),
		"not what you were shown",
		"nobody knows what a button without a digest showed",
	)
	require.Contains(t, d.presses("U0HANA", contract.ButtonApprove, d.button(id, extended.Seq)), "hana has approved")
	d.endsAt(id, extended.Until.Add(time.Hour))
}

func TestP6NobodyApprovesTheirOwnRequestByAButtonOrByMovingATicket(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.files("OPS-8", "Access", "jira-alice")
	id := d.only(ledger.Filter{Ticket: "OPS-8"}).ID
	d.await(id, contract.StatePending)
	require.Contains(
		t,
		d.presses("U0ALICE", contract.ButtonApprove, d.button(id, 1)),
		"nobody reviews access that they asked for",
	)
	require.Contains(t, d.presses("U0STRAY", contract.ButtonApprove, d.button(id, 1)), "does not know you")
	d.moves("jira-alice", "OPS-8", "Approved")
	require.Eventually(
		t,
		func() bool { return strings.Contains(d.comments("OPS-8"), "nobody reviews access") },
		patience,
		20*time.Millisecond,
	)
	d.moves("jira-stray", "OPS-8", "Approved")
	require.Eventually(
		t,
		func() bool { return strings.Contains(d.comments("OPS-8"), "knows nobody") },
		patience,
		20*time.Millisecond,
	)
	require.Empty(t, d.await(id, contract.StatePending).Reviews)
}

func TestATicketAsksAndIsDecidedByWhoeverMovesItAndEndsWhatItStarted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.files("OPS-8", "Access", "jira-alice")
	id := d.only(ledger.Filter{Ticket: "OPS-8"}).ID
	other := d.ask(alice, "looked-at", time.Hour).ID // names OPS-7
	d.await(id, contract.StatePending)
	d.moves("jira-hana", "OPS-8", "Approved")
	require.Equal(t, hana, d.await(id, contract.StateActive).Reviews[0].Reviewer)
	d.moves("jira-hana", key, "Approved")
	d.moves("jira-hana", "OPS-8", "Done")
	require.Equal(t, contract.OutcomeRevoked, d.ended(id).Outcome)
	require.Contains(t, d.comments("OPS-8"), "Access was ended early by the end of its ticket")
	require.Empty(t, d.await(other, contract.StatePending).Reviews, "it was not that ticket that asked for it")

	d.files("OPS-9", "Access", "jira-alice")
	id = d.only(ledger.Filter{Ticket: "OPS-9"}).ID
	d.await(id, contract.StatePending)
	d.moves("jira-hana", "OPS-9", "rejected")
	require.Equal(t, contract.OutcomeDenied, d.ended(id).Outcome)
}

func TestATicketOfAnotherSortOrOfNobodyAsksForNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.files("OPS-8", "Task", "jira-alice")
	d.files("OPS-9", "Access", "jira-stray")
	require.Eventually(
		t,
		func() bool { return strings.Contains(d.comments("OPS-9"), "knows nobody") },
		patience,
		20*time.Millisecond,
	)
	d.files("OPS-11", "Access", "curfew-1") // as Curfew itself opens them
	d.files("OPS-10", "Access", "jira-alice")
	d.only(ledger.Filter{Ticket: "OPS-10"})
	require.Empty(t, d.comments("OPS-11"))
	found, err := d.ledger.Requests(t.Context(), ledger.Filter{})
	require.NoError(t, err)
	require.Len(t, found, 1)
}

func TestAScriptExtendsOnceForEachDeliveryAndEnds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const id = "PT4KHLK"
	d.pages(
		d.pagerduty.Trigger(
			pagerduty.Incident{ID: id, Service: shop, Title: "The checkout hangs", Assignees: []string{pagedA}},
		),
	)
	request := d.only(ledger.Filter{Incident: id}).ID
	until := *d.await(request, contract.StateActive).Until
	for range 3 {
		d.order(`{"id":"longer","action":"extend","incident":"` + id + `","duration":"30m","reason":"not done yet"}`)
	}
	d.order(`{"id":"even longer","action":"extend","request":"` + request + `","duration":"10m","reason":"still not"}`)
	d.endsAt(request, until.Add(40*time.Minute))
	d.order(`{"id":"enough","action":"end","incident":"` + id + `","reason":"done"}`)
	require.Equal(t, contract.OutcomeRevoked, d.ended(request).Outcome)
	d.order(`{"id":"too late","action":"extend","request":"` + request + `","duration":"10m","reason":"still not"}`)
	require.Eventually(t, func() bool {
		alarms, err := d.ledger.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmHook})
		return err == nil && len(alarms) == 1 && strings.Contains(alarms[0].Text, "the request has ended")
	}, patience, 20*time.Millisecond, "operators are told what came to nothing")
}
