package servicenow_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident"
	"curfew/activities/incident/servicenow"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/servicenow"
	"curfew/internal/sandbox/vendorcontract"
	"curfew/workflows/contract"
)

const (
	number = "INC0010007"
	secret = "secret-of-curfew"
	shop   = "00000000000000000000000000005e41" // sys_id of a business service
	till   = "00000000000000000000000000000711" // sys_id of a configuration item
	ada    = "00000000000000000000000000000ada" // sys_id of a user
)

var opened = time.Date(2100, 11, 1, 12, 0, 0, 0, time.UTC)

// instance is one ServiceNow with the incident INC0010007, held to the vendor's contract, and our view of it.
type instance struct {
	*double.Server
	sandbox.Faults
	*servicenow.System
	settings servicenow.Settings
	requests atomic.Int64
}

// onBoth runs a test with a user's password and with an OAuth client.
func onBoth(t *testing.T, change func(*double.Account), test func(t *testing.T, i *instance)) {
	t.Helper()
	t.Parallel()
	for name, settings := range map[string]servicenow.Settings{
		"password": {User: "curfew", Password: config.SecretOf(secret)},
		"client":   {ClientID: "client", ClientSecret: config.SecretOf(secret)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account := double.Account{
				ID:           "c0ffee",
				Name:         "curfew",
				Password:     secret,
				ClientID:     "client",
				ClientSecret: secret,
			}
			if change != nil {
				change(&account)
			}
			test(t, newInstance(t, settings, account))
		})
	}
}

func newInstance(t *testing.T, settings servicenow.Settings, account double.Account) *instance {
	t.Helper()
	i := &instance{Server: double.New(double.Options{
		Accounts: []double.Account{account}, Now: func() time.Time { return opened },
	})}
	i.AddIncident(double.Incident{
		Number: number, State: "1", Title: "Orders are late", Service: shop, Item: till, Urgency: "1", Priority: "2",
	})
	mux := http.NewServeMux()
	mux.Handle("/oauth_token.do", i.Handler()) // which the vendor's document does not have
	mux.Handle("/", vendorcontract.Check(t, "servicenow-table.openapi.json", i.Handler()))
	faulty := i.Wrap(mux)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.requests.Add(1)
		faulty.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	settings.URL = server.URL
	i.settings = settings
	i.System = open(t, settings)
	return i
}

func open(t *testing.T, settings servicenow.Settings) *servicenow.System {
	t.Helper()
	system, err := servicenow.New(settings)
	require.NoError(t, err)
	return system
}

// requireProblem returns the problem that an error is.
func requireProblem(t *testing.T, err error, kind contract.Kind) *contract.Problem {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "want a problem, got %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.NotContains(t, problem.Error(), secret)
	return problem
}

func TestFindReadsAnIncident(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		found, err := i.Find(t.Context(), number)
		require.NoError(t, err)
		require.Contains(t, found.URL, i.settings.URL+"/incident.do?sys_id=")
		found.URL = ""
		require.Equal(t, incident.Incident{
			ID:       number,
			Service:  shop,
			Title:    "Orders are late",
			OpenedAt: opened,
			Urgency:  "1",
			Priority: "2",
			Open:     true,
		}, found)

		require.NoError(t, i.Set(number, "business_service", ""))
		require.NoError(t, i.Set(number, "assigned_to", ada))
		found, err = i.Find(t.Context(), number)
		require.NoError(t, err)
		require.Equal(t, till, found.Service, "without a service it is the item")
		require.Equal(t, []string{ada}, found.Responders)
		require.True(t, found.Acknowledged)
	})
}

func TestAnIncidentIsOpenAndTakenOnAsItsStateSays(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		for state, want := range map[string]struct{ open, acknowledged bool }{
			"1": {true, false}, "2": {true, true}, "3": {true, true}, "6": {false, false}, "7": {false, false}, "8": {false, false},
			"-5": {true, false}, // one of the instance's own
		} {
			require.NoError(t, i.Set(number, "state", state))
			found, err := i.Find(t.Context(), number)
			require.NoError(t, err)
			require.Equal(t, want.open, found.Open, state)
			require.Equal(t, want.acknowledged, found.Acknowledged, state)
		}
		require.NoError(t, i.Set(number, "active", "false"))
		found, err := i.Find(t.Context(), number)
		require.NoError(t, err)
		require.False(t, found.Open, "what is not active is not open, whatever its state")
	})
}

func TestAMissingIncidentIsNotFound(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		_, err := i.Find(t.Context(), "INC0010008")
		for _, err := range []error{err, i.AddNote(t.Context(), "INC0010008", entry(1))} {
			problem := requireProblem(t, err, contract.KindNotFound)
			require.Equal(t, "incident", problem.Field)
			require.Contains(t, problem.Fault, "INC0010008")
			require.NotEmpty(t, problem.Fix)
		}
	})
}

func TestAMalformedNumberNeverReachesServiceNow(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		for _, id := range []string{
			"", "inc0010007", "INC0010007^ORstate=1", "INC1234", "INC0010007\n", "P1ABC", "INC" + strings.Repeat("1", 1000), "INC0010007/../x",
		} {
			require.False(t, i.Recognizes(id), id)
			_, err := i.Find(t.Context(), id)
			for _, err := range []error{err, i.AddNote(t.Context(), id, entry(1))} {
				problem := requireProblem(t, err, contract.KindInvalid)
				require.Equal(t, "incident", problem.Field)
				require.Less(t, len(problem.Error()), 200)
			}
		}
		require.Zero(t, i.requests.Load())
		require.True(t, i.Recognizes(number))
	})
}

func TestNobodyIsOnCall(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		oncall, err := i.OnCall(t.Context(), shop)
		require.NoError(t, err)
		require.Empty(t, oncall)
		require.Equal(t, "servicenow", i.Name())
	})
}

func TestAnIncidentOfWhichTooMuchIsKeptFromCurfewIsNotRead(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		for _, field := range []string{"state", "active", "opened_at"} {
			require.NoError(t, i.Set(number, field, ""))
			_, err := i.Find(t.Context(), number)
			require.Contains(t, requireProblem(t, err, contract.KindDenied).Fix, "read "+field)
			require.NoError(t, i.Set(number, "state", "1"))
		}
	})
}

func TestAnotherIncidentThanWasAskedForIsNotBelieved(t *testing.T) {
	t.Parallel()
	system := impostor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(
			[]byte(`{"result":[{"sys_id":"` + ada + `","number":"INC0010001","state":"1","active":"true"}]}`),
		)
	})
	_, err := system.Find(t.Context(), number)
	requireProblem(t, err, contract.KindUnavailable)
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	_, err := servicenow.New(servicenow.Settings{URL: "example.service-now.com"})
	require.Equal(t, "incidents.servicenow.url", requireProblem(t, err, contract.KindInvalid).Field)
}
