package lightrun_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/internal/sandbox"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
	"curfew/workflows/contract"
)

func TestOnlyWhatCurfewHasNamedIsListed(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector, access := connect(t, c.url, token), request(t, in(time.Hour))
	for _, name := range []string{
		"by hand", "curfew-", "Curfew-" + access.Key + "-1", "curfew-" + strings.ToUpper(access.Key) + "-1",
		"curfew-" + access.Key, "curfew-" + access.Key + "0-1", "my curfew-" + access.Key + "-1",
	} {
		c.give(t, name)
	}
	marked, err := connector.(target.Lister).List(t.Context())
	require.NoError(t, err)
	require.Empty(t, marked)

	_, err = connector.Grant(t.Context(), access)
	require.NoError(t, err)
	marked, err = connector.(target.Lister).List(t.Context())
	require.NoError(t, err)
	require.Equal(
		t,
		[]target.Marked{{Key: access.Key, Account: ann, Until: access.Until.Add(time.Minute).UTC()}},
		marked,
	)
}

func TestRemovingWhatWasListedLeavesWhatCameSince(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector := connect(t, c.url, token)
	lister := connector.(target.Lister)
	_, err := connector.Grant(t.Context(), request(t, in(time.Hour)))
	require.NoError(t, err)
	before, err := lister.List(t.Context())
	require.NoError(t, err)
	c.changeFaults.Add(sandbox.Fault{Method: http.MethodDelete, Down: true, Times: 1})
	_, err = connector.Grant(t.Context(), request(t, in(2*time.Hour)))
	requireProblem(t, err, contract.KindUnavailable)
	both, err := lister.List(t.Context())
	require.NoError(t, err)
	require.Len(t, both, 2)
	require.True(t, both[0].Until.Before(both[1].Until))

	require.NoError(t, lister.Remove(t.Context(), before[0]))
	after, err := lister.List(t.Context())
	require.NoError(t, err)
	require.Equal(t, both[1:], after)
	require.True(t, c.Can(ann, pool))
}

func TestWhatCantBeListedIsNotRemoved(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("a", 32)
	url := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("unexpected %s %s", r.Method, r.URL.Path)
		}
		_, _ = io.WriteString(w, `{"items":[{"id":"1","name":"curfew-`+key+`-1","expirationDate":"soon"}],"total":1}`)
	})
	lister := connect(t, url, token).(target.Lister)
	_, err := lister.List(t.Context())
	requireProblem(t, err, contract.KindUnavailable, `is "soon"`)
	requireProblem(t, lister.Remove(t.Context(), target.Marked{Key: key}), contract.KindUnavailable, `is "soon"`)
	requireProblem(t, lister.Remove(t.Context(), target.Marked{}), contract.KindInternal)
}

func TestCapacityCountsWhoeverGaveTheAccess(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	connector := connect(t, c.url, token)
	c.give(t, "by hand")
	_, err := connector.Grant(t.Context(), request(t, in(time.Hour)))
	require.NoError(t, err)
	capacity, err := connector.(target.CapacityTeller).Capacity(t.Context())
	require.NoError(t, err)
	require.Equal(t, target.Capacity{Used: 2, Max: 100}, capacity)
}

func TestACompanyThatIsNearlyFullFillsToTheLastPlaceAndNoFurther(t *testing.T) {
	t.Parallel()
	const wanted = 5
	c := open(t, func(options *sandboxlightrun.Options) { addUsers(options, nil) })
	for i := range 98 {
		c.give(t, "by hand "+numbered(i))
	}
	connector := connect(t, c.url, token)
	grant := func(i int) error {
		access := request(t, in(time.Hour))
		access.Account = numbered(i)
		access.Key = contract.Access{
			Target:      "lightrun-prod",
			Entitlement: access.Entitlement,
			Account:     access.Account,
		}.Digest()
		_, err := connector.Grant(t.Context(), access)
		return err
	}
	errs := make([]error, wanted)
	done := make(chan struct{}, wanted)
	for i := range wanted {
		go func() {
			errs[i] = grant(i)
			done <- struct{}{}
		}()
	}
	for range wanted {
		<-done
	}
	var waiting []int
	for i, err := range errs {
		if err != nil {
			requireProblem(t, err, contract.KindCapacity, "100 of 100 temporary accesses are in use")
			waiting = append(waiting, i)
		}
		require.Equal(t, err == nil, c.Can(numbered(i), pool))
	}
	require.Len(t, waiting, 3)

	for _, i := range waiting {
		requireProblem(t, grant(i), contract.KindCapacity, "100 of 100")
		c.byHand(t, token, http.MethodDelete, "/api/v1/temp-access/"+c.Live()[0].ID, "")
		require.NoError(t, grant(i))
		require.True(t, c.Can(numbered(i), pool))
	}
	require.Equal(t, 100, c.mostAtOnce())
	require.Len(t, c.Live(), 100)
}
