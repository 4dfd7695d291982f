package signin

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// mostSessions is how many sessions one person has. A sign-in more ends that person's oldest, and nobody else's.
const mostSessions = 20

// sessions are those of everybody who has signed in, by their secrets, of which only hashes are kept. There are no more
// than mostSessions for each person of the directory.
type sessions struct {
	now func() time.Time

	mu       sync.Mutex
	bySecret map[secretHash]Session
	of       map[string][]secretHash // by person, the oldest first
}

type secretHash [sha256.Size]byte

func newSessions() *sessions {
	return &sessions{now: time.Now, bySecret: map[secretHash]Session{}, of: map[string][]secretHash{}}
}

// keep holds a session until it ends.
func (s *sessions) keep(secret string, session Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	person := session.Caller.Person
	for _, old := range slices.Clone(s.of[person]) {
		if len(s.of[person]) >= mostSessions || !s.now().Before(s.bySecret[old].Ends) {
			s.drop(old)
		}
	}
	hash := secretHash(sha256.Sum256([]byte(secret)))
	s.bySecret[hash] = session
	s.of[person] = append(s.of[person], hash)
}

// find returns the session of a secret.
func (s *sessions) find(secret string) (session Session, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok = s.bySecret[sha256.Sum256([]byte(secret))]
	if !ok || !s.now().Before(session.Ends) {
		return Session{}, false
	}
	return session, true
}

// end ends the session of a secret.
func (s *sessions) end(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(sha256.Sum256([]byte(secret)))
}

func (s *sessions) drop(hash secretHash) {
	session, known := s.bySecret[hash]
	if !known {
		return
	}
	person := session.Caller.Person
	delete(s.bySecret, hash)
	s.of[person] = slices.DeleteFunc(s.of[person], func(other secretHash) bool { return other == hash })
	if len(s.of[person]) == 0 {
		delete(s.of, person)
	}
}
