package promises

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/sandbox/pagerduty"
	"curfew/internal/testserver/temporal"
	"curfew/workflows/contract"
)

// served is a house whose server runs in a process of its own, which can be killed.
type served struct {
	*house
	url     string
	process *process
}

// newServed listens where nobody else does.
func newServed(t testing.TB, options ...func(*house)) *served {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	listens := func(h *house) { h.upkeep += "\nserver: {listen: '" + address + "'}\n" }
	return &served{house: newHouse(t, append(options, listens)...), url: "http://" + address}
}

// flooding lets Alice and Carol answer to incidents, whose requests wait for a review.
func flooding(h *house) {
	hooked(h)
	h.templates += `
  looked-into:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"]}]
    duration: {default: 1h, max: 8h}
    ticket: none
    approval: {count: 1, from: [bob]}
`
	h.upkeep = strings.Replace(h.upkeep, "template: oncall", "template: looked-into", 1)
	h.carols = "pagerduty: PCAROL1"
}

// serve starts the server, in the place of the one that was killed, and returns when it answers.
func (s *served) serve() {
	s.t.Helper()
	program, err := buildCurfew()
	require.NoError(s.t, err)
	p := &process{
		//nolint:noctx // killed by the test
		cmd: exec.Command(program, "server", "--config", filepath.Join(s.dir, "curfew.yaml")),
	}
	p.cmd.Stderr = &p.log
	p.cmd.SysProcAttr = dieWithParent()
	require.NoError(s.t, p.cmd.Start())
	s.t.Cleanup(p.kill)
	s.process = p
	require.Eventually(s.t, func() bool {
		response, err := http.Get(s.url + "/healthz") //nolint:noctx // of a test
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, patience, 10*time.Millisecond, "the server never answers")
}

// floods are deliveries about a number of incidents: each is triggered and acknowledged, each event is sent twice, and
// all of them in no order.
func (s *served) floods(incidents int) (ids []string, deliveries []pagerduty.Delivery) {
	s.t.Helper()
	for n := range incidents {
		id := fmt.Sprintf("PFLOOD%04d", n)
		ids = append(ids, id)
		triggered := s.pagerduty.Trigger(
			pagerduty.Incident{ID: id, Service: shop, Title: "It hangs", Assignees: []string{pagedA, "PCAROL1"}},
		)
		acknowledged, err := s.pagerduty.Happen(id, "incident.acknowledged")
		require.NoError(s.t, err)
		deliveries = append(deliveries, triggered, triggered, acknowledged, acknowledged)
	}
	rand.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })
	return ids, deliveries
}

// deliver sends until yes is said to each, as PagerDuty does, and kills the server after a third and after two thirds.
func (s *served) deliver(deliveries []pagerduty.Delivery) {
	s.t.Helper()
	var taken atomic.Int64
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*patience)
	defer cancel()
	var beside sync.WaitGroup
	beside.Go(func() {
		look := time.NewTicker(time.Millisecond)
		defer look.Stop()
		for third := 1; third < 3; {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
				if int(taken.Load()) >= third*len(deliveries)/3 {
					third++
					s.process.kill()
					s.serve()
				}
			}
		}
	})
	inParallel(len(deliveries), func(i int) {
		for ctx.Err() == nil {
			if status, err := deliveries[i].Send(
				ctx,
				http.DefaultClient,
				s.url+"/v1/hooks/pd",
			); err == nil &&
				status < 300 {
				taken.Add(1)
				return
			}
		}
		s.t.Errorf("nobody takes a delivery")
	})
	beside.Wait()
}

// flooded are the responders that have a request for each incident.
func (s *served) flooded(ids []string) bool {
	for _, id := range ids {
		found, err := s.ledger.Requests(s.t.Context(), ledger.Filter{Incident: id})
		if err != nil || len(found) < 2 {
			return false
		}
	}
	return true
}

