package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/starter"
	"curfew/starter/api"
	"curfew/workflows/contract"
)

var goodEnsure = []string{"ensure", "look-round", "--for", "1h", "--reason", "curious", "-o", "json"}

// ensuredAnswer is what `ensure -o json` answers.
type ensuredAnswer struct {
	Asked   bool
	Request contract.Status
}

// ensure runs it on the side.
func (s *shell) ensure(t *testing.T, more ...string) <-chan result {
	t.Helper()
	done := make(chan result, 1)
	go func() { done <- s.run(t, "alice", append(goodEnsure, more...)...) }()
	return done
}

func ended(t *testing.T, running <-chan result) (ran result) {
	t.Helper()
	select {
	case ran = <-running:
	case <-time.After(patienceOfTests):
		require.FailNow(t, "still running")
	}
	return ran
}

func TestEnsuringTwiceAsksOnce(t *testing.T) {
	t.Parallel()
	s := whole(t)

	both := []<-chan result{s.ensure(t), s.ensure(t)}
	asked := s.asked(t, "pending")
	later := s.ensure(t)
	require.Equal(t, 0, s.run(t, "bob", "approve", asked.ID).code)
	for _, running := range append(both, later) {
		ran := ended(t, running)
		require.Equal(t, 0, ran.code, ran.errors)
		got := document[ensuredAnswer](t, ran)
		require.Equal(t, asked.ID, got.Request.ID)
		require.Equal(t, contract.StateActive, got.Request.State)
	}

	again := s.run(t, "alice", goodEnsure...)
	require.Equal(t, 0, again.code, again.errors)
	require.Equal(t, asked.ID, document[ensuredAnswer](t, again).Request.ID)
	require.False(t, document[ensuredAnswer](t, again).Asked)
	require.Len(t, s.mine(t), 1)
}

func TestEnsuringWithOtherWordsAsksOnceToo(t *testing.T) {
	t.Parallel()
	s := whole(t)
	both := []<-chan result{s.ensure(t), s.ensure(t, "--reason", "the same, in other words")}
	asked := s.asked(t, "pending")
	require.Equal(t, 0, s.run(t, "bob", "approve", asked.ID).code)
	for _, running := range both {
		ran := ended(t, running)
		require.Equal(t, 0, ran.code, ran.errors)
		require.Equal(t, asked.ID, document[ensuredAnswer](t, ran).Request.ID)
	}
	require.Len(t, s.mine(t), 1)
}

func TestNobodyKeepsAScriptFromItsAccessByTakingItsID(t *testing.T) {
	t.Parallel()
	s := open(t)
	now := time.Now()
	s.now = func() time.Time { return now }
	wanted := twinned{"alice", "alice", api.AskBody{Template: "look-round", Duration: "1h"}}
	for _, minute := range []time.Time{now.Add(-time.Minute), now} {
		id := wanted.id(minute.Truncate(time.Minute), 0)
		_, err := s.Starter.Current().Start(
			t.Context(),
			starter.Ask{
				ID:        id,
				Template:  "look-round",
				Requester: "bob",
				Purpose:   contract.Purpose{Reason: "mine"},
				Source:    "api",
			},
		)
		require.NoError(t, err)
	}
	ran := s.run(t, "alice", append(goodEnsure, "--no-wait")...)
	require.Equal(t, exitStanding, ran.code, ran.errors)
	got := document[ensuredAnswer](t, ran)
	require.True(t, got.Asked)
	require.Equal(t, "alice", got.Request.Requester)
}

func TestEnsuringTellsAScriptWhetherItHadToAsk(t *testing.T) {
	t.Parallel()
	s := whole(t)
	running := s.ensure(t, "--exit-code")
	require.Equal(t, 0, s.run(t, "bob", "approve", s.asked(t, "pending").ID).code)
	require.Equal(t, exitAsked, ended(t, running).code)
	require.Equal(t, exitDone, ended(t, s.ensure(t, "--exit-code")).code, "it was there")
}

func TestEnsuringAsksAnewWhenWhatThereIsEndsTooSoon(t *testing.T) {
	t.Parallel()
	s := whole(t)
	first := s.run(t, "alice", append(goodEnsure, "--no-wait")...)
	require.Equal(t, exitStanding, first.code, first.errors)
	require.True(t, document[ensuredAnswer](t, first).Asked)
	id := document[ensuredAnswer](t, first).Request.ID
	require.Equal(t, 0, s.run(t, "bob", "approve", id).code)
	require.Equal(t, id, s.asked(t, "active").ID)

	s.now = func() time.Time { return time.Now().Add(20 * time.Minute) }
	require.Equal(
		t,
		id,
		document[ensuredAnswer](t, s.run(t, "alice", goodEnsure...)).Request.ID,
		"40 of 60 minutes are left",
	)
	short := s.run(t, "alice", append(goodEnsure, "--at-least", "50m", "--no-wait")...)
	require.Equal(t, exitRefused, short.code, "a clock that is off by so much is noticed")
	require.Contains(t, short.errors, "error: id: the time in it is")

	s.now = time.Now
	longer := s.run(t, "alice", append(goodEnsure, "--for", "2h", "--no-wait")...)
	require.Equal(t, exitStanding, longer.code, longer.errors)
	require.Contains(t, longer.errors, "the request stands: curfew watch")
	require.True(t, document[ensuredAnswer](t, longer).Asked)
	require.Eventually(t, func() bool { return len(s.mine(t)) == 2 }, patienceOfTests, 50*time.Millisecond)
}

func TestEnsuringSaysWhenThereIsNoAccess(t *testing.T) {
	t.Parallel()
	s := whole(t)
	running := s.ensure(t)
	first := s.asked(t, "pending")
	require.Equal(t, 0, s.run(t, "bob", "deny", first.ID, "--reason", "not now").code)
	require.Equal(t, exitNoAccess, ended(t, running).code)

	second := s.run(t, "alice", append(goodEnsure, "--no-wait")...)
	require.Equal(t, exitStanding, second.code, second.errors)
	require.NotEqual(t, first.ID, document[ensuredAnswer](t, second).Request.ID, "what was denied is asked for again")
}

func TestP9EnsuringNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := open(t)
	for says, args := range map[string][]string{
		"error: at-least: 2h is longer than what is asked for; ask with --for at least as long\n": {"--for", "1h", "--at-least", "2h"},
		`error: at-least: "soon" is not a duration; write it like 30m, 2h or 1h30m` + "\n":        {"--at-least", "soon"},
		`error: for: "-1h" is not a duration; write it like 30m, 2h or 1h30m` + "\n":              {"--for", "-1h"},
		"error: reason: a reason is missing; say what it is for\n":                                {"--reason", ""},
	} {
		ran := s.run(t, "alice", append([]string{"ensure", "look-round", "--reason", "curious"}, args...)...)
		require.Equal(t, result{exitRefused, "", says}, ran)
	}
	require.Contains(
		t,
		s.run(t, "alice", "ensure", "look-ruond", "--reason", "curious").errors,
		"did you mean look-round?",
	)
}

// mine lists what alice has asked for, once the ledger knows of it.
func (s *shell) mine(t *testing.T) []contract.Status {
	t.Helper()
	return document[api.Page](t, s.run(t, "alice", "list", "--mine", "-o", "json")).Requests
}
