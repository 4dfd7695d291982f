package hooks_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident"
	"curfew/starter"
	"curfew/starter/hooks"
	"curfew/workflows/contract"
)

// told is a delivery about an incident.
func told(event, about string) contract.Delivery {
	return contract.Delivery{Source: "pd", ID: event + about, Event: event, Incident: about}
}

func TestEachResponderHasOneRequestWhateverComesHoweverOften(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "P" + unique()
	w.duty.open(id, "PALICE1", "PBOB001")
	events := []string{"incident.triggered", "incident.acknowledged", "incident.reassigned"}
	requests := map[string]bool{}
	for range 30 {
		done, err := w.act(t, told(events[rand.IntN(len(events))], id))
		require.NoError(t, err)
		require.Len(t, done.Requests, 2)
		for _, request := range done.Requests {
			requests[request] = true
		}
	}
	require.Len(t, requests, 2)
	people := map[string]contract.Request{}
	for request := range requests {
		asked := w.asked(t, request)
		people[asked.Requester] = asked
	}
	require.Len(t, people, 2)
	asked := people["alice"]
	require.Equal(t, "read-logs", asked.Template)
	require.Equal(t, "alice", asked.Subject)
	require.Equal(t, id, asked.Incident)
	require.Equal(t, "pagerduty", asked.Source)
	require.Equal(t, "Incident "+id+": Orders are late", asked.Reason, "what can't be printed is left out")
	require.Equal(t, hour, asked.Duration, "the template's default")
}

func TestARequestBelongsToItsIncidentForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "P" + unique()
	w.duty.open(id, "PALICE1")
	first, err := w.act(t, told("incident.triggered", id))
	require.NoError(t, err)
	status := startedEnded(t, w, first.Requests[0])
	require.Equal(t, contract.StateEnded, status.State)
	again, err := w.act(t, told("incident.acknowledged", id))
	require.NoError(t, err)
	require.Equal(t, first.Requests, again.Requests, "the ledger knows it when Temporal has forgotten it")
}

func TestTheFirstRouteThatFitsCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "P" + unique()
	w.duty.put(
		incident.Incident{
			ID:         id,
			Service:    "PSHOP01",
			Priority:   "P1",
			OpenedAt:   began,
			Open:       true,
			Responders: []string{"PALICE1"},
		},
	)
	done, err := w.act(t, told("incident.triggered", id))
	require.NoError(t, err)
	asked := w.asked(t, done.Requests[0])
	require.Equal(t, "look-round", asked.Template)
	require.Equal(t, hours(2), asked.Duration)

	other := "P" + unique()
	w.duty.put(
		incident.Incident{ID: other, Service: "PELSE01", OpenedAt: began, Open: true, Responders: []string{"PALICE1"}},
	)
	done, err = w.act(t, told("incident.triggered", other))
	require.NoError(t, err)
	require.Empty(t, done.Requests)
	require.Contains(t, done.Said, "No route")
}

func TestAResponderWhomNobodyKnowsGetsNothingAndTheIncidentSaysSoOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "P" + unique()
	w.duty.open(id, "PMALLOR", "PALICE1")
	for range 3 {
		done, err := w.act(t, told("incident.triggered", id))
		require.NoError(t, err)
		require.Len(t, done.Requests, 1)
	}
	require.Len(t, w.duty.notes[id], 1)
	require.Contains(t, w.duty.notes[id][0].Headline, "PMALLOR")
}

func TestAResponderWhoMayNotAskIsToldOnTheIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "P" + unique()
	w.duty.put(
		incident.Incident{ID: id, Service: "PBROKEN", OpenedAt: began, Open: true, Responders: []string{"PALICE1"}},
	)
	done, err := w.act(t, told("incident.triggered", id))
	require.NoError(t, err)
	require.Empty(t, done.Requests)
	require.Len(t, w.duty.notes[id], 1)
	require.Contains(t, w.duty.notes[id][0].Lines[0], "the template asks for a ticket")
}

func TestAWebhookIsBelievedNothingThatTheIncidentDoesNotSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "P" + unique()
	w.duty.put(incident.Incident{ID: id, Service: "PSHOP01", OpenedAt: began, Responders: []string{"PALICE1"}})
	done, err := w.act(t, told("incident.triggered", id))
	require.NoError(t, err)
	require.Empty(t, done.Requests)
	require.Contains(t, done.Said, "is resolved")

	_, err = w.act(t, told("incident.triggered", "P"+unique()))
	requireProblem(t, err, contract.KindNotFound, "incident")

	w.duty.open(id, "PALICE1")
	done, err = w.act(t, told("incident.resolved", id))
	require.NoError(t, err)
	require.Contains(t, done.Said, "is open again")
}

func TestWhatCannotBeReadNowIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, _ *hooks.Options) { w.duty.fails = errors.New("no answer") })
	_, err := w.act(t, told("incident.triggered", "PINC1"))
	_, isProblem := contract.ProblemOf(err)
	require.Error(t, err)
	require.False(t, isProblem, "an error without a problem is tried again")
}

func TestARequestThatSomethingElseHasStartedIsNotTakenForTheResponders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "P" + unique()
	w.duty.open(id, "PALICE1")
	_, err := w.Starter.Current().StartDerived(
		t.Context(),
		starter.Ask{
			Template:  "read-logs",
			Requester: "alice",
			Purpose:   contract.Purpose{Reason: "mine", Incident: id},
			Source:    "test",
		},
		starter.Origin{Began: began, Of: []string{"pagerduty", id, "alice", "read-logs"}},
	)
	require.NoError(t, err)
	done, err := w.act(t, told("incident.triggered", id))
	require.NoError(t, err)
	require.Empty(t, done.Requests)
	require.Contains(t, w.duty.notes[id][0].Lines[0], "taken")
}
