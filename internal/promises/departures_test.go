package promises

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/departure"
	"curfew/internal/sandbox/lightrun"
	"curfew/starter"
	"curfew/workflows/contract"
)

// endDepartures runs what a server does beside its API.
func (h *house) endDepartures() {
	h.t.Helper()
	ctx, stop := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.starter.EndDepartures(ctx)
	}()
	h.t.Cleanup(func() {
		stop()
		<-done
	})
}

// edit changes the configuration, which servers and workers read again.
func (h *house) edit(old, young string) {
	h.t.Helper()
	file := filepath.Join(h.dir, "curfew.yaml")
	text, err := os.ReadFile(file)
	require.NoError(h.t, err)
	require.Contains(h.t, string(text), old)
	require.NoError(h.t, os.WriteFile(file, []byte(strings.Replace(string(text), old, young, 1)), 0o600))
	_, err = h.live.Reload()
	require.NoError(h.t, err)
}

// entry is the line of the directory about somebody.
func (h *house) entry(person string) string {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.dir, "curfew.yaml"))
	require.NoError(h.t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "  "+person+": {name:") {
			return line
		}
	}
	require.Fail(h.t, "nobody of that name is in the directory", person)
	return ""
}

func (h *house) alarmsOf(kind contract.AlarmKind) []contract.Alarm {
	h.t.Helper()
	found, err := h.ledger.List(h.t.Context(), ledger.AlarmFilter{Kind: kind})
	require.NoError(h.t, err)
	return found
}

func (h *house) awaitAlarms(kind contract.AlarmKind, count int) []contract.Alarm {
	h.t.Helper()
	require.Eventually(
		h.t,
		func() bool { return len(h.alarmsOf(kind)) >= count },
		patience,
		50*time.Millisecond,
		"the alarm %s is not raised",
		kind,
	)
	return h.alarmsOf(kind)
}

func TestP2WhoeverHasLeftLosesAllAccessAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	live := h.active(alice, "debug", time.Hour)
	waits := h.ask(alice, "debug", 2*time.Hour)
	others := h.active(carol, "orders", time.Hour)
	h.endDepartures()
	h.edit("alice: {name: Alice,", "alice: {name: Alice, left: true,")

	ended := h.ended(live.ID)
	require.Equal(t, contract.OutcomeRevoked, ended.Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	require.Equal(t, contract.OutcomeWithdrawn, h.ended(waits.ID).Outcome)
	require.Contains(t, h.headlines(live.ID), "Access was ended early by a change of the directory")
	alarm := h.alarm(contract.AlarmEnded)
	require.ElementsMatch(t, []string{live.ID, waits.ID}, alarm.Requests)
	require.Contains(t, alarm.Text, "Alice (alice) has left.")
	require.Equal(t, contract.ActorDirectory, alarm.Actor)
	require.Empty(t, h.alarmsOf(contract.AlarmLeaving), "there is no delay")

	_, err := h.starter.Current().Start(
		t.Context(),
		starter.Ask{
			Template:  "debug",
			Requester: alice,
			Purpose:   contract.Purpose{Reason: "one more", Ticket: key},
			Source:    "test",
		},
	)
	require.ErrorContains(t, err, "not in the directory")
	_, err = h.starter.Current().Start(
		t.Context(),
		starter.Ask{
			Template:  "debug",
			Requester: carol,
			Subject:   alice,
			Purpose:   contract.Purpose{Reason: "for her", Ticket: key},
			Source:    "test",
		},
	)
	require.Error(t, err)
	h.await(others.ID, contract.StateActive)
}

func TestP2WhoeverIsMissedLosesTheirAccessAfterADelayWithAnAlarmBefore(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps("departures: {after: 3s}"))
	h.work()
	live := h.active(alice, "debug", time.Hour)
	h.endDepartures()
	h.edit(h.entry(alice), "")
	h.ended(live.ID)
	require.False(t, h.canDebug("alice@example.org"))
	alarm := h.alarm(contract.AlarmLeaving)
	require.Equal(t, []string{live.ID}, alarm.Requests)
	require.Contains(t, alarm.Text, "alice is not in the directory any more. Their access ends 3s after ")
	missed, err := strconv.ParseInt(alarm.ID[strings.LastIndex(alarm.ID, "/")+1:], 10, 64)
	require.NoError(t, err)
	tombstone, err := h.ledger.TombstoneOf(t.Context(), live.ID)
	require.NoError(t, err)
	require.Equal(t, contract.EndLeft, tombstone.Kind)
	require.GreaterOrEqual(t, tombstone.At.Sub(time.Unix(0, missed)), 3*time.Second)
}

