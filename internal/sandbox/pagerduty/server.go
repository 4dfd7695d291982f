// Package pagerduty is a stand-in of PagerDuty: the part of its REST API that Curfew uses, kept in memory, and the
// webhooks that changes of an incident cause.
package pagerduty

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// User is somebody who can be on call and answer to incidents.
type User struct {
	ID    string // like PXPGF42
	Name  string
	Email string
	Role  string // like "read_only_user"; "user" when empty
}

// Service is what incidents are about.
type Service struct {
	ID     string
	Name   string
	Policy string // the id of its escalation policy
}

// Turn is a user's turn on an escalation policy.
type Turn struct {
	Policy string
	Level  int // from 1
	User   string
	// From and Until bound the turn; it has always been when From is zero, and never ends when Until is.
	From, Until time.Time
}

// Note is one note of an incident's log.
type Note struct {
	ID      string
	Author  string // the user's id
	Content string
	At      time.Time
}

// Options say how the account is set up.
type Options struct {
	Key      string // the one API key that is good
	ReadOnly bool   // the key may change nothing
	// Owner is the id of the user whose own key it is: it writes in their name, whatever the header says. Empty for a
	// key of the account, which writes in the name of the user that the header names.
	Owner    string
	Users    []User
	Services []Service
	Turns    []Turn
	// Secrets sign webhooks, each of them; while they are changed over there are two.
	Secrets []string
	// NoteLimit is how many notes an incident takes; 0 means PagerDuty's 2000.
	NoteLimit int
	// RateLimit is how many calls a key may make in a minute; 0 means PagerDuty's 960.
	RateLimit int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server is one account at PagerDuty. It is safe for concurrent use.
type Server struct {
	options Options

	mu        sync.Mutex
	incidents map[string]*incident
	lastID    int
	minute    time.Time // when the present minute of the rate limit began
	calls     int       // in it
}

// New returns an account without incidents.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	options.NoteLimit = cmp.Or(options.NoteLimit, 2000)
	options.RateLimit = cmp.Or(options.RateLimit, 960)
	return &Server{options: options, incidents: map[string]*incident{}}
}

// SetTurns says who is on call from now on.
func (s *Server) SetTurns(turns ...Turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Turns = turns
}

// Notes are an incident's notes, oldest first; nil when there is no such incident.
func (s *Server) Notes(id string) []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.incidents[id]; ok {
		return slices.Clone(found.notes)
	}
	return nil
}

// NoteAs writes a note in a user's name.
func (s *Server) NoteAs(user, id, content string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.incidents[id]
	if !ok {
		return fmt.Errorf("note: no incident %s", id)
	}
	s.addNote(found, user, content)
	return nil
}

func (s *Server) addNote(to *incident, author, content string) Note {
	added := Note{ID: s.newID(), Author: author, Content: content, At: s.options.Now()}
	to.notes = append(to.notes, added)
	return added
}

// user finds a user by id; others than those of the account have the id for a name.
func (s *Server) user(id string) User {
	at := slices.IndexFunc(s.options.Users, func(u User) bool { return u.ID == id })
	if at < 0 {
		return User{ID: id, Name: id}
	}
	return s.options.Users[at]
}

// service finds a service by id; nil when there is none.
func (s *Server) service(id string) *Service {
	at := slices.IndexFunc(s.options.Services, func(service Service) bool { return service.ID == id })
	if at < 0 {
		return nil
	}
	return &s.options.Services[at]
}

func (s *Server) newID() string {
	s.lastID++
	return fmt.Sprintf("Q%013d", s.lastID)
}

// spell writes a time as PagerDuty does.
func spell(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }
