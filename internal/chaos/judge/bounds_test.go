package judge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/chaos/judge"
)

// Every row of the table, with an end at the 33rd second that is as late as it may be, and one that is later.
func TestHowLateAnEndMayBeFollowsFromWhatWasWrong(t *testing.T) {
	t.Parallel()
	wrong := func(kind judge.Kind, from, to float64) judge.Fault {
		return judge.Fault{Kind: kind, What: string(kind), From: at(from), To: at(to)}
	}
	for name, c := range map[string]struct {
		faults []judge.Fault
		row    string
		until  float64 // second until which the access may be there
	}{
		"a worker dies":                             {[]judge.Fault{wrong(judge.WorkerDied, 30, 36)}, string(judge.WorkerDied), 37},
		"a worker hangs":                            {[]judge.Fault{wrong(judge.WorkerHung, 30, 80)}, string(judge.WorkerHung), 43},
		"the ledger is down":                        {[]judge.Fault{wrong(judge.LedgerDown, 30, 80)}, string(judge.LedgerDown), 35},
		"the ledger hangs":                          {[]judge.Fault{wrong(judge.LedgerHung, 30, 80)}, string(judge.LedgerHung), 48},
		"connections are forgotten":                 {[]judge.Fault{wrong(judge.Forgotten, 30, 80)}, string(judge.Forgotten), 41},
		"Temporal is down":                          {[]judge.Fault{wrong(judge.TemporalDown, 30, 90)}, string(judge.TemporalDown), 68},
		"workflows are terminated":                  {[]judge.Fault{wrong(judge.Terminated, 20, 120)}, string(judge.Terminated), 68},
		"the target is down":                        {[]judge.Fault{wrong(judge.TargetDown, 30, 60)}, string(judge.TargetDown), 65},
		"the target was down":                       {[]judge.Fault{wrong(judge.TargetDown, 20, 25)}, string(judge.TargetDown), 38},
		"the server is down":                        {[]judge.Fault{wrong(judge.Elsewhere, 30, 60)}, string(judge.Elsewhere), 33.6},
		"it begins after the deadline, in time":     {[]judge.Fault{wrong(judge.WorkerDied, 33.5, 36)}, string(judge.WorkerDied), 37},
		"over for less than 20 s":                   {[]judge.Fault{wrong(judge.WorkerDied, 5, 13.1)}, string(judge.WorkerDied), 37},
		"two at once":                               {[]judge.Fault{wrong(judge.WorkerDied, 30, 36), wrong(judge.WorkerHung, 30, 45)}, judge.RowSeveral, 59},
		"two of the same":                           {[]judge.Fault{wrong(judge.WorkerDied, 30, 36), wrong(judge.WorkerDied, 31, 38)}, judge.RowSeveral, 46},
		"one of two is harmless":                    {[]judge.Fault{wrong(judge.WorkerDied, 30, 36), wrong(judge.Elsewhere, 30, 80)}, string(judge.WorkerDied), 37},
		"ledger and Temporal, the ledger first":     {[]judge.Fault{wrong(judge.LedgerDown, 30, 50), wrong(judge.TemporalDown, 30, 90)}, judge.RowSeveral, 68},
		"ledger and Temporal, Temporal first":       {[]judge.Fault{wrong(judge.LedgerDown, 30, 100), wrong(judge.TemporalDown, 30, 70)}, judge.RowSeveral, 75},
		"termination has no end of its own":         {[]judge.Fault{wrong(judge.Terminated, 30, 120), wrong(judge.LedgerDown, 30, 40)}, judge.RowSeveral, 77},
		"the second begins while the first excuses": {[]judge.Fault{wrong(judge.WorkerDied, 30, 36), wrong(judge.LedgerDown, 36.5, 40)}, judge.RowSeveral, 46},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, lateWith(c.until-0.05, c.faults...).Violations)
			v := lateWith(c.until+0.1, c.faults...)
			require.Len(t, v.Ends, 1)
			require.Equal(t, c.row, v.Ends[0].Row)
			require.Len(t, v.Violations, 1)
			require.Equal(t, "P2", v.Violations[0].Promise)
			require.Zero(t, v.Quiet())
		})
	}
}