func TestWhoeverIsBackBeforeTheDelayIsOverKeepsTheirAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps("departures: {after: 1h}"))
	h.work()
	live := h.active(alice, "debug", time.Hour)
	h.endDepartures()
	entry := h.entry(alice)
	h.edit(entry, "")
	h.awaitAlarms(contract.AlarmLeaving, 1)
	missed := time.Now()
	h.edit("  bob: {name: Bob}\n", entry+"  bob: {name: Bob}\n")
	require.Eventually(t, func() bool { // the server has seen it: whoever misses her now begins anew
		absent, err := h.ledger.Absent(
			t.Context(),
			ledger.Observation{Observer: "a test", Absent: []string{alice}, Lapse: time.Hour},
		)
		_, gone := h.ledger.Absent(t.Context(), ledger.Observation{Observer: "a test", Lapse: time.Hour})
		return err == nil && gone == nil && absent[alice].Since.After(missed)
	}, patience, 50*time.Millisecond)
	h.edit(entry, "")
	require.Len(t, h.awaitAlarms(contract.AlarmLeaving, 2), 2, "the delay begins anew")
	require.Equal(t, contract.StateActive, h.await(live.ID, contract.StateActive).State)
	require.True(t, h.canDebug("alice@example.org"))
	require.Empty(t, h.alarmsOf(contract.AlarmEnded))
}

func TestP2AnAccountThatIsChangedLosesTheAccessThatItWasGranted(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps("departures: {after: 1s}"))
	h.work()
	live := h.active(alice, "debug", time.Hour)
	elsewhere := h.active(alice, "orders", time.Hour)
	h.endDepartures()
	h.edit("lightrun-prod: alice@example.org", "lightrun-prod: alice.new@example.org")
	h.ended(live.ID)
	require.False(t, h.canDebug("alice@example.org"), "the account that was granted, not the one of today")
	alarm := h.alarm(contract.AlarmLeaving)
	require.Contains(
		t,
		alarm.Text,
		"Alice (alice) does not have the account alice@example.org on lightrun-prod any more.",
	)
	h.await(elsewhere.ID, contract.StateActive)
}

// staffed has five more people, who hold access to the debugger.
func staffed(h *house) {
	var entries strings.Builder
	for n := range 5 {
		fmt.Fprintf(&entries, "  p%d: {name: P%d, accounts: {lightrun-prod: p%d@example.org}}\n", n, n, n)
		h.engineers = append(h.engineers, lightrun.User{Email: fmt.Sprintf("p%d@example.org", n)})
	}
	h.people, h.upkeep = entries.String(), "departures: {after: 1s}"
}

func TestAMistakeInTheDirectoryEndsNothingUntilItIsConfirmed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, staffed)
	h.work()
	var live []string
	for n := range 5 {
		live = append(live, h.active(fmt.Sprint("p", n), "debug", time.Hour).ID)
	}
	h.endDepartures()
	h.endDepartures() // of another server
	file := filepath.Join(h.dir, "curfew.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	cut := string(text)
	for n := range 4 {
		cut = strings.Replace(cut, h.entry(fmt.Sprint("p", n)), "", 1)
	}
	require.NoError(t, os.WriteFile(file, []byte(cut), 0o600))
	_, err = h.live.Reload()
	require.NoError(t, err)

	stopped := h.awaitAlarms(contract.AlarmLeavingStopped, 1)
	require.Len(t, stopped, 1)
	require.ElementsMatch(t, live[:4], stopped[0].Requests)
	require.Contains(t, stopped[0].Text, "of 4 people would end, and that of 3 may")
	digest := departure.Of(h.live.Current()).Digest()
	require.Contains(t, stopped[0].Text, "curfew config confirm "+digest)
	h.nothingEnds(live)
	_, err = h.starter.Current().Revoke(t.Context(), erin, live[0], "it was forgotten")
	require.NoError(t, err)
	h.nothingEnds(live[1:]) // the mistake does not become small by what has ended otherwise

	_, err = h.starter.Current().ConfirmDirectory(t.Context(), dave, digest)
	require.Error(t, err, "dave is no operator")
	_, err = h.starter.Current().ConfirmDirectory(t.Context(), erin, strings.Repeat("0", 64))
	require.ErrorContains(t, err, digest)
	ends, err := h.starter.Current().ConfirmDirectory(t.Context(), erin, digest)
	require.NoError(t, err)
	require.Len(t, ends, 3)
	for _, id := range live[:4] {
		h.ended(id)
	}
	require.Equal(t, erin, h.alarm(contract.AlarmLeavingConfirmed).Actor)
	require.Len(t, h.alarmsOf(contract.AlarmEnded), 1, "one server ends it")
	h.await(live[4], contract.StateActive)

	// The same directory, by another mistake, needs another confirmation.
	require.NoError(t, os.WriteFile(file, text, 0o600))
	_, err = h.live.Reload()
	require.NoError(t, err)
	again := []string{live[4]}
	for n := range 4 {
		again = append(again, h.active(fmt.Sprint("p", n), "debug", time.Hour).ID)
	}
	require.NoError(t, os.WriteFile(file, []byte(cut), 0o600))
	_, err = h.live.Reload()
	require.NoError(t, err)
	h.awaitAlarms(contract.AlarmLeavingStopped, 2)
	h.nothingEnds(again)
}

// nothingEnds watches for longer than missed people are waited for, and than servers take to compare again.
func (h *house) nothingEnds(ids []string) {
	h.t.Helper()
	require.Never(h.t, func() bool {
		for _, id := range ids {
			if _, err := h.ledger.TombstoneOf(h.t.Context(), id); !errors.Is(err, ledger.ErrNotFound) {
				return true
			}
		}
		return false
	}, 8*time.Second, 100*time.Millisecond, "nothing ends")
}
