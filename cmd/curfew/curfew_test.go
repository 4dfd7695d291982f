package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/starter/api"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

// shell runs the command in the name of a person, against the real API.
type shell struct {
	*startertest.House
	server string
	logins string // the file that keeps sign-ins
	now    func() time.Time
}

func open(t *testing.T) *shell {
	t.Helper()
	return in(t, startertest.New(t))
}

func in(t *testing.T, house *startertest.House) *shell {
	t.Helper()
	server := httptest.NewServer(api.New(api.Options{Starter: house.Starter, Log: zap.NewNop()}))
	t.Cleanup(server.Close)
	return &shell{
		House:  house,
		server: server.URL,
		logins: filepath.Join(t.TempDir(), "curfew", "logins.json"),
		now:    time.Now,
	}
}

// result is what a command left behind.
type result struct {
	code        int
	out, errors string
}

func (s *shell) run(t *testing.T, person string, args ...string) result {
	t.Helper()
	environment := map[string]string{"CURFEW_SERVER": s.server, "CURFEW_LOGINS": s.logins}
	if person != "" {
		environment["CURFEW_TOKEN"] = startertest.Token(person)
	}
	var out, errors bytes.Buffer
	code := run(t.Context(), args, surroundings{
		stdout: &out, stderr: &errors, getenv: func(name string) string { return environment[name] },
		now: s.now, zone: time.FixedZone("CET", 3600),
	})
	return result{code, out.String(), errors.String()}
}

var goodRequest = []string{
	"request",
	"debug-prod",
	"--for",
	"2h",
	"--ticket",
	"OPS-7",
	"--reason",
	"the checkout hangs",
}

func TestARequestIsAskedForShownAndListed(t *testing.T) {
	t.Parallel()
	s := open(t)

	asked := s.run(t, "alice", append(goodRequest, "-o", "json")...)
	require.Equal(t, result{0, asked.out, ""}, asked)
	var status contract.Status
	require.NoError(t, json.Unmarshal([]byte(asked.out), &status))
	require.Equal(t, 1, strings.Count(asked.out, "\n"), "one document")

	shown := s.run(t, "carol", "show", strings.ToLower(status.ID))
	require.Equal(t, result{0, shown.out, ""}, shown)
	for _, line := range []string{
		"request    " + status.ID, "state      pending", "duration   2h of at most 8h", "reason     the checkout hangs",
		"approvals  0 of 1, from carol, dave", "lapses     in ",
	} {
		require.Contains(t, shown.out, line)
	}

	s.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})
	list := s.run(t, "carol", "list", "--to-review", "--state", "pending", "--template", "debug-prod", "--limit", "5")
	require.Equal(t, 0, list.code, list.errors)
	require.Contains(t, list.out, status.ID+"  pending  debug-prod  alice")
	require.Equal(t, "no requests\n", s.run(t, "carol", "list", "--mine").out)
}

func TestTimesAreSaidAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	s := open(t)
	until := time.Date(2026, 11, 23, 21, 41, 0, 0, time.UTC)
	s.now = func() time.Time { return until.Add(-2*time.Hour + time.Second) }
	status := startertest.Status(contract.StateActive)
	status.Until = &until
	s.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventGranted, Actor: contract.ActorCurfew})

	require.Contains(t, s.run(t, "alice", "show", status.ID).out, "in 1h59m (2026-11-23 22:41 CET)\n")
}

func TestARequestIsShownWithItsStartAndItsBreakGlassReview(t *testing.T) {
	t.Parallel()
	s := open(t)
	status := startertest.Status(contract.StateActive)
	begins := time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
	reviewDue := begins.Add(24 * time.Hour)
	s.now = func() time.Time { return begins.Add(time.Hour) }
	status.StartAt, status.BreakGlass, status.ReviewDue, status.ContinuousSince = &begins, true, &reviewDue, &begins
	s.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventBreakGlassUsed, Actor: "alice"})
	reviewed := startertest.Status(contract.StateActive)
	reviewed.BreakGlass, reviewed.ReviewDue = true, &reviewDue
	reviewed.PostReview = &contract.Review{Reviewer: "carol", Verdict: contract.VerdictApprove, Reason: "well done"}
	s.Record(t, reviewed, contract.Event{Seq: 1, Kind: contract.EventBreakGlassReviewed, Actor: "carol"})

	shown := s.run(t, "alice", "show", status.ID).out
	require.Contains(t, shown, "begins       1h00m ago (2026-11-23 22:00 CET, 2026-11-23 21:00 UTC)\n")
	require.Contains(t, shown, "had before   without a break since 1h00m ago (2026-11-23 22:00 CET)\n")
	require.Contains(t, shown, "break-glass  Opened without approval (break-glass by alice)\n")
	require.Contains(t, shown, "review due   by a second person, in 23h00m (2026-11-24 22:00 CET)\n")
	require.Contains(t, s.run(t, "alice", "show", reviewed.ID).out, "reviewed     carol: approve: well done\n")
}

