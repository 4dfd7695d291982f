package signin

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/identity"
)

func TestManySignInsOfOnePersonEndNobodyElsesSession(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newSessions()
	s.now = func() time.Time { return now }
	of := func(person string) Session {
		return Session{Caller: identity.Caller{Person: person}, Ends: now.Add(time.Hour)}
	}
	s.keep("alice's", of("alice"))
	const crowd = 20_001
	for n := range crowd {
		s.keep(strconv.Itoa(n), of("mallory"))
	}
	session, ok := s.find("alice's")
	require.True(t, ok)
	require.Equal(t, "alice", session.Caller.Person)
	require.Len(t, s.bySecret, 1+mostSessions, "and the memory is bounded")
	_, ok = s.find(strconv.Itoa(crowd - 1))
	require.True(t, ok)
	_, ok = s.find(strconv.Itoa(crowd - 1 - mostSessions))
	require.False(t, ok, "the oldest of the same person has made room")
}

func TestASessionEndsInTimeOrWhenToldTo(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newSessions()
	s.now = func() time.Time { return now }
	keep := func(secret string) {
		s.keep(secret, Session{Caller: identity.Caller{Person: "alice"}, Ends: now.Add(time.Hour)})
	}
	keep("one")
	keep("two")
	s.end("one")
	_, ok := s.find("one")
	require.False(t, ok)
	_, ok = s.find("two")
	require.True(t, ok)
	s.end("nobody's")

	now = now.Add(time.Hour)
	_, ok = s.find("two")
	require.False(t, ok, "its time is over")
	keep("three")
	require.Len(t, s.bySecret, 1, "what is over is dropped")
	s.end("three")
	require.Empty(t, s.bySecret)
	require.Empty(t, s.of)
}
