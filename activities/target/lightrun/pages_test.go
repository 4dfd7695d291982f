package lightrun_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
	"curfew/workflows/contract"
)

// Nothing in the vendor's document requires a total.
func TestListsWithoutATotalAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	c := open(t, func(options *sandboxlightrun.Options) { options.NoTotals, options.Limit = true, 300 })
	connector := connect(t, c.url, token)
	for i := range 230 {
		c.give(t, fmt.Sprint("by hand ", i))
	}
	require.NoError(t, connector.(target.Checker).Check(t.Context()))
	access := request(t, in(time.Hour))
	granted, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.True(t, state.Held)
	capacity, err := connector.(target.CapacityTeller).Capacity(t.Context())
	require.NoError(t, err)
	require.Equal(t, 231, capacity.Used)

	revoked, err := connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AccessRevoked, revoked)
	state, err = connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.False(t, state.Held)
	require.Empty(t, state.Doubt)
}

// Between two pages an access of others ended, and ours slipped from the second page to the first.
func TestAListWithoutATotalIsBelievedWhenItIsTwiceTheSame(t *testing.T) {
	t.Parallel()
	access := request(t, in(time.Hour))
	ours := fmt.Sprintf(`{"id":"1","name":"curfew-%s-1","expirationDate":"2036-01-02T03:04:05Z"}`, access.Key)
	other := `{"id":"2","name":"by hand"}`
	pages := make(chan string, 6)
	for _, page := range []string{
		`{"items":[` + other + `,` + other + `],"hasMore":true}`, `{"items":[],"hasMore":false}`,
		`{"items":[` + other + `],"hasMore":true}`, `{"items":[` + ours + `],"hasMore":false}`,
		`{"items":[` + other + `],"hasMore":true}`, `{"items":[` + ours + `],"hasMore":false}`,
	} {
		pages <- page
	}
	url := scripted(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, <-pages) })
	state, err := connect(t, url, token).Inspect(t.Context(), access)
	require.NoError(t, err)
	require.True(t, state.Held)
}

func TestP3AnEmptyListThatIsNotCountedIsNoProofUntilOneHasShownSomething(t *testing.T) {
	t.Parallel()
	c := open(t, func(options *sandboxlightrun.Options) { options.NoTotals = true })
	connector, access := connect(t, c.url, token), request(t, in(time.Hour))
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.Contains(t, state.Doubt, "lists no temporary access at all")
	_, err = connector.Grant(t.Context(), access)
	require.NoError(t, err)
	_, err = connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	_, err = connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	state, err = connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.Empty(t, state.Doubt)
}

// The words of the refusal are the vendor's to change.
func TestNoRoomIsKnownByCountingWhateverTheRefusalSays(t *testing.T) {
	t.Parallel()
	for _, totals := range []bool{true, false} {
		c := open(t, func(options *sandboxlightrun.Options) {
			options.Full, options.NoTotals = "Upgrade your plan for more sessions.", !totals
		})
		for i := range 100 {
			c.give(t, fmt.Sprint("by hand ", i))
		}
		_, err := connect(t, c.url, token).Grant(t.Context(), request(t, in(time.Hour)))
		requireProblem(
			t,
			err,
			contract.KindCapacity,
			"100 of 100 temporary accesses are in use",
			"Upgrade your plan for more sessions.",
		)
	}
}

func TestARefusalWithRoomLeftIsTheKeysAndSaysWhatLightrunSaid(t *testing.T) {
	t.Parallel()
	c := open(t, func(options *sandboxlightrun.Options) { options.Full, options.Limit = "Not for this key.", 1 })
	c.give(t, "by hand")
	_, err := connect(t, c.url, token).Grant(t.Context(), request(t, in(time.Hour)))
	requireProblem(t, err, contract.KindDenied, "Not for this key.", "scope DEV")
}
