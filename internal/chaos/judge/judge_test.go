package judge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/chaos/judge"
	"curfew/workflows/contract"
)

// zero is when the records of these tests begin; at is so many seconds later.
var zero = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return zero.Add(time.Duration(seconds * float64(time.Second))) }

const id = "01KAS3T4M5X6Y7Z8A9B0C1D2E3"

var (
	key   = judge.Key{Target: "orders-db", Account: "alice", Entitlement: "reporting"}
	other = judge.Key{Target: "lightrun-prod", Account: "alice", Entitlement: "production"}
)

// story numbers events from 1, one each second after the first.
func story(kinds ...contract.EventKind) (events []contract.Event) {
	for i, kind := range kinds {
		events = append(
			events,
			contract.Event{Request: id, Seq: i + 1, Kind: kind, At: at(10 + float64(i)), Actor: "somebody"},
		)
	}
	return events
}

// seen is a presence, as looks that each take 50 ms and come five times a second see it.
func seen(key judge.Key, from, to float64) judge.Presence {
	return judge.Presence{
		Key: key, AbsentAt: at(from - 0.2), From: at(from), To: at(to), Missed: at(to + 0.2), GoneAt: at(to + 0.25),
	}
}

// honest is a record in which alice has asked for 20 seconds, bob has approved, and all went well. The access is there
// from the 13th second until the 33rd.
func honest() judge.Record {
	events := []contract.Event{
		{Request: id, Seq: 1, Kind: contract.EventRequested, At: at(10), Actor: "alice"},
		{Request: id, Seq: 2, Kind: contract.EventApproved, At: at(12), Actor: "bob"},
		{Request: id, Seq: 3, Kind: contract.EventGranted, At: at(13.1), Actor: contract.ActorCurfew},
		{Request: id, Seq: 4, Kind: contract.EventExpired, At: at(34), Actor: contract.ActorDeadline},
	}
	return judge.Record{
		From: at(0),
		To:   at(120),
		Requests: []judge.Request{
			{ID: id, Requester: "alice", Keys: []judge.Key{key}, Duration: 20 * time.Second, Needed: 1},
		},
		Said: []judge.Said{
			{
				Request:  id,
				By:       "alice",
				Act:      judge.ActAsk,
				First:    at(10),
				Sent:     at(10),
				Answered: at(10.1),
				Answer:   judge.Taken,
			},
			{
				Request:  id,
				By:       "bob",
				Act:      judge.ActApprove,
				First:    at(12),
				Sent:     at(12),
				Answered: at(12.5),
				Answer:   judge.Taken,
			},
		},
		Stories: map[string]judge.Story{id: {
			Events: events, State: contract.StateEnded, Until: at(33), Gone: []judge.Claim{{Key: key, At: at(33.2)}},
		}},
		Presences: []judge.Presence{seen(key, 13, 33.1)},
		Comments: []judge.Comment{
			{
				Issue:  "OPS-7",
				Marker: id + "/1",
			},
			{Issue: "OPS-7", Marker: id + "/2"},
			{Issue: "OPS-7", Marker: id + "/3"},
			{Issue: "OPS-7", Marker: id + "/4"},
		},
		Unapproved: map[string]time.Time{id: at(12.1)},
	}
}

// change gives the story of a record another content.
func change(r *judge.Record, by func(*judge.Story)) {
	story := r.Stories[id]
	by(&story)
	r.Stories[id] = story
}

func say(r *judge.Record, said judge.Said) {
	if said.Sent.IsZero() {
		said.Sent = said.First
	}
	r.Said = append(r.Said, said)
}

func TestARecordInWhichAllWentWellBreaksNoPromise(t *testing.T) {
	t.Parallel()
	v := judge.Judge(honest())
	require.Empty(t, v.Violations)
	require.Len(t, v.Ends, 1)
	require.Equal(t, judge.RowQuiet, v.Ends[0].Row)
	require.Equal(t, 100*time.Millisecond, v.Ends[0].AtLeast)
	require.Equal(t, 350*time.Millisecond, v.Ends[0].AtMost)
	require.Equal(t, 1, v.Quiet())
}

