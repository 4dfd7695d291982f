package contract_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"pgregory.net/rapid"

	"curfew/workflows/contract"
)

func TestAnAccessKeepsItsGrantOverTheWire(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		role := rapid.String().Draw(t, "role")
		entitlement, err := json.Marshal(map[string]string{"role": role})
		require.NoError(t, err)
		sent := contract.Access{
			Target:      "db",
			Entitlement: entitlement,
			Person:      "alice",
			Account:     rapid.StringMatching(`[a-z<>&"]{1,20}`).Draw(t, "account"),
		}
		payload, err := converter.GetDefaultDataConverter().ToPayload(sent)
		require.NoError(t, err)
		var got contract.Access
		require.NoError(t, converter.GetDefaultDataConverter().FromPayload(payload, &got))
		require.Equal(t, sent.GrantID(), got.GrantID())
	})
}

func TestUnescapedEntitlementsKeepTheirGrantOverTheWire(t *testing.T) {
	t.Parallel()
	sent := contract.Access{Target: "db", Entitlement: json.RawMessage(`{"role":"a<b&c>"}`)}
	payload, err := converter.GetDefaultDataConverter().ToPayload(sent)
	require.NoError(t, err)
	var got contract.Access
	require.NoError(t, converter.GetDefaultDataConverter().FromPayload(payload, &got))
	require.Equal(t, sent.Digest(), got.Digest())
}

func TestDifferentAccessesHaveDifferentGrants(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, a := range []contract.Access{
		{Target: "ab", Entitlement: json.RawMessage(`1`), Account: "c"},
		{Target: "a", Entitlement: json.RawMessage(`1`), Account: "bc"},
		{Target: "ab", Entitlement: json.RawMessage(`12`), Account: "c"},
		{Target: "ab", Entitlement: json.RawMessage(`1`), Account: "2c"},
		{Target: "ab", Entitlement: json.RawMessage(`1`), Account: "c", Person: "p"},
	} {
		require.False(t, seen[a.GrantID()])
		seen[a.GrantID()] = true
	}
}

func TestDurationsAreWrittenAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	for text, d := range map[string]time.Duration{
		"2h": 2 * time.Hour, "30m": 30 * time.Minute, "1m30s": 90 * time.Second, "1h0m1s": time.Hour + time.Second, "0s": 0, "-1h": -time.Hour,
		"10m": 10 * time.Minute, "100h": 100 * time.Hour, "1.5s": 1500 * time.Millisecond,
	} {
		written, err := json.Marshal(contract.Duration{Duration: d})
		require.NoError(t, err)
		require.Equal(t, `"`+text+`"`, string(written))
		var read contract.Duration
		require.NoError(t, json.Unmarshal(written, &read))
		require.Equal(t, d, read.Duration)
	}
	var d contract.Duration
	require.ErrorContains(t, json.Unmarshal([]byte(`"soon"`), &d), "write it like")
	require.ErrorContains(t, json.Unmarshal([]byte(`3600`), &d), "write it like")
}

func TestARevokeSignalIsReadWhateverItHolds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]contract.RevokeSignal{
		`{"by":"pd","reason":"resolved"}`: {By: "pd", Reason: "resolved"},
		`"resolved"`:                      {Reason: "resolved"},
		`null`:                            {},
		`{"by":7,"reason":["x"]}`:         {By: "7", Reason: "[x]"},
		`[1,2]`:                           {Reason: "[1 2]"},
	} {
		var got contract.RevokeSignal
		require.NoError(t, json.Unmarshal([]byte(text), &got))
		require.Equal(t, want, got, text)
	}
}

func TestAProblemCrossesTemporalWhole(t *testing.T) {
	t.Parallel()
	problem := contract.Invalid("%s is over the maximum", "9h").At("duration").Advise("ask for 8h or less")
	problem.RetryAfter.Duration = time.Minute
	got, ok := contract.ProblemOf(fmt.Errorf("wrapped: %w", problem.Application()))
	require.True(t, ok)
	require.Equal(t, problem, got)
	require.Equal(t, "duration: 9h is over the maximum; ask for 8h or less", got.Error())
	_, ok = contract.ProblemOf(errors.New("none"))
	require.False(t, ok)
}

func TestLeasesEndWithTheLast(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return time.Date(2026, 1, 1, h, 0, 0, 0, time.UTC) }
	var leases contract.Leases
	require.True(t, leases.End().IsZero())
	leases = leases.With(contract.Lease{Request: "a", Until: at(1), KeepSessions: true}).
		With(contract.Lease{Request: "b", Until: at(3)})
	require.Equal(t, at(3), leases.End())
	require.False(t, leases.KeepSessions(), "one that does not keep them is enough")
	require.Equal(t, at(2), leases.With(contract.Lease{Request: "b", Until: at(2)}).End(), "a request has one lease")
	require.Len(t, leases, 2, "what is derived does not change what it was derived from")
	require.True(t, leases.Without("b").KeepSessions())
	require.Empty(t, leases.Live(at(3)))
}

func TestATextWithoutAnythingToSeeIsBlank(t *testing.T) {
	t.Parallel()
	for _, blank := range []string{"", " ", "\n\t\u00a0", "\u200b", "\u200d\u2060\ufeff", "\u2800", "\u3164", "\u115f\u1160\uffa0", "\u034f", "\ufe0f", "\u202e", "\u00ad", "\U000e0020", "\u0301\u0302", "\U0001d159", "\U00013441\U00013442", "\ufffc"} {
		require.True(t, contract.IsBlank(blank), "%q", blank)
	}
	for _, seen := range []string{"a", " \u200b.", "7", "-", "\u00e9", "\u2026", "\U0001f525", "\u6545\u969c"} {
		require.False(t, contract.IsBlank(seen), "%q", seen)
	}
}

func TestWhoeverAsksForALengthOfTimeAsksForMoreThanNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"": 0, "30m": 30 * time.Minute, "1h30m": 90 * time.Minute, "-1h": -time.Hour} {
		asked, err := contract.AskedDuration(text)
		require.NoError(t, err)
		require.Equal(t, want, asked.Duration)
	}
	for text, says := range map[string]string{"0": "zero is no time", "0s": "zero is no time", "-0h": "zero is no time", "soon": "is not a duration", "7": "is not a duration"} {
		_, err := contract.AskedDuration(text)
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok, text)
		require.Equal(t, "duration", problem.Field)
		require.Contains(t, problem.Fault, says)
	}
}
