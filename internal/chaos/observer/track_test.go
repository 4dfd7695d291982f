package observer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/chaos/judge"
)

func TestLooksBecomePresencesWhoseEdgesAreThoseOfTheLooks(t *testing.T) {
	t.Parallel()
	zero := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	a, b := judge.Key{Account: "a"}, judge.Key{Account: "b"}
	track := newTrack()
	track.see(at(0), at(50), []judge.Key{b})
	track.see(at(200), at(250), []judge.Key{a, b})
	track.see(at(400), at(450), []judge.Key{a, b})
	track.see(at(600), at(650), []judge.Key{b})
	track.see(at(800), at(850), []judge.Key{a, b})
	require.Equal(t, []judge.Presence{
		{Key: b, From: at(50), To: at(800)},
		{Key: a, AbsentAt: at(0), From: at(250), To: at(400), Missed: at(600), GoneAt: at(650)},
		{Key: a, AbsentAt: at(600), From: at(850), To: at(800)},
	}, track.presences())
	require.ElementsMatch(t, []judge.Key{a, b}, track.present())
}