func (s *served) requireOneForEach(ids []string, deliveries []pagerduty.Delivery) {
	s.t.Helper()
	require.Eventually(
		s.t,
		func() bool { return s.flooded(ids) },
		2*patience,
		100*time.Millisecond,
		"a delivery is lost",
	)
	for _, delivery := range deliveries { // all have been acted on, repeated ones too
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		err := s.client.GetWorkflow(ctx, contract.DeliveryWorkflowID("pd", eventOf(s.t, delivery)), "").Get(ctx, nil)
		cancel()
		require.NoError(s.t, err)
	}
	for _, id := range ids {
		found, err := s.ledger.Requests(s.t.Context(), ledger.Filter{Incident: id})
		require.NoError(s.t, err)
		var people []string
		for _, status := range found {
			people = append(people, status.Requester)
		}
		slices.Sort(people)
		require.Equal(s.t, []string{alice, carol}, people, "each responder has one request for %s", id)
	}
}

// eventOf is the id of a delivery: its event's.
func eventOf(t testing.TB, delivery pagerduty.Delivery) string {
	t.Helper()
	var body struct {
		Event struct {
			ID string `json:"id"`
		} `json:"event"`
	}
	require.NoError(t, json.Unmarshal(delivery.Body, &body))
	return body.Event.ID
}

// flood sends deliveries about a number of incidents while the server is killed twice, and returns how long it took
// until all of them were taken, and until all was done.
func flood(t testing.TB, incidents int) (taken, done time.Duration) {
	t.Helper()
	s := newServed(t, flooding)
	s.workInAProcess()
	s.serve()
	ids, deliveries := s.floods(incidents)
	began := time.Now()
	s.deliver(deliveries)
	taken = time.Since(began)
	s.requireOneForEach(ids, deliveries)
	return taken, time.Since(began)
}

func TestNoDeliveryIsLostOrDoubledWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	flood(t, 75)
}

// BenchmarkFlood: a thousand deliveries, half of them repeated, while the server is killed twice.
func BenchmarkFlood(b *testing.B) {
	var taken, done samples
	for range b.N {
		t, d := flood(b, 250)
		taken, done = append(taken, t), append(done, d)
	}
	taken.report(b, "taken")
	done.report(b, "done")
}

// BenchmarkIncident: from the webhook of an incident to access that works, without anybody's approval, and from that of
// its resolution to access that is gone.
func BenchmarkIncident(b *testing.B) {
	file := filepath.Join(b.TempDir(), "temporal.db")
	s := newServed(b, hooked, func(h *house) {
		h.server = []temporal.Option{temporal.InFile(file), temporal.Shift(50 * time.Millisecond)}
	})
	s.workInAProcess()
	s.serve()
	var granted, ended samples
	for n := range b.N {
		id := fmt.Sprintf("PBENCH%04d", n)
		delivery := s.pagerduty.Trigger(
			pagerduty.Incident{ID: id, Service: shop, Title: "It hangs", Assignees: []string{pagedA}},
		)
		granted = append(granted, s.until(b, delivery, func() bool { return s.canDebug("alice@example.org") }))
		s.only(ledger.Filter{Incident: id, State: contract.StateActive})
		delivery, err := s.pagerduty.Resolve(id, pagedA)
		require.NoError(b, err)
		ended = append(ended, s.until(b, delivery, func() bool { return !s.canDebug("alice@example.org") }))
		s.only(ledger.Filter{Incident: id, State: contract.StateEnded})
	}
	granted.report(b, "webhook-to-access")
	ended.report(b, "resolved-to-gone")
}

// until is how long it takes from the sending of a delivery until something has happened.
func (s *served) until(b *testing.B, delivery pagerduty.Delivery, happened func() bool) time.Duration {
	b.Helper()
	began := time.Now()
	status, err := delivery.Send(b.Context(), http.DefaultClient, s.url+"/v1/hooks/pd")
	require.NoError(b, err)
	require.Less(b, status, 300)
	until(b, happened)
	return time.Since(began)
}
