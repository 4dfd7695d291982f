package scim_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// Each reading before a change would show others who are gone in the reading after it.
func TestThoseWhoLeaveAtOnceAreNotTakenForHarm(t *testing.T) {
	t.Parallel()
	const many = 20
	d := newDouble(t)
	for i := range many {
		name := fmt.Sprintf("leaver-%d", i)
		d.users["u-"+name], d.members = name, append(d.members, "u-"+name)
	}
	connector, results := d.connect(), make(chan error, many)
	for i := range many {
		go func() {
			revoked, err := connector.Revoke(t.Context(), ofDouble(fmt.Sprintf("leaver-%d", i)))
			if err == nil && revoked != target.AccessRevoked {
				err = fmt.Errorf("leaver %d: %s", i, revoked)
			}
			results <- err
		}()
	}
	for range many {
		require.NoError(t, <-results)
	}
	require.Empty(t, d.members)
}

func TestWhoWaitsForAnotherChangeGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	d := newDouble(t, "u-bob")
	arrived, goOn := make(chan struct{}), make(chan struct{})
	connector := connect(t, before(t, d.start(), func(r *http.Request) {
		if r.Method == http.MethodPatch {
			close(arrived)
			<-goOn
		}
	}), doubleToken)
	first := make(chan error, 1)
	go func() {
		_, err := connector.Grant(t.Context(), ofDouble("ada"))
		first <- err
	}()
	<-arrived
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := connector.Grant(short, ofDouble("eve"))
	requireProblem(t, err, contract.KindUnavailable, "took all the time")
	close(goOn)
	require.NoError(t, <-first)
}