// Each record but the first breaks a promise, and the judge finds which.
func TestEveryBrokenPromiseIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		breaks func(*judge.Record)
		want   string // the promise, and a part of what is said of it
	}{
		"seen before the approval was sent": {func(r *judge.Record) {
			r.Presences[0].From, r.Presences[0].AbsentAt = at(11.9), at(11.7)
		}, "P1 nobody had approved"},
		"seen without any approval": {func(r *judge.Record) { r.Said = r.Said[:1] }, "P1 nobody had approved"},
		"seen after an approval that was refused": {func(r *judge.Record) {
			r.Said[1].Answer = judge.Refused
		}, "P1 nobody had approved"},
		"seen after the requester's own approval": {func(r *judge.Record) { r.Said[1].By = "alice" }, "P1 nobody had approved"},
		"seen after one of two approvals":         {func(r *judge.Record) { r.Requests[0].Needed = 2 }, "P1 nobody had approved"},
		"seen after one who approved twice": {func(r *judge.Record) {
			r.Requests[0].Needed = 2
			say(r, judge.Said{Request: id, By: "bob", Act: judge.ActApprove, First: at(12.1), Answer: judge.Taken})
		}, "P1 nobody had approved"},
		"seen between the first and the second of two approvals": {func(r *judge.Record) {
			r.Requests[0].Needed = 2
			say(r, judge.Said{Request: id, By: "carol", Act: judge.ActApprove, First: at(13.5), Answer: judge.Taken})
		}, "P1 nobody had approved"},
		"seen before the start that was asked for": {func(r *judge.Record) { r.Requests[0].StartAt = at(14) }, "P1 nobody had approved"},
		"somebody else's access":                   {func(r *judge.Record) { r.Presences = append(r.Presences, seen(other, 13, 20)) }, "P1 nobody had approved"},

		"there too long with nothing wrong": {func(r *judge.Record) { r.Presences[0] = seen(key, 13, 33.7) }, "P2 99 of 100"},
		"there for a minute with nothing wrong": {func(r *judge.Record) {
			r.Presences[0] = seen(key, 13, 93)
		}, "P2 was there 60.00 s after"},
		"there at the end of the record": {func(r *judge.Record) {
			r.Presences[0] = seen(key, 13, 119)
			r.Presences[0].GoneAt, r.Presences[0].Missed = time.Time{}, time.Time{}
		}, "P2 still there"},
		"an end that nobody has allowed": {func(r *judge.Record) {
			change(r, func(s *judge.Story) { s.Until = at(63) })
			r.Presences[0] = seen(key, 13, 63)
		}, "P2 later than anybody has allowed"},
		"an extension that was refused": {func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "alice", Act: judge.ActExtend, First: at(20), Answer: judge.Refused, Duration: 30 * time.Second})
			change(r, func(s *judge.Story) { s.Until = at(63) })
			r.Presences[0] = seen(key, 13, 63)
		}, "P2 later than anybody has allowed"},
		"ended early by a person, three seconds late": {func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "alice", Act: judge.ActRevoke, First: at(20), Answer: judge.Taken})
			r.Presences[0] = seen(key, 13, 23)
		}, "P2 was there 3.00 s after"},
		"a signal that was not obeyed": {func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "writer", Act: judge.ActSignalRevoke, First: at(20), Answer: judge.Taken})
		}, "P2 was there 13.10 s after"},

		"said to be gone and seen later": {func(r *judge.Record) {
			change(r, func(s *judge.Story) { s.Gone[0].At = at(30) })
		}, "P3 it was there 3.10 s later"},
		"back after its end": {func(r *judge.Record) { r.Presences = append(r.Presences, seen(key, 40, 41)) }, "P3 came back"},

		"gone before its end": {func(r *judge.Record) { r.Presences[0] = seen(key, 13, 30) }, "P4 was gone"},
		"gone for a moment": {func(r *judge.Record) {
			r.Presences = []judge.Presence{seen(key, 13, 20), seen(key, 21, 33)}
		}, "P4 was gone"},
		"granted and never seen": {func(r *judge.Record) { r.Presences = nil }, "P4 nobody has seen it"},
		"gone before its end, after an early end that was refused": {func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "alice", Act: judge.ActRevoke, First: at(20), Answer: judge.Refused})
			r.Presences[0] = seen(key, 13, 30)
		}, "P4 was gone"},
		"gone with the earlier of two": {func(r *judge.Record) {
			second := honest()
			again := strings.Replace(id, "01", "02", 1)
			second.Requests[0].ID = again
			for i := range second.Said {
				second.Said[i].Request = again
			}
			tale := second.Stories[id]
			tale.Until, tale.Gone = at(53), nil
			r.Requests, r.Said = append(r.Requests, second.Requests...), append(r.Said, second.Said...)
			r.Requests[1].Duration = 40 * time.Second
			r.Stories[again] = tale
		}, "P4 was gone 19"},

		"standing access that went": {func(r *judge.Record) {
			r.Standing = []judge.Key{other}
			r.Presences = append(r.Presences, seen(other, 0, 50))
		}, "P5 was taken away"},
		"standing access that was never seen": {func(r *judge.Record) { r.Standing = []judge.Key{other} }, "P5 was never seen"},

		"an own request approved": {func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "alice", Act: judge.ActApproveOwn, First: at(11), Answer: judge.Taken})
		}, "P6 alice has approved"},

		"what a forger has asked for": {func(r *judge.Record) {
			r.Forbidden = []judge.Key{other}
			r.Presences = append(r.Presences, seen(other, 13, 20))
		}, "P7 only a forger"},
		"an end that a reset has moved": {func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "writer", Act: judge.ActReset, First: at(23), Answer: judge.Taken})
			change(r, func(s *judge.Story) { s.Until, s.Gone = at(43), nil })
			r.Presences[0] = seen(key, 13, 43)
		}, "P7 later than anybody has allowed"},
		"a forged review that was taken": {func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "writer", Act: judge.ActForgeReview, First: at(11), Answer: judge.Taken})
		}, "P7 forged message"},

		"seen before the ledger had the approval": {func(r *judge.Record) { r.Unapproved[id] = at(13) }, "P8 had not taken the approval"},
		"an event that is missing": {func(r *judge.Record) {
			change(r, func(s *judge.Story) { s.Events = append(s.Events[:1:1], s.Events[2:]...) })
		}, "P8 event 3 (granted) stands where event 2"},
		"granted before it was approved": {func(r *judge.Record) {
			change(r, func(s *judge.Story) { s.Events[1].Kind, s.Events[2].Kind = s.Events[2].Kind, s.Events[1].Kind })
		}, "P8 comes without approved"},
		"an event that is older than the one before": {func(r *judge.Record) {
			change(r, func(s *judge.Story) { s.Events[3].At = at(11) })
		}, "P8 is older"},
		"a story that begins in the middle": {func(r *judge.Record) {
			change(r, func(s *judge.Story) { s.Events[0].Kind = contract.EventReviewed })
		}, "P8 the story begins with reviewed"},
		"an end after the end": {func(r *judge.Record) {
			change(r, func(s *judge.Story) {
				s.Events = append(s.Events, contract.Event{Request: id, Seq: 5, Kind: contract.EventExpired, At: at(36)})
			})
		}, "P8 comes after the end"},
		"a story without an end": {func(r *judge.Record) {
			change(r, func(s *judge.Story) { s.Events = s.Events[:3] })
		}, "P8 its story has no end"},
		"a story without an end after its workflow was canceled": {func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "writer", Act: judge.ActCancelWorkflow, First: at(20), Answer: judge.Taken})
			change(r, func(s *judge.Story) { s.Events = s.Events[:3] })
		}, "P8 its story has no end"},
		"a list that shows it as active": {func(r *judge.Record) {
			change(r, func(s *judge.Story) { s.State = contract.StateActive })
		}, "P8 its story has no end"},
		"no story at all": {func(r *judge.Record) { r.Stories, r.Presences = nil, nil }, "P8 its story has no end"},
		"an approval that is not told": {func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "carol", Act: judge.ActApprove, First: at(12), Answer: judge.Taken})
		}, "P8 does not tell that carol said"},
		"a comment twice": {func(r *judge.Record) { r.Comments = append(r.Comments, r.Comments[3]) }, "P8 entry 4 twice"},
		"comments in another order": {func(r *judge.Record) {
			r.Comments[0], r.Comments[1] = r.Comments[1], r.Comments[0]
		}, "P8 entry 1 after entry 2"},
		"a comment that is missing":        {func(r *judge.Record) { r.Comments = r.Comments[:3] }, "P8 lacks entry 4"},
		"a comment on what nobody knows":   {func(r *judge.Record) { r.Comments = append(r.Comments, judge.Comment{Marker: id + "/9"}) }, "P8 which the ledger does not have"},
		"a comment with no marker of ours": {func(r *judge.Record) { r.Comments = append(r.Comments, judge.Comment{Marker: "x"}) }, "P8 marker"},

		"bad input that was taken": {func(r *judge.Record) {
			say(r, judge.Said{Request: "x", By: "alice", Act: judge.ActAskInvalid, First: at(11), Answer: judge.Taken})
		}, "P9 has started something"},
		"bad input that is in the ledger": {func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "alice", Act: judge.ActAskInvalid, First: at(11), Answer: judge.Unknown})
		}, "P9 has started something"},
		"bad input that is refused without a field": {func(r *judge.Record) {
			say(r, judge.Said{Request: "x", By: "alice", Act: judge.ActAskInvalid, First: at(11), Answer: judge.Refused, Problem: &contract.Problem{Fault: "no", Fix: "don't"}})
		}, "P9 without a field"},
		"bad input that is refused without a word": {func(r *judge.Record) {
			say(r, judge.Said{Request: "x", By: "alice", Act: judge.ActAskInvalid, First: at(11), Answer: judge.Refused, Problem: &contract.Problem{Fault: "no"}})
		}, "P9 without a field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := honest()
			c.breaks(&r)
			promise, part, _ := strings.Cut(c.want, " ")
			var said []string
			for _, violation := range judge.Judge(r).Violations {
				said = append(said, violation.Promise+" "+violation.Text)
				if violation.Promise == promise && strings.Contains(violation.Text, part) {
					return
				}
			}
			require.Fail(t, "the judge has not seen it", "it says %q", said)
		})
	}
}

