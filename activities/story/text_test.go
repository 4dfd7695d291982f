package story_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

func TestTheMarkerIsTheLastLineOfWhatWasTold(t *testing.T) {
	t.Parallel()
	for text, marker := range map[string]string{
		"Access granted\r\n\r\ncurfew: r1/1 \r\n": "r1/1",
		"curfew: r1/1":       "r1/1",
		"curfew: r1/1\nmore": "",
		"> curfew: r1/1":     "",
		"":                   "",
	} {
		require.Equal(t, marker, story.MarkerOf(text), text)
	}
}

func TestP3WhatCouldNotBeSeenToBeGoneIsToldAsRemoved(t *testing.T) {
	t.Parallel()
	removed := time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
	c := story.Case{Event: contract.Event{Kind: contract.EventUnconfirmed}, Status: contract.Status{
		State:   contract.StateEnded,
		Outcome: contract.OutcomeUnconfirmed,
		Holds:   []contract.HoldState{{RemovedAt: &removed}},
	}}
	require.Equal(t, "Access was removed; Curfew can't confirm that it is gone", story.Headline(c))
	require.Equal(t, "removed, can't be confirmed", story.State(c))
}

func TestATextOnOneLineIsBoundedAndVisible(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a b c", story.OneLine(" a\r\n\tb  c ", 10))
	require.Equal(t, "aaaa…", story.OneLine(strings.Repeat("a", 6), 5))
	require.Equal(t, "\ufffdgnol", story.OneLine("\u202egnol", 10))
	require.Equal(t, "😀", story.Cut("😀😀", 3), "a character is not cut in two")
}
