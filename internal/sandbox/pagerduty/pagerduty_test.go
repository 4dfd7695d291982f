package pagerduty_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	vendor "github.com/PagerDuty/go-pagerduty"
	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/pagerduty"
	"curfew/internal/sandbox/vendorcontract"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// account is an account of a shop, held to the vendor's contract, and the vendor's own client for it.
type account struct {
	*pagerduty.Server
	*vendor.Client
	address string
}

func open(t *testing.T, change func(*pagerduty.Options)) *account {
	t.Helper()
	options := pagerduty.Options{
		Key: "key",
		Users: []pagerduty.User{
			{ID: "PADA001", Name: "Ada", Email: "ada@example.com"},
			{ID: "PCURFEW", Name: "Curfew", Email: "curfew@example.com"},
			{ID: "PEYES01", Name: "Eyes", Email: "eyes@example.com", Role: "read_only_user"},
		},
		Services: []pagerduty.Service{{ID: "PSHOP01", Name: "Shop", Policy: "PPOLICY"}},
		Turns: []pagerduty.Turn{
			{Policy: "PPOLICY", Level: 1, User: "PADA001", From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)},
			{Policy: "PPOLICY", Level: 1, User: "PLATER1", From: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour)},
			{Policy: "PPOLICY", Level: 2, User: "PALWAYS"},
			{Policy: "POTHERS", Level: 1, User: "PCURFEW"},
		},
		Now: func() time.Time { return noon },
	}
	if change != nil {
		change(&options)
	}
	a := &account{Server: pagerduty.New(options)}
	server := httptest.NewServer(vendorcontract.Check(t, "pagerduty-rest.subset.openapi.json", a.Handler()))
	t.Cleanup(server.Close)
	a.address = server.URL
	a.Client = vendor.NewClient("key", vendor.WithAPIEndpoint(server.URL))
	a.Trigger(
		pagerduty.Incident{
			ID:        "PT4KHLK",
			Title:     "Orders are late",
			Service:   "PSHOP01",
			Priority:  "P1",
			Assignees: []string{"PADA001"},
		},
	)
	return a
}

// requireRefused returns the number of the error that an answer tells.
func requireRefused(t *testing.T, err error, status int) int {
	t.Helper()
	var refused vendor.APIError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, status, refused.StatusCode)
	require.True(t, refused.APIError.Valid)
	return refused.APIError.ErrorObject.Code
}

func TestAnIncidentGoesThroughItsStates(t *testing.T) {
	t.Parallel()
	a := open(t, nil)
	read := func() *vendor.Incident {
		found, err := a.GetIncidentWithContext(t.Context(), "PT4KHLK")
		require.NoError(t, err)
		return found
	}
	found := read()
	require.Equal(t, "triggered", found.Status)
	require.Equal(t, "high", found.Urgency)
	require.Equal(t, "P1", found.Priority.Summary)
	require.Equal(t, "PSHOP01", found.Service.ID)
	require.Equal(t, "PADA001", found.Assignments[0].Assignee.ID)

	_, err := a.Acknowledge("PT4KHLK", "PCURFEW")
	require.NoError(t, err)
	found = read()
	require.Equal(t, "acknowledged", found.Status)
	require.Equal(t, "PCURFEW", found.Assignments[0].Assignee.ID)
	require.Equal(t, "PCURFEW", found.Acknowledgements[0].Acknowledger.ID)

	_, err = a.Reassign("PT4KHLK", "PCURFEW", "PADA001", "PALWAYS")
	require.NoError(t, err)
	found = read()
	require.Equal(t, "triggered", found.Status)
	require.Len(t, found.Assignments, 2)
	require.Empty(t, found.Acknowledgements)

	_, err = a.Resolve("PT4KHLK", "PADA001")
	require.NoError(t, err)
	found = read()
	require.Equal(t, "resolved", found.Status)
	require.Empty(t, found.Assignments)
	_, err = a.Resolve("PT4KHLK", "PADA001")
	require.Error(t, err, "it is resolved already")

	_, err = a.GetIncidentWithContext(t.Context(), "PNOSUCH")
	require.Equal(t, 2100, requireRefused(t, err, http.StatusNotFound))
}

func TestAServiceNamesItsEscalationPolicy(t *testing.T) {
	t.Parallel()
	a := open(t, nil)
	found, err := a.GetServiceWithContext(t.Context(), "PSHOP01", nil)
	require.NoError(t, err)
	require.Equal(t, "PPOLICY", found.EscalationPolicy.ID)
	_, err = a.GetServiceWithContext(t.Context(), "PNOSUCH", nil)
	requireRefused(t, err, http.StatusNotFound)
}

func TestThoseAreOnCallWhoseTurnItIs(t *testing.T) {
	t.Parallel()
	a := open(t, nil)
	ask := func(options vendor.ListOnCallOptions) (users []string) {
		options.EscalationPolicyIDs = []string{"PPOLICY"}
		found, err := a.ListOnCallsWithContext(t.Context(), options)
		require.NoError(t, err)
		for _, turn := range found.OnCalls {
			require.Equal(t, "PPOLICY", turn.EscalationPolicy.ID)
			users = append(users, fmt.Sprint(turn.User.ID, turn.EscalationLevel))
		}
		return users
	}
	require.Equal(t, []string{"PADA0011", "PALWAYS2"}, ask(vendor.ListOnCallOptions{}))
	later := noon.Add(90 * time.Minute).Format(time.RFC3339)
	require.Equal(t, []string{"PLATER11", "PALWAYS2"}, ask(vendor.ListOnCallOptions{Since: later, Until: later}))
	require.Equal(t, []string{"PALWAYS2"}, ask(vendor.ListOnCallOptions{Limit: 1, Offset: 1}))
}

