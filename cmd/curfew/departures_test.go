package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/departure"
)

func TestADiffOfTheConfigurationSaysWhatWouldEnd(t *testing.T) {
	t.Parallel()
	s := whole(t)
	id := s.ask(t).ID
	s.asked(t, "pending")
	require.Equal(t, exitDone, s.run(t, "bob", "approve", id).code)
	s.asked(t, "active")
	current := filepath.Join(filepath.Dir(s.Config.Ledger.SQLite), "curfew.yaml")
	text, err := os.ReadFile(current)
	require.NoError(t, err)
	changed := func(old, young string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "new.yaml")
		require.Contains(t, string(text), old)
		require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(text), old, young, 1)), 0o600))
		return file
	}

	same := s.run(t, "bob", "config", "diff", "--config", current)
	require.Equal(t, exitDone, same.code, same.errors)
	require.Contains(t, same.out, "no access would end")
	require.Contains(t, same.out, departure.Of(s.Config).Digest())
	left := s.run(t, "bob", "config", "diff", "--config", changed("{name: Alice,", "{name: Alice, left: true,"))
	require.Regexp(t, id+`\s+Alice \(alice\)\s+left\s+at once`, left.out)
	moved := s.run(
		t,
		"bob",
		"config",
		"diff",
		"--config",
		changed("lightrun-prod: alice@example.org", "lightrun-prod: ada@example.org"),
	)
	require.Regexp(
		t,
		id+`\s+Alice \(alice\)\s+the account alice@example.org on lightrun-prod\s+15m after it is missed`,
		moved.out,
	)
	require.NotContains(t, moved.out, "curfew config confirm")
	require.Equal(t, exitRefused, s.run(t, "alice", "config", "diff", "--config", current).code)
	s.asked(t, "active")

	require.Contains(
		t,
		s.run(t, "bob", "config", "confirm", strings.Repeat("0", 64)).errors,
		departure.Of(s.Config).Digest(),
	)
	require.Equal(t, exitRefused, s.run(t, "alice", "config", "confirm", departure.Of(s.Config).Digest()).code)
	done := s.run(t, "bob", "config", "confirm", departure.Of(s.Config).Digest())
	require.Equal(t, exitDone, done.code, done.errors)
	require.Contains(t, done.out, "no access would end")
}

func TestADiffSaysThatSoManyEndsHaveToBeConfirmed(t *testing.T) {
	t.Parallel()
	page := newPage()
	var ends []departure.Departure
	for _, person := range []string{"a", "b", "c", "d"} {
		ends = append(ends, departure.Departure{Request: "r-" + person, Person: person, Why: departure.Missing})
	}
	diffText(page, difference{Digest: "d1", Departures: ends, People: 4, Most: 3, Confirm: true}, "15m")
	var out strings.Builder
	require.NoError(t, page.print(&out))
	require.Contains(
		t,
		out.String(),
		"4 people would lose access, and 3 may: nothing ends until somebody confirms it with curfew config confirm",
	)
}
