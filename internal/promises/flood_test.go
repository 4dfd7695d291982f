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

func TestNoDeliveryIsLostOrDoubledWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	s := newServed(t, flooding)
	s.workInAProcess()
	s.serve()
	ids, deliveries := s.floods(75)
	s.deliver(deliveries)
	s.requireOneForEach(ids, deliveries)
}