// What is allowed is not taken for a violation.
func TestWhatIsAllowedBreaksNoPromise(t *testing.T) {
	t.Parallel()
	for name, allow := range map[string]func(*judge.Record){
		"an extension": func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "alice", Act: judge.ActExtend, First: at(20), Answer: judge.Taken, Duration: 10 * time.Second})
			change(r, func(s *judge.Story) {
				s.Until, s.Gone[0].At = at(43), at(43.2)
				extended := contract.Event{Request: id, Seq: 4, Kind: contract.EventExtended, At: at(20), Actor: "alice"}
				expired := contract.Event{Request: id, Seq: 5, Kind: contract.EventExpired, At: at(44), Actor: contract.ActorDeadline}
				s.Events = append(s.Events[:3:3], extended, expired)
			})
			r.Comments = append(r.Comments, judge.Comment{Issue: "OPS-7", Marker: id + "/5"})
			r.Presences[0] = seen(key, 13, 43)
		},
		"a stamp that is a moment early": func(r *judge.Record) {
			change(r, func(s *judge.Story) { s.Gone[0].At = at(32.7) })
		},
		"an early end whose answer was lost": func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "alice", Act: judge.ActRevoke, First: at(20), Answer: judge.Unknown})
			r.Presences[0] = seen(key, 13, 21)
			change(r, func(s *judge.Story) { s.Gone[0].At = at(21.2) })
		},
		"an end by somebody who writes to Temporal": func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "writer", Act: judge.ActSignalRevoke, First: at(20), Answer: judge.Taken})
			r.Presences[0] = seen(key, 13, 21)
			change(r, func(s *judge.Story) { s.Gone[0].At = at(21.2) })
		},
		"standing access that is asked for once more": func(r *judge.Record) {
			r.Standing = []judge.Key{key}
			r.Presences[0] = judge.Presence{Key: key, From: at(0.1), To: at(119.9)}
			change(r, func(s *judge.Story) { s.Gone = nil })
		},
		"an end of a workflow that was canceled": func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "writer", Act: judge.ActCancelWorkflow, First: at(20), Answer: judge.Taken})
			r.Presences[0] = seen(key, 13, 25)
			change(r, func(s *judge.Story) { s.Gone[0].At = at(25.2) })
		},
		"an end while its grant was terminated": func(r *judge.Record) {
			say(r, judge.Said{Request: "another", By: "writer", Act: judge.ActTerminateGrant, First: at(20), Answer: judge.Taken, Keys: []judge.Key{key}})
			r.Presences[0] = seen(key, 13, 25)
			change(r, func(s *judge.Story) { s.Gone[0].At = at(25.2) })
		},
		"an extension that the ledger could not be told any more": func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "alice", Act: judge.ActExtend, First: at(20), Answer: judge.Taken, Duration: 10 * time.Second})
			say(r, judge.Said{Request: id, By: "writer", Act: judge.ActTerminate, First: at(20.1), Answer: judge.Taken})
			change(r, func(s *judge.Story) { s.Events, s.State, s.Gone = s.Events[:3], contract.StateActive, nil })
			r.Presences[0] = seen(key, 13, 43)
		},
		"an access that goes when the one before it ends": func(r *judge.Record) {
			r.Presences = append([]judge.Presence{seen(key, 11, 12.5)}, r.Presences...)
			say(r, judge.Said{Request: id, By: "carol", Act: judge.ActApprove, First: at(10.5), Answer: judge.Unknown})
			r.Unapproved[id] = at(10.2)
		},
		"standing access": func(r *judge.Record) {
			r.Standing = []judge.Key{other}
			r.Presences = append(r.Presences, judge.Presence{Key: other, From: at(0.1), To: at(119.9)})
		},
		"a story that ends where its workflow was terminated": func(r *judge.Record) {
			say(r, judge.Said{Request: id, By: "writer", Act: judge.ActTerminate, First: at(20), Answer: judge.Taken})
			change(r, func(s *judge.Story) { s.Events, s.State, s.Gone = s.Events[:3], contract.StateActive, nil })
			r.Comments = r.Comments[:2]
		},
		"a request that never was granted": func(r *judge.Record) {
			change(r, func(s *judge.Story) {
				s.Events = story(contract.EventRequested, contract.EventApproved, contract.EventFailed)
				s.Events[0].Actor, s.Events[1].Actor = "alice", "bob"
				s.Until, s.Gone = time.Time{}, nil
			})
			r.Comments, r.Presences = r.Comments[:3], nil
		},
		"a ticket that refuses entries": func(r *judge.Record) {
			change(r, func(s *judge.Story) {
				s.Events = append(s.Events, contract.Event{Request: id, Seq: 5, Kind: contract.EventTicketAbandoned, At: at(35)})
			})
			r.Comments = nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := honest()
			allow(&r)
			require.Empty(t, judge.Judge(r).Violations)
		})
	}
}

