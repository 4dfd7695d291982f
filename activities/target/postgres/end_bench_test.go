package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
)

// BenchmarkEnd ends the access of a thousand subjects as their deadlines would in one second: revoke, end sessions
// (there are none), read back, eight at a time.
func BenchmarkEnd(b *testing.B) {
	const subjects, together = 1000, 8
	w := newWorld(b)
	connector := w.connector(b)
	ender := connector.(target.SessionEnder)
	w.exec(
		b,
		`DO $$ BEGIN FOR i IN 1..%d LOOP EXECUTE format('CREATE ROLE %%I', '%s' || i); END LOOP; END $$`,
		subjects,
		w.name,
	)
	end := func(i int) error {
		access := w.access(fmt.Sprintf("%s%d", w.name, i))
		if _, err := connector.Revoke(b.Context(), access); err != nil {
			return err
		}
		if _, err := ender.EndSessions(b.Context(), access); err != nil {
			return err
		}
		state, err := connector.Inspect(b.Context(), access)
		if err == nil && state.Held {
			return fmt.Errorf("%s still holds it", access.Account)
		}
		return err
	}
	for b.Loop() {
		b.StopTimer()
		w.exec(
			b,
			`DO $$ BEGIN FOR i IN 1..%d LOOP EXECUTE format('GRANT %%I TO %%I GRANTED BY %%I', '%s', '%s' || i, '%s'); END LOOP; END $$`,
			subjects,
			w.role,
			w.name,
			w.broker,
		)
		b.StartTimer()
		var waiting sync.WaitGroup
		errs := make(chan error, subjects)
		for worker := range together {
			waiting.Go(func() {
				for i := 1 + worker; i <= subjects; i += together {
					errs <- end(i)
				}
			})
		}
		waiting.Wait()
		for range subjects {
			require.NoError(b, <-errs)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*subjects), "µs/subject")
}