func TestUsersAreFoundByAPartOfTheirAddress(t *testing.T) {
	t.Parallel()
	a := open(t, nil)
	found, err := a.ListUsersWithContext(t.Context(), vendor.ListUsersOptions{Query: "CURFEW@"})
	require.NoError(t, err)
	require.Len(t, found.Users, 1)
	require.Equal(t, "PCURFEW", found.Users[0].ID)

	found, err = a.ListUsersWithContext(t.Context(), vendor.ListUsersOptions{Query: "example.com", Limit: 2})
	require.NoError(t, err)
	require.Len(t, found.Users, 2)
	require.True(t, found.More)
	_, err = a.ListUsersWithContext(t.Context(), vendor.ListUsersOptions{Limit: 100, Offset: 10_000})
	requireRefused(t, err, http.StatusBadRequest)
}

func note(from, content string) vendor.IncidentNote {
	return vendor.IncidentNote{User: vendor.APIObject{Summary: from}, Content: content}
}

func TestNotesAreWrittenInTheNameOfWhomTheHeaderNames(t *testing.T) {
	t.Parallel()
	a := open(t, func(o *pagerduty.Options) { o.NoteLimit = 2 })
	written, err := a.CreateIncidentNoteWithContext(t.Context(), "PT4KHLK", note("Curfew@example.com", "hello"))
	require.NoError(t, err)
	require.Equal(t, "PCURFEW", written.User.ID)
	require.NoError(t, a.NoteAs("PADA001", "PT4KHLK", "hi"))

	notes, err := a.ListIncidentNotesWithContext(t.Context(), "PT4KHLK")
	require.NoError(t, err)
	require.Len(t, notes, 2)
	require.Equal(t, []string{"hi", "hello"}, []string{notes[0].Content, notes[1].Content}, "the newest comes first")
	require.Equal(t, "hello", a.Notes("PT4KHLK")[0].Content)

	_, err = a.CreateIncidentNoteWithContext(t.Context(), "PT4KHLK", note("curfew@example.com", "one too many"))
	requireRefused(t, err, http.StatusBadRequest)
}

func TestNotesAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*pagerduty.Options)
		note   vendor.IncidentNote
		status int
	}{
		"an unknown user":          {nil, note("nobody@example.com", "x"), http.StatusBadRequest},
		"a user who may not":       {nil, note("eyes@example.com", "x"), http.StatusForbidden},
		"no content":               {nil, note("curfew@example.com", " "), http.StatusBadRequest},
		"a key that may only read": {func(o *pagerduty.Options) { o.ReadOnly = true }, note("curfew@example.com", "x"), http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := open(t, test.change)
			_, err := a.CreateIncidentNoteWithContext(t.Context(), "PT4KHLK", test.note)
			requireRefused(t, err, test.status)
			require.Empty(t, a.Notes("PT4KHLK"))
		})
	}
}

func TestAUsersOwnKeyWritesInTheirName(t *testing.T) {
	t.Parallel()
	a := open(t, func(o *pagerduty.Options) { o.Owner = "PADA001" })
	written, err := a.CreateIncidentNoteWithContext(t.Context(), "PT4KHLK", note("curfew@example.com", "hello"))
	require.NoError(t, err)
	require.Equal(t, "PADA001", written.User.ID)
}

func TestAWrongKeyIsRefused(t *testing.T) {
	t.Parallel()
	a := open(t, nil)
	_, err := vendor.NewClient("other", vendor.WithAPIEndpoint(a.address)).
		GetIncidentWithContext(t.Context(), "PT4KHLK")
	require.Equal(t, 2006, requireRefused(t, err, http.StatusUnauthorized))
}

func TestAKeyMayCallOnlySoOftenInAMinute(t *testing.T) {
	t.Parallel()
	now := noon
	a := open(t, func(o *pagerduty.Options) { o.RateLimit, o.Now = 1, func() time.Time { return now } })
	_, err := a.GetIncidentWithContext(t.Context(), "PT4KHLK")
	require.NoError(t, err)
	now = now.Add(20 * time.Second)
	_, err = a.GetIncidentWithContext(t.Context(), "PT4KHLK")
	require.Equal(t, 2020, requireRefused(t, err, http.StatusTooManyRequests))

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.address+"/incidents/PT4KHLK", nil)
	require.NoError(t, err)
	for header, value := range map[string]string{
		"Authorization": "Token token=key", "Accept": "application/vnd.pagerduty+json;version=2", "Content-Type": "application/json",
	} {
		request.Header.Set(header, value)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, "40", response.Header.Get("ratelimit-reset"))

	now = now.Add(40 * time.Second)
	_, err = a.GetIncidentWithContext(t.Context(), "PT4KHLK")
	require.NoError(t, err)
}