func TestOverlapsEndWithTheLaterOneAndAreOneEnd(t *testing.T) {
	t.Parallel()
	for _, longer := range []bool{false, true} {
		overlap(t, longer)
	}
}

// overlap has alice ask twice at the same time, for 20 and for 40 seconds; longerFirst says in which order.
func overlap(t *testing.T, longerFirst bool) {
	t.Helper()
	r := honest()
	second := honest()
	again := strings.Replace(id, "01", "02", 1)
	second.Requests[0].ID, second.Requests[0].Duration = again, 40*time.Second
	for i := range second.Said {
		second.Said[i].Request = again
	}
	tale := second.Stories[id]
	tale.Until, tale.Gone = at(53), []judge.Claim{{Key: key, At: at(53.3)}}
	r.Stories[again] = tale
	change(&r, func(s *judge.Story) { s.Gone = nil }) // another request held it up
	r.Requests, r.Said = append(r.Requests, second.Requests...), append(r.Said, second.Said...)
	want := []string{id, again}
	if longerFirst {
		slices.Reverse(r.Requests)
		slices.Reverse(want)
	}
	for seq := 1; seq <= 4; seq++ {
		r.Comments = append(r.Comments, judge.Comment{Issue: "OPS-7", Marker: again + "/" + string(rune('0'+seq))})
	}
	r.Presences[0] = seen(key, 13, 53.1)
	v := judge.Judge(r)
	require.Empty(t, v.Violations)
	require.Len(t, v.Ends, 1)
	require.Equal(t, at(53), v.Ends[0].At)
	require.Equal(t, want, v.Ends[0].Requests)
}

