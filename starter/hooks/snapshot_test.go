package hooks_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/starter"
	"curfew/starter/hooks"
	"curfew/starter/startertest"
)

func TestADeliveryGoesByOneConfigurationThoughItChangesMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, o *hooks.Options) {
		live, change := startertest.Changing(t, w.Config)
		var err error
		o.Starter, err = starter.New(starter.Options{Temporal: w.Client, Config: live, Ledger: w.Ledger})
		require.NoError(t, err)
		next := *w.Config
		next.Templates = maps.Clone(next.Templates)
		delete(next.Templates, "read-logs")
		w.duty.found = func() { change(&next) }
	})
	id := "P" + unique()
	w.duty.open(id, "PALICE1")

	done, err := w.act(t, told("incident.triggered", id))
	require.NoError(t, err)
	require.Len(
		t,
		done.Requests,
		1,
		"the route that fits and the template that it names are of one moment: %s",
		done.Said,
	)
	require.Equal(t, "read-logs", w.asked(t, done.Requests[0]).Template)
}
