package promises

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/postgres"
	"curfew/internal/testserver/temporal"
	"curfew/starter"
	"curfew/workflows/contract"
)

// The benchmarks measure what a person notices, at the target itself, with everything that a small installation has: a
// server in a file, the worker in a process of its own, and the ledger on disk.

func newBusyHouse(b *testing.B, options ...func(*house)) *house {
	b.Helper()
	file := filepath.Join(b.TempDir(), "temporal.db")
	inFile := func(h *house) {
		h.server = []temporal.Option{temporal.InFile(file), temporal.Shift(50 * time.Millisecond)}
	}
	h := newHouse(b, append(options, inFile)...)
	h.workInAProcess()
	return h
}

// samples are lengths of time, and what is reported of them.
type samples []time.Duration

func (s samples) report(b *testing.B, name string) {
	b.Helper()
	slices.Sort(s)
	for percent, suffix := range map[int]string{50: "p50", 99: "p99", 100: "max"} {
		at := max(0, (len(s)*percent+99)/100-1)
		b.ReportMetric(float64(s[at].Microseconds())/1000, name+"-"+suffix+"-ms")
	}
	b.ReportMetric(float64(len(s)), "samples")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkOneRequest: from the approval to access that works, and from the deadline to access that is gone.
func BenchmarkOneRequest(b *testing.B) {
	for template, works := range map[string]func(*house) bool{
		"debug":  func(h *house) bool { return h.canDebug("alice@example.org") },
		"orders": func(h *house) bool { return h.database.holds(h.database.alice) },
	} {
		b.Run(template, func(b *testing.B) {
			h := newBusyHouse(b)
			var granted, ended samples
			for range b.N {
				id := h.ask(alice, template, 2*time.Second).ID
				h.await(id, contract.StatePending)
				begin := time.Now()
				approved := make(chan struct{})
				go func() {
					defer close(approved)
					_, err := h.starter.Current().Review(
						b.Context(),
						bob,
						id,
						starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "go ahead"},
					)
					if err != nil {
						b.Error(err)
					}
				}()
				until(b, func() bool { return works(h) })
				granted = append(granted, time.Since(begin))
				<-approved
				deadline := *h.await(id, contract.StateActive).Until
				until(b, func() bool { return !works(h) })
				ended = append(ended, time.Since(deadline))
				h.ended(id)
			}
			granted.report(b, "approval-to-access")
			ended.report(b, "deadline-to-gone")
		})
	}
}

// until looks every millisecond.
func until(b *testing.B, happened func() bool) {
	b.Helper()
	require.Eventually(b, happened, patience, time.Millisecond)
}

// BenchmarkStorm: a thousand deadlines within one second on one PostgreSQL, watched there every 100 ms.
func BenchmarkStorm(b *testing.B) {
	const crowd = 1000
	var late samples
	for range b.N {
		late = append(late, storm(b, crowd)...)
	}
	late.report(b, "late")
}

func storm(b *testing.B, crowd int) samples {
	b.Helper()
	h := newBusyHouse(b, func(h *house) { h.people = h.database.crowd(crowd) })
	begin := time.Now()
	ids := make([]string, crowd)
	inParallel(crowd, func(i int) {
		status, err := h.starter.Current().Start(b.Context(), starter.Ask{
			Template:  "untold",
			Requester: member(i),
			Duration:  contract.Duration{Duration: 150 * time.Second},
			Purpose:   contract.Purpose{Reason: "storm"},
			Source:    "bench",
		})
		if err != nil {
			b.Error(err)
			return
		}
		ids[i] = status.ID
		if _, err := h.starter.Current().Review(
			b.Context(),
			bob,
			ids[i],
			starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: ""},
		); err != nil {
			b.Error(err)
		}
	})
	b.Logf("%d requests asked for and approved in %s", crowd, time.Since(begin).Round(time.Second))
	require.False(b, b.Failed())
	instant := h.align(ids)
	return h.database.watch(b, instant)
}

// align extends every request so that all end within one second, and returns the ends by account.
func (h *house) align(ids []string) map[string]time.Time {
	h.t.Helper()
	ends := make([]time.Time, len(ids))
	for i, id := range ids {
		ends[i] = *h.await(id, contract.StateActive).Until
	}
	first := slices.MaxFunc(ends, time.Time.Compare).Add(10 * time.Second)
	h.t.Logf("extending them to end within the second after %s", first.Format(time.TimeOnly))
	inParallel(len(ids), func(i int) {
		by := first.Add(time.Duration(i) * time.Second / time.Duration(len(ids))).Sub(ends[i])
		status, err := h.starter.Current().
			Extend(h.t.Context(), member(i), ids[i], contract.Duration{Duration: by}, "align")
		if err != nil {
			h.t.Error(err)
			return
		}
		ends[i] = *status.Until
	})
	require.False(h.t, h.t.Failed())
	byAccount := map[string]time.Time{}
	for i, end := range ends {
		byAccount[h.database.account(i)] = end
	}
	return byAccount
}

func member(i int) string { return fmt.Sprintf("crowd-%04d", i) }

func (d *database) account(i int) string { return d.role + "_" + member(i) }

// crowd makes accounts, and returns the directory's entries of their people.
func (d *database) crowd(size int) string {
	d.t.Helper()
	var people strings.Builder
	admin := d.server.Connect(d.t, postgres.Superuser, d.name)
	for i := range size {
		_, err := admin.Exec(d.t.Context(), "CREATE ROLE "+pgx.Identifier{d.account(i)}.Sanitize())
		require.NoError(d.t, err)
		fmt.Fprintf(&people, "  %s: {name: %s, accounts: {orders-db: %s}}\n", member(i), member(i), d.account(i))
	}
	return people.String()
}

// members are the accounts that hold the role now.
func (d *database) members() map[string]bool {
	rows, err := d.server.Admin().Query(d.t.Context(),
		`SELECT member.rolname FROM pg_auth_members m JOIN pg_roles member ON member.oid = m.member JOIN pg_roles role ON role.oid = m.roleid
		WHERE role.rolname = $1`, d.role)
	require.NoError(d.t, err)
	defer rows.Close()
	held := map[string]bool{}
	for rows.Next() {
		var name string
		require.NoError(d.t, rows.Scan(&name))
		held[name] = true
	}
	require.NoError(d.t, rows.Err())
	return held
}

func (d *database) holds(account string) bool { return d.members()[account] }

// watch looks at the target every 100 ms until all are gone, and returns how late each was seen to be gone.
func (d *database) watch(b *testing.B, ends map[string]time.Time) samples {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 15*time.Minute)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	var late samples
	for len(ends) > 0 {
		select {
		case <-look.C:
		case <-ctx.Done():
			require.Failf(b, "accesses were missed", "%d are still there", len(ends))
		}
		asked := time.Now()
		held := d.members()
		for account, end := range ends {
			if held[account] {
				continue
			}
			require.Falsef(b, asked.Before(end), "%s ended %s early", account, end.Sub(asked))
			late = append(late, time.Since(end))
			delete(ends, account)
		}
	}
	return late
}

// inParallel does something for each of a number of things, a few at a time.
func inParallel(n int, do func(i int)) {
	var all sync.WaitGroup
	next := make(chan int)
	for range 16 {
		all.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}
