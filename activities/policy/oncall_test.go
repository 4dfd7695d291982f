package policy_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident"
	"curfew/activities/incident/pagerduty"
	"curfew/activities/policy"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/pagerduty"
	"curfew/workflows/contract"
)

func TestP1WhoIsOnCallAtPagerDutyNeedsNoReviewersWhileTheIncidentIsOpen(t *testing.T) {
	t.Parallel()
	pager := double.New(double.Options{
		Key: "key", Services: []double.Service{{ID: "PSHOP01", Name: "Shop", Policy: "PPOLICY"}},
		Turns: []double.Turn{{Policy: "PPOLICY", Level: 1, User: "PADA001"}},
	})
	pager.Trigger(double.Incident{ID: "PT4KHLK", Service: "PSHOP01"})
	var faults sandbox.Faults
	server := httptest.NewServer(faults.Wrap(pager.Handler()))
	t.Cleanup(server.Close)
	system, err := pagerduty.New(
		pagerduty.Settings{URL: server.URL, Token: config.SecretOf("key"), From: "curfew@example.com"},
	)
	require.NoError(t, err)

	c := house()
	c.People["ada"].Accounts["pagerduty"] = "PADA001"
	template := c.Templates["debug"]
	template.Incident = nil
	template.Automatic = []config.Constraint{{Name: "on-call", Condition: "incident.open && incident.onCall == 1"}}
	c.Templates["debug"] = template
	o := options(t, c)
	o.Incidents = incident.Systems{system}
	activities := policy.New(o)
	in := ask(t, c)
	in.Request.Fact.Incident = "PT4KHLK"
	decide := func() contract.Decision {
		decision, err := activities.Decide(t.Context(), in)
		require.NoError(t, err)
		return decision
	}

	require.Equal(t, contract.RulingGrant, decide().Ruling)
	pager.SetTurns(
		double.Turn{Policy: "PPOLICY", Level: 1, User: "PBOB001"},
		double.Turn{Policy: "PPOLICY", Level: 2, User: "PADA001"},
	)
	require.Equal(t, contract.RulingReview, decide().Ruling, "she has handed over")
	pager.SetTurns(double.Turn{Policy: "POTHERS", Level: 1, User: "PADA001"})
	require.Equal(t, contract.RulingReview, decide().Ruling, "she is on call for something else")

	pager.SetTurns(double.Turn{Policy: "PPOLICY", Level: 1, User: "PADA001"})
	faults.Add(sandbox.Fault{Path: "/oncalls", Status: 503})
	_, err = activities.Decide(t.Context(), in)
	require.Error(t, err, "nobody knows")
	faults.Clear()

	_, err = pager.Resolve("PT4KHLK", "PBOB001")
	require.NoError(t, err)
	require.Equal(t, contract.RulingReview, decide().Ruling, "it is over")
}
