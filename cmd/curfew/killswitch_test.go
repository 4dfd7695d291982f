package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/starter"
)

func TestTheKillSwitchListsWhatItEndsAndAsksFirst(t *testing.T) {
	t.Parallel()
	s := whole(t)
	id := s.ask(t).ID
	s.asked(t, "pending")
	require.Equal(t, 0, s.run(t, "bob", "approve", id).code)
	s.asked(t, "active")

	declined := s.sit(t, "bob", "end", "--person", "alice", "--reason", "the laptop was stolen")
	declined.shows(id, "debug-prod", "Alice (alice)", "lightrun-prod", "End 1 request?", "cannot be undone")
	declined.types("n")
	declined.ends(exitDeclined)
	s.asked(t, "active")

	sure := s.sit(t, "bob", "end", "--person", "alice", "--reason", "the laptop was stolen")
	sure.shows("End 1 request?")
	sure.types("y")
	sure.ends(exitDone)
	sure.shows("1 request ended")
	require.Equal(t, id, s.asked(t, "ended").ID)
	require.Equal(t, "nothing to end\n", s.run(t, "bob", "end", "--all", "--reason", "again", "--yes").out)
	require.Contains(
		t,
		s.run(t, "bob", "alarms", "--kind", "ended").out,
		"Bob (bob) ended 1 request at once (all of the person Alice (alice)): the laptop was stolen",
	)
}

func TestTheKillSwitchInAScript(t *testing.T) {
	t.Parallel()
	s := whole(t)
	id := s.ask(t).ID
	s.asked(t, "pending")
	for name, refused := range map[string]struct {
		person string
		args   []string
		says   string
	}{
		"without a confirmation":    {"bob", []string{"end", "--all", "--reason", "a drill"}, "add --yes"},
		"without saying what":       {"bob", []string{"end", "--reason", "a drill", "--yes"}, "give one of person, target, template and all"},
		"with two things":           {"bob", []string{"end", "--all", "--person", "alice", "--reason", "a drill", "--yes"}, "give one of person, target, template and all"},
		"without a reason":          {"bob", []string{"end", "--all", "--yes"}, "reason"},
		"by whoever is no operator": {"alice", []string{"end", "--all", "--reason", "a drill", "--yes"}, "this is for operators"},
		"a freeze without a reason": {"bob", []string{"freeze"}, "reason"},
		"a freeze by anybody":       {"alice", []string{"freeze", "--reason", "why not"}, "this is for operators"},
	} {
		ran := s.run(t, refused.person, refused.args...)
		require.Equal(t, exitRefused, ran.code, name)
		require.Contains(t, ran.errors, refused.says, name)
	}
	dry := s.run(t, "bob", "end", "--target", "lightrun-prod", "--reason", "a drill", "--dry-run")
	require.Equal(t, exitDone, dry.code)
	require.Contains(t, dry.out, "1 request would end")
	s.asked(t, "pending")

	report := document[starter.EndReport](
		t,
		s.run(t, "bob", "end", "--template", "debug-prod", "--reason", "a drill", "--yes", "-o", "json"),
	)
	require.Len(t, report.Requests, 1)
	require.Equal(t, id, report.Requests[0].ID)
	require.Equal(t, "withdrawn", string(s.asked(t, "ended").Outcome))
}

func TestAFreezeSaysWhatItIs(t *testing.T) {
	t.Parallel()
	s := whole(t)
	frozen := s.run(t, "bob", "freeze", "--reason", "an intruder")
	require.Equal(t, exitDone, frozen.code, frozen.errors)
	require.Contains(t, frozen.out, "frozen: nothing is granted")
	require.Contains(t, frozen.out, "an intruder")
	require.Contains(t, frozen.out, "Bob (bob)")
	thawed := s.run(t, "bob", "thaw", "--reason", "they are out")
	require.Contains(t, thawed.out, "not frozen")
	require.Contains(t, s.run(t, "bob", "alarms", "--kind", "thawed").out, "they are out")
}
