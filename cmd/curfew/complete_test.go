package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestTheShellCompletesTemplatesAndRequests(t *testing.T) {
	t.Parallel()
	s := open(t)
	open, ended := startertest.Status(contract.StatePending), startertest.Status(contract.StateEnded)
	open.Reason = "evil\x1b[2J\ttext"
	for _, status := range []contract.Status{open, ended} {
		s.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})
	}

	offered := func(args ...string) []string {
		ran := s.run(t, "alice", append([]string{"__complete"}, args...)...)
		require.Equal(t, 0, ran.code, ran.errors)
		return strings.Split(strings.TrimSpace(ran.out), "\n")
	}

	const noFiles = ":4"
	for _, verb := range []string{"request", "ensure"} {
		require.Equal(t, []string{
			"debug-prod\tLook into production",
			"look-round\tLook into production",
			"read-logs\tLook into production",
			noFiles,
		}, offered(verb, ""))
	}
	for _, verb := range []string{"show", "watch", "extend", "revoke", "cancel"} {
		require.Equal(
			t,
			[]string{open.ID + "\tpending debug-prod alice: evil\\x1b[2J\\ttext", noFiles},
			offered(verb, ""),
			verb,
		)
	}
	require.Contains(t, offered("list", "--state", ""), string(contract.StateRevoking))
	require.Contains(t, offered("alarms", "--kind", ""), string(contract.AlarmClockOff))
	require.Equal(t, []string{noFiles}, offered("approve", ""), "alice may review nothing")
	require.Equal(t, []string{noFiles}, offered("show", open.ID, ""), "there is one argument")
}

func TestTheShellCompletesNothingWithoutAServer(t *testing.T) {
	t.Parallel()
	s := open(t)
	nobody := httptest.NewServer(nil)
	nobody.Close()
	require.Equal(t, result{0, ":4\n", "Completion ended with directive: ShellCompDirectiveNoFileComp\n"},
		s.run(t, "alice", "__complete", "request", "--server", nobody.URL, ""))
}