func TestP3WhatCouldNotBeSeenToBeGoneIsShownAsRemoved(t *testing.T) {
	t.Parallel()
	s := open(t)
	status := startertest.Status(contract.StateEnded)
	removed := time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
	status.Outcome = contract.OutcomeUnconfirmed
	status.Holds = []contract.HoldState{
		{
			Access: contract.Access{
				Target:      "centre",
				Account:     "ada@example.com",
				Entitlement: json.RawMessage(`{"group":"g"}`),
				ReadBack:    contract.ReadBackNone,
			},
			RemovedAt: &removed,
		},
	}
	s.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventUnconfirmed, Actor: contract.ActorCurfew})

	shown := s.run(t, "alice", "show", status.ID).out
	require.Contains(t, shown, "removed, can't be confirmed")
	require.Contains(t, shown, "removed; Curfew can't confirm that it is gone")
	require.NotContains(t, shown, ", gone")
	require.Contains(t, s.run(t, "alice", "list").out, "removed, can't be confirmed")
	answer := s.run(t, "alice", "show", status.ID, "-o", "json").out
	require.JSONEq(t, `"unconfirmed"`, field(t, answer, "outcome"))
	require.Contains(t, answer, `"removedAt"`)
	require.NotContains(t, answer, `"goneAt"`)
}

func TestAWatchTellsOneEventALine(t *testing.T) {
	t.Parallel()
	s := open(t)
	status := startertest.Status(contract.StateEnded)
	s.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice", Said: "please"},
		contract.Event{Seq: 2, Kind: contract.EventExpired, Actor: contract.ActorDeadline})

	text := s.run(t, "alice", "watch", status.ID)
	require.Equal(t, 0, text.code, text.errors)
	require.Regexp(
		t,
		`^\S+ \S+ CET  requested  Access requested by alice  “please”\n\S+ \S+ CET  expired  This request has ended at its deadline`,
		text.out,
	)

	documents := strings.Split(strings.TrimSpace(s.run(t, "alice", "watch", status.ID, "-o", "json").out), "\n")
	require.Len(t, documents, 2)
	var event contract.Event
	require.NoError(t, json.Unmarshal([]byte(documents[1]), &event))
	require.Equal(t, contract.EventExpired, event.Kind)
}

