package pagerduty_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident"
	"curfew/activities/incident/pagerduty"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/pagerduty"
	"curfew/internal/sandbox/vendorcontract"
	"curfew/workflows/contract"
)

const (
	key   = "key-of-curfew"
	email = "curfew@example.com"
	ours  = "PCURFEW"
	ada   = "PADA001"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// account is one PagerDuty with the incident PT4KHLK, held to the vendor's contract, and our view of it.
type account struct {
	*double.Server
	sandbox.Faults
	*pagerduty.System
	settings pagerduty.Settings
	requests atomic.Int64
}

func newAccount(t *testing.T, change func(*double.Options)) *account {
	t.Helper()
	options := double.Options{
		Key: key,
		Users: []double.User{
			{ID: ours, Name: "Curfew", Email: "Curfew@Example.com"},
			{ID: "PNOTUS1", Name: "Not Curfew", Email: "not-" + email},
			{ID: ada, Name: "Ada", Email: "ada@example.com"},
		},
		Services: []double.Service{{ID: "PSHOP01", Name: "Shop", Policy: "PPOLICY"}},
		Now:      func() time.Time { return noon },
	}
	if change != nil {
		change(&options)
	}
	a := &account{Server: double.New(options)}
	a.Trigger(double.Incident{
		ID:        "PT4KHLK",
		Title:     "Orders are late",
		Service:   "PSHOP01",
		Priority:  "P1",
		Assignees: []string{ada, "PBOB001"},
	})
	faulty := a.Wrap(vendorcontract.Check(t, "pagerduty-rest.subset.openapi.json", a.Handler()))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.requests.Add(1)
		faulty.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	a.settings = pagerduty.Settings{URL: server.URL, Token: config.SecretOf(key), From: email}
	a.System = open(t, a.settings)
	return a
}

func open(t *testing.T, settings pagerduty.Settings) *pagerduty.System {
	t.Helper()
	system, err := pagerduty.New(settings)
	require.NoError(t, err)
	return system
}

// requireProblem returns the problem that an error is.
func requireProblem(t *testing.T, err error, kind contract.Kind) *contract.Problem {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "want a problem, got %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.NotContains(t, problem.Error(), key)
	return problem
}

func TestFindReadsAnIncidentThroughItsStates(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	want := incident.Incident{
		ID:         "PT4KHLK",
		Service:    "PSHOP01",
		Title:      "Orders are late",
		OpenedAt:   time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
		URL:        "https://example.pagerduty.com/incidents/PT4KHLK",
		Urgency:    "high",
		Priority:   "P1",
		Open:       true,
		Responders: []string{ada, "PBOB001"},
	}
	requireFound := func() {
		found, err := a.Find(t.Context(), "PT4KHLK")
		require.NoError(t, err)
		require.Equal(t, want, found)
	}
	requireFound()

	_, err := a.Acknowledge("PT4KHLK", ada)
	require.NoError(t, err)
	want.Acknowledged, want.Responders = true, []string{ada}
	requireFound()

	_, err = a.Reassign("PT4KHLK", ada, "PBOB001")
	require.NoError(t, err)
	want.Acknowledged, want.Responders = false, []string{"PBOB001"}
	requireFound()

	_, err = a.Resolve("PT4KHLK", "PBOB001")
	require.NoError(t, err)
	want.Open, want.Responders = false, nil
	requireFound()
}

func TestAnIncidentThatWasMergedIsAsOpenAsTheOneThatItWentInto(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	service := "PSHOP01"
	for _, id := range []string{"PFIRST1", "PSECOND", "PTHIRD1"} {
		a.Trigger(double.Incident{ID: id, Title: id, Service: service})
	}
	for _, merge := range [][2]string{{"PFIRST1", "PSECOND"}, {"PSECOND", "PTHIRD1"}} {
		_, err := a.Merge(merge[0], merge[1], ada)
		require.NoError(t, err)
	}
	found, err := a.Find(t.Context(), "PFIRST1")
	require.NoError(t, err)
	require.True(t, found.Open)
	require.Equal(t, "PTHIRD1", found.MergedInto)
	require.Equal(t, "PFIRST1", found.ID)

	_, err = a.Merge("PTHIRD1", "PFIRST1", ada) // which nobody should be able to do
	require.NoError(t, err)
	found, err = a.Find(t.Context(), "PFIRST1")
	require.NoError(t, err)
	require.False(t, found.Open, "a circle ends")
}

func TestAMissingIncidentIsNotFound(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	_, err := a.Find(t.Context(), "PNOSUCH")
	for _, err := range []error{err, a.AddNote(t.Context(), "PNOSUCH", entry(1))} {
		problem := requireProblem(t, err, contract.KindNotFound)
		require.Equal(t, "incident", problem.Field)
		require.NotEmpty(t, problem.Fix)
	}
}

func TestIncidentsAreRecognizedByTheirIDs(t *testing.T) {
	t.Parallel()
	system := open(t, pagerduty.Settings{URL: "https://api.pagerduty.com"})
	for _, id := range []string{"PT4KHLK", "Q0PTK3GM5RYEL7"} {
		require.True(t, system.Recognizes(id), id)
	}
	for _, id := range []string{"", "1234", "INC0010023", "OPS-7", "pt4khlk", "PT4KHL", "PT4KHLK\n", "Q0PTK3GM5RYEL77"} {
		require.False(t, system.Recognizes(id), id)
	}
	require.Equal(t, "pagerduty", system.Name())
}

func TestAMalformedIDNeverReachesPagerDuty(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	for _, id := range []string{"", "../../users", "PT4KHLK/notes", "PT4KHLK?x=", "pt4khlk", "PT4KHLK\n", strings.Repeat("P", 1000)} {
		_, find := a.Find(t.Context(), id)
		_, onCall := a.OnCall(t.Context(), id)
		for field, err := range map[string]error{"incident": find, "service": onCall} {
			problem := requireProblem(t, err, contract.KindInvalid)
			require.Equal(t, field, problem.Field)
			require.Less(t, len(problem.Error()), 250)
		}
		require.Equal(
			t,
			"incident",
			requireProblem(t, a.AddNote(t.Context(), id, entry(1)), contract.KindInvalid).Field,
		)
	}
	require.Zero(t, a.requests.Load())
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	_, err := pagerduty.New(pagerduty.Settings{URL: "api.pagerduty.com", Token: config.SecretOf(key), From: email})
	require.Equal(t, "incidents.pagerduty.url", requireProblem(t, err, contract.KindInvalid).Field)
}

func TestCheckPassesAnAccountThatCanBeUsed(t *testing.T) {
	t.Parallel()
	require.NoError(t, newAccount(t, nil).Check(t.Context()))
}

func TestCheckNamesTheAddressThatIsNotOneUsers(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*double.Options){
		"nobody's": func(o *double.Options) { o.Users = o.Users[1:] },
		"two users'": func(o *double.Options) {
			o.Users = append(o.Users, double.User{ID: "PTWIN01", Name: "Twin", Email: email})
		},
		"one who may read": func(o *double.Options) { o.Users[0].Role = "read_only_user" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problem, ok := contract.ProblemOf(newAccount(t, change).Check(t.Context()))
			require.True(t, ok)
			require.Equal(t, "incidents.pagerduty.from", problem.Field)
			require.NotEmpty(t, problem.Fix)
		})
	}
}

func TestOurUserIsFoundAmongManyWhoseAddressesContainOurs(t *testing.T) {
	t.Parallel()
	a := newAccount(t, func(o *double.Options) {
		var others []double.User
		for range 250 {
			others = append(others, double.User{ID: "POTHER1", Name: "Other", Email: "other-" + email})
		}
		o.Users = append(others, o.Users...)
	})
	require.NoError(t, a.Check(t.Context()))
}
