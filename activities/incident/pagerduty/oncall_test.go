package pagerduty_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident"
	double "curfew/internal/sandbox/pagerduty"
	"curfew/workflows/contract"
)

func TestThoseAreOnCallForAServiceWhoseTurnItIsOnItsEscalationPolicy(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	onCall := func() []incident.OnCall {
		turns, err := a.OnCall(t.Context(), "PSHOP01")
		require.NoError(t, err)
		return turns
	}
	require.Empty(t, onCall())
	a.SetTurns(
		double.Turn{Policy: "PPOLICY", Level: 1, User: ada, From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)},
		double.Turn{Policy: "PPOLICY", Level: 1, User: "PBEFORE", From: noon.Add(-time.Hour), Until: noon},
		double.Turn{
			Policy: "PPOLICY",
			Level:  1,
			User:   "PAFTER1",
			From:   noon.Add(time.Second),
			Until:  noon.Add(time.Hour),
		},
		double.Turn{Policy: "PPOLICY", Level: 2, User: "PNOWON1", From: noon},
		double.Turn{Policy: "PPOLICY", Level: 3, User: "PALWAYS"},
		double.Turn{Policy: "POTHERS", Level: 1, User: "POTHER1"},
	)
	require.Equal(
		t,
		[]incident.OnCall{{Account: ada, Level: 1}, {Account: "PNOWON1", Level: 2}, {Account: "PALWAYS", Level: 3}},
		onCall(),
	)
}

func TestAllWhoAreOnCallAreFoundOnAnyPage(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	turns := make([]double.Turn, 250)
	for i := range turns {
		turns[i] = double.Turn{Policy: "PPOLICY", Level: 1, User: fmt.Sprintf("PUSER%03d", i)}
	}
	a.SetTurns(turns...)
	found, err := a.OnCall(t.Context(), "PSHOP01")
	require.NoError(t, err)
	require.Len(t, found, 250)
	require.Equal(t, "PUSER249", found[249].Account)
}

func TestMorePeopleOnCallThanAreReadIsAnError(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	a.SetTurns(slices.Repeat([]double.Turn{{Policy: "PPOLICY", Level: 1, User: ada}}, 1001)...)
	_, err := a.OnCall(t.Context(), "PSHOP01")
	requireProblem(t, err, contract.KindUnavailable)
}

func TestNobodyIsOnCallForAServiceThatIsNotThere(t *testing.T) {
	t.Parallel()
	a := newAccount(t, func(o *double.Options) { o.Turns = []double.Turn{{Policy: "PPOLICY", Level: 1, User: ada}} })
	turns, err := a.OnCall(t.Context(), "PNOSUCH")
	require.NoError(t, err)
	require.Empty(t, turns)
}

// turns is a PagerDuty that answers with these turns whatever it is asked for.
func turns(t *testing.T, text string) ([]incident.OnCall, error) {
	t.Helper()
	return impostor(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Date", noon.Format(http.TimeFormat))
		if strings.HasPrefix(r.URL.Path, "/services/") {
			_, _ = io.WriteString(w, `{"service":{"id":"PSHOP01","escalation_policy":{"id":"PPOLICY"}}}`)
			return
		}
		_, _ = io.WriteString(w, text)
	}).OnCall(t.Context(), "PSHOP01")
}

func TestWhomPagerDutyNamesUnaskedIsNotOnCall(t *testing.T) {
	t.Parallel()
	found, err := turns(t, `{"oncalls":[
		{"user":{"id":"PADA001"},"escalation_policy":{"id":"POTHERS"},"escalation_level":1,"start":null,"end":null},
		{"user":{"id":"PADA001"},"escalation_policy":{"id":"PPOLICY"},"escalation_level":1,"start":"2026-11-01T15:00:00+02:00","end":null},
		{"user":{"id":"PADA001"},"escalation_policy":{"id":"PPOLICY"},"escalation_level":1,"start":null,"end":"2026-11-01T12:00:00Z"},
		{"user":{"id":"PBOB001"},"escalation_policy":{"id":"PPOLICY"},"escalation_level":1,"start":null,"end":null}]}`)
	require.NoError(t, err)
	require.Equal(t, []incident.OnCall{{Account: "PBOB001", Level: 1}}, found)
}

func TestATurnInDoubtIsAnError(t *testing.T) {
	t.Parallel()
	for name, turn := range map[string]string{
		"without a user":     `{"escalation_policy":{"id":"PPOLICY"},"escalation_level":1}`,
		"without a level":    `{"user":{"id":"PADA001"},"escalation_policy":{"id":"PPOLICY"}}`,
		"from some time on":  `{"user":{"id":"PADA001"},"escalation_policy":{"id":"PPOLICY"},"escalation_level":1,"start":"lately"}`,
		"until tomorrow":     `{"user":{"id":"PADA001"},"escalation_policy":{"id":"PPOLICY"},"escalation_level":1,"end":"tomorrow"}`,
		"that is no turn":    `7`,
		"of another's reply": `{"user":"PADA001"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := turns(t, `{"oncalls":[`+turn+`]}`)
			requireProblem(t, err, contract.KindUnavailable)
		})
	}
}