// The reason of a request is what a stranger typed, and the ledger may hold what nothing of today would let in.
func TestOtherPeoplesTextCannotRewriteTheScreen(t *testing.T) {
	t.Parallel()
	s := open(t)
	const evil = "ok\x1b[2J\x1b]0;owned\a\u009b31m\u202egnp\r\nstate      active\x00\xff"
	status := startertest.Status(contract.StateEnded)
	status.Reason, status.Why, status.Incident = evil, evil, evil
	status.Extension = &contract.Extension{By: evil, Reason: evil}
	status.Reviews = []contract.Review{{Reviewer: evil, Reason: evil}}
	status.Holds = []contract.HoldState{{Problem: evil}}
	s.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventExpired, Actor: evil, Said: evil, Detail: evil})
	hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(api.Problem{Kind: contract.KindConflict, Errors: []api.Fault{{Message: evil}}})
	}))
	t.Cleanup(hostile.Close)
	template := s.Config.Templates["debug-prod"]
	template.Description = evil
	s.Config.Templates["debug-prod"] = template

	for _, args := range [][]string{{"show", status.ID}, {"list"}, {"watch", status.ID}, {"templates"}, {"list", "--server", hostile.URL}} {
		ran := s.run(t, "alice", args...)
		all := ran.out + ran.errors
		require.Contains(t, all, `\x1b[2J`, args)
		for _, r := range all {
			require.True(t, r == '\n' || printable(string(r)) == string(r), "%q shows %q", args, r)
		}
		require.NotContains(t, all, "\nstate      active", "a line break in text makes no line")
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	s := open(t)
	active, ended := startertest.Status(contract.StateActive), startertest.Status(contract.StateEnded)
	s.Record(t, active, contract.Event{Seq: 1, Kind: contract.EventGranted, Actor: contract.ActorCurfew})
	s.Record(t, ended, contract.Event{Seq: 1, Kind: contract.EventExpired, Actor: contract.ActorDeadline})
	proxy := httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }),
	)
	t.Cleanup(proxy.Close)
	nobody := httptest.NewServer(nil)
	nobody.Close()

	for name, test := range map[string]struct {
		person string
		args   []string
		code   int
		says   string
	}{
		"done":                   {"alice", []string{"templates"}, 0, ""},
		"help":                   {"", []string{"request", "--help"}, 0, ""},
		"a topic":                {"", []string{"help", "exit-codes"}, 0, ""},
		"too long":               {"alice", append(goodRequest, "--for", "9h"), 2, "error: duration: 9h is over the maximum of 8h; ask for 8h or less\n"},
		"no reason":              {"alice", []string{"request", "debug-prod", "--ticket", "OPS-7"}, 2, "error: reason: a reason is missing; say what it is for\n"},
		"no token":               {"", []string{"templates"}, 2, "error: token: there is none; sign in with curfew login, set $CURFEW_TOKEN, or name a file with --token-file\n"},
		"a wrong token":          {"mallory", []string{"templates"}, 2, "nobody's"},
		"an own request":         {"alice", []string{"approve", active.ID}, 2, "nobody reviews access that they asked for"},
		"another's request":      {"bob", []string{"show", active.ID}, 2, "there is no request"},
		"a denial for no reason": {"carol", []string{"deny", active.ID}, 2, "error: reason:"},
		"an end of what is over": {"carol", []string{"revoke", ended.ID, "--reason", "done"}, 2, "has ended"},
		"a cancel of it":         {"alice", []string{"cancel", ended.ID}, 2, "has ended"},
		"an extension of it":     {"alice", []string{"extend", ended.ID, "--for", "30m", "--reason", "more"}, 2, "has ended"},
		"a mistyped flag":        {"alice", []string{"list", "--sate", "active"}, 2, "error: unknown flag"},
		"a mistyped verb":        {"alice", []string{"aprove", active.ID}, 2, "error: unknown command"},
		"a flag's old name":      {"alice", []string{"stuck", "takeover", "grant/x", "--because", "gone"}, 2, "error: unknown flag: --because, which is called --reason now"},
		"a verb's old name":      {"alice", []string{"stuck", "release", "grant/x", "--because", "gone"}, 2, "error: curfew stuck release has another name now; use curfew stuck takeover"},
		"a missing argument":     {"alice", []string{"show"}, 2, "error: accepts 1 arg"},
		"an output that is none": {"alice", []string{"list", "-o", "yaml"}, 2, "error: output:"},
		"a server that is none":  {"alice", []string{"list", "--server", "curfew"}, 2, "error: server:"},
		"nobody there":           {"alice", []string{"list", "--server", nobody.URL}, 3, "can't be reached"},
		"a proxy's failure":      {"alice", []string{"list", "--server", proxy.URL}, 3, "answered 502"},
		"a token file of no one": {"alice", []string{"list", "--token-file", filepath.Join(t.TempDir(), "none")}, 2, "error: token-file:"},
		"a missing config":       {"", []string{"config", "check", "--config", filepath.Join(t.TempDir(), "none.yaml")}, 2, "none.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ran := s.run(t, test.person, test.args...)
			require.Equal(t, test.code, ran.code, ran.errors)
			require.Contains(t, ran.errors, test.says)
			require.Equal(t, test.code == 0, ran.errors == "", ran.errors)
			require.NotContains(t, ran.errors, startertest.Token("alice"))
		})
	}
}

func TestAFullDiskIsAFailure(t *testing.T) {
	t.Parallel()
	s := open(t)
	var errors bytes.Buffer
	code := run(t.Context(), []string{"version"}, surroundings{
		stdout: full{}, stderr: &errors, getenv: func(string) string { return "" }, now: s.now, zone: time.UTC,
	})
	require.Equal(t, 1, code)
	require.Contains(t, errors.String(), "no space left")
}

// full takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.NewSyscallError("write", syscall.ENOSPC) }

func TestTheTokenCanComeFromAFile(t *testing.T) {
	t.Parallel()
	s := open(t)
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(startertest.Token("alice")+"\n"), 0o600))

	ran := s.run(t, "", "templates", "--token-file", file)

	require.Equal(t, 0, ran.code, ran.errors)
	require.Contains(t, ran.out, "debug-prod  1h, at most 8h  required")
}

func TestTheExampleConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	s := open(t)
	file := filepath.Join(t.TempDir(), "curfew.yaml")
	require.NoError(t, os.WriteFile(file, []byte("tempaltes: {}\n"), 0o600))

	text := s.run(t, "", "config", "check", "--config", file)
	require.Equal(t, 2, text.code)
	require.Contains(t, text.errors, file+":1:1: ")
	document := s.run(t, "", "config", "check", "--config", file, "-o", "json")
	require.Equal(t, 2, document.code)
	require.JSONEq(t, `false`, field(t, document.out, "right"))
}

func field(t *testing.T, document, name string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(document), &fields))
	return string(fields[name])
}

func TestEveryVerbHasAnExample(t *testing.T) {
	t.Parallel()
	var look func(path string, commands []*cobra.Command)
	look = func(path string, commands []*cobra.Command) {
		for _, c := range commands {
			here := path + " " + c.Name()
			look(here, c.Commands())
			if c.Runnable() && !c.HasSubCommands() && !c.Hidden {
				require.True(t, strings.HasPrefix(c.Example, "  "+here), here)
			}
		}
	}
	look("curfew", (&program{}).root().Commands())
}