// Another request begins while the access of the one before is still there: how late that was is counted until then.
func TestAnEndIsLateUntilTheNextRequestHoldsTheAccessUp(t *testing.T) {
	t.Parallel()
	r := honest()
	second := honest()
	again := strings.Replace(id, "01", "02", 1)
	second.Requests[0].ID = again
	for i := range second.Said {
		second.Said[i].Request = again
		for _, instant := range []*time.Time{&second.Said[i].First, &second.Said[i].Sent, &second.Said[i].Answered} {
			*instant = instant.Add(23 * time.Second)
		}
	}
	tale := second.Stories[id]
	for i := range tale.Events {
		tale.Events[i].At = tale.Events[i].At.Add(23 * time.Second)
	}
	tale.Until, tale.Gone = at(56), nil
	r.Stories[again] = tale
	r.Requests, r.Said = append(r.Requests, second.Requests...), append(r.Said, second.Said...)
	r.Presences[0] = seen(key, 13, 56)
	v := judge.Judge(r)
	require.Len(t, v.Ends, 2)
	require.Equal(t, at(33), v.Ends[0].At)
	require.Equal(t, 2*time.Second, v.Ends[0].AtLeast)
	require.Equal(t, at(56), v.Ends[1].At)
	require.Zero(t, v.Ends[1].AtLeast)
}