// lateWith judges the honest record with an access that was there until a second, and with faults.
func lateWith(until float64, faults ...judge.Fault) judge.Verdict {
	r := honest()
	r.Presences[0] = seen(key, 13, until)
	change(&r, func(s *judge.Story) { s.Gone[0].At = at(until + 0.1) })
	r.Faults = faults
	return judge.Judge(r)
}

func TestWhatIsOverForLongOrComesTooLateOrIsElsewhereExcusesNothing(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]judge.Fault{
		"over for more than 20 s":        {Kind: judge.WorkerDied, From: at(5), To: at(12.9)},
		"begins after it had to be gone": {Kind: judge.WorkerDied, From: at(33.7), To: at(40)},
		"at another target":              {Kind: judge.TargetDown, From: at(30), To: at(40), Target: "lightrun-prod"},
		"about another access":           {Kind: judge.Terminated, From: at(30), To: at(40), Keys: []judge.Key{other}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := lateWith(33.1, fault)
			require.Equal(t, judge.RowQuiet, v.Ends[0].Row)
			require.Equal(t, 1, v.Quiet())
			require.Len(t, lateWith(36, fault).Violations, 1)
		})
	}
}

func TestAnEarlyEndHasItsOwnBoundAndAddsItToWhatIsWrong(t *testing.T) {
	t.Parallel()
	ended := func(until float64, faults ...judge.Fault) judge.Verdict {
		r := honest()
		say(&r, judge.Said{Request: id, By: "alice", Act: judge.ActRevoke, First: at(20), Answer: judge.Taken})
		change(&r, func(s *judge.Story) {
			s.Events[3].Kind, s.Events[3].At, s.Events[3].Actor = "revoking", at(20), "alice"
			s.Events[3].Request = id
			s.Gone[0].At = at(until + 0.1)
		})
		r.Presences[0], r.Faults = seen(key, 13, until), faults
		return judge.Judge(r)
	}
	v := ended(21.9)
	require.Equal(t, judge.RowEndNow, v.Ends[0].Row)
	require.False(t, v.Ends[0].Late())
	require.True(t, ended(22.1).Ends[0].Late())
	fault := judge.Fault{Kind: judge.WorkerHung, From: at(19), To: at(30)}
	require.False(t, ended(41.9, fault).Ends[0].Late())
	require.True(t, ended(42.1, fault).Ends[0].Late())
	require.Zero(t, ended(21).Quiet(), "an early end is no deadline")
}

func TestTheTableShowsEveryRowAndEveryViolation(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	require.NoError(
		t,
		lateWith(
			60,
			judge.Fault{Kind: judge.LedgerHung, What: "the ledger hangs", From: at(30), To: at(50)},
		).Write(&text),
	)
	require.Regexp(
		t,
		`the ledger or a holder of the lock hangs +1 +27.00s +27.00s +27.00s +27.25s +15.00s +1\n`,
		text.String(),
	)
	require.Regexp(t, `P2 +access ends on time +2 +1\n`, text.String())
	require.Regexp(t, `P5 +what was there before stays +0 +0\n`, text.String())
	require.Contains(
		t,
		text.String(),
		"was there 27.00 s after its end, 15.00 s are allowed; wrong was: the ledger hangs",
	)
}

func TestAPercentileIsTheNearestRank(t *testing.T) {
	t.Parallel()
	var late []time.Duration
	for n := range 200 {
		late = append(late, time.Duration(200-n)*time.Millisecond)
	}
	require.Equal(t, 198*time.Millisecond, judge.Percentile(late, 99))
	require.Equal(t, 100*time.Millisecond, judge.Percentile(late, 50))
	require.Equal(t, 200*time.Millisecond, judge.Percentile(late, 100))
	require.Equal(t, time.Millisecond, judge.Percentile(late[199:], 99))
	require.Zero(t, judge.Percentile(nil, 99))
}
