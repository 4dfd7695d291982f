// Package servicenow is a stand-in of a ServiceNow instance, as its Table API shows it: incidents, the journal of their
// work notes, and users, kept in memory. It answers as the vendor's documents and users' reports say that ServiceNow
// does, also where ServiceNow is peculiar: what a query does not understand, a caller may not see or may not write is
// left out without a word.
package servicenow

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Account is a user who can sign in, with a name and password or through an OAuth client.
type Account struct {
	ID       string // the user's sys_id
	Name     string // the user_name
	Password string
	// ClientID and ClientSecret are those of the OAuth client that acts as the user.
	ClientID     string
	ClientSecret string
	// Hidden lists tables of which the user sees no record.
	Hidden []string
	// Unasked lists fields that the user's queries can't go by; conditions on them are passed over.
	Unasked []string
	// ReadOnly lists fields that the user can't write.
	ReadOnly []string
}

// Options say how the stand-in behaves.
type Options struct {
	Accounts []Account
	// TokenLife is how long an OAuth token is good; 0 means half an hour.
	TokenLife time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Incident is what is known of an incident when it is added.
type Incident struct {
	Number   string // INC0010007
	State    string // 1 New, 2 In Progress, 3 On Hold, 6 Resolved, 7 Closed, 8 Canceled
	Title    string
	Service  string // sys_id of the business service
	Item     string // sys_id of the configuration item
	Assigned string // sys_id of the user
	Urgency  string
	Priority string
}

// Note is one work note of an incident.
type Note struct {
	Author string // the user_name
	Text   string
}

// record is one row of a table. All values are text, as the Table API has them.
type record map[string]string

// Server is one instance. It is safe for concurrent use.
type Server struct {
	options Options

	mu     sync.Mutex
	tables map[string][]record
	tokens map[string]token
	lastID int
}

// The tables of the stand-in.
const (
	incidents = "incident"
	journal   = "sys_journal_field"
	users     = "sys_user"
)

// New returns an instance without incidents. As on every instance somebody has written into the journal before.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	options.TokenLife = cmp.Or(options.TokenLife, 30*time.Minute)
	s := &Server{options: options, tables: map[string][]record{incidents: nil}, tokens: map[string]token{}}
	for _, account := range options.Accounts {
		s.tables[users] = append(
			s.tables[users],
			record{"sys_id": account.ID, "user_name": account.Name, "name": account.Name},
		)
	}
	s.tables[users] = append(
		s.tables[users],
		record{"sys_id": s.newID(), "user_name": "admin", "name": "System Administrator"},
	)
	s.addNote("admin", s.newID(), "The printer is warm again.")
	return s
}

// AddIncident adds an incident and returns its sys_id.
func (s *Server) AddIncident(i Incident) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.newID()
	s.tables[incidents] = append(s.tables[incidents], record{
		"sys_id": id, "number": i.Number, "state": i.State, "active": active(i.State),
		"opened_at": s.options.Now().UTC().Format(time.DateTime), "short_description": i.Title,
		"business_service": i.Service, "cmdb_ci": i.Item, "assigned_to": i.Assigned,
		"urgency": i.Urgency, "priority": i.Priority, "work_notes": "", "comments": "",
	})
	return id
}

// Set changes a field of an incident.
func (s *Server) Set(number, field, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.incident(number)
	if err != nil {
		return err
	}
	found[field] = value
	if field == "state" {
		found["active"] = active(value)
	}
	return nil
}

// Notes returns an incident's work notes, oldest first.
func (s *Server) Notes(number string) []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.incident(number)
	if err != nil {
		return nil
	}
	var notes []Note
	for _, entry := range s.tables[journal] {
		if entry["element_id"] == found["sys_id"] && entry["element"] == "work_notes" {
			notes = append(notes, Note{Author: entry["sys_created_by"], Text: entry["value"]})
		}
	}
	return notes
}

// NoteAs writes a work note in the name of a user, who need not be one that can sign in.
func (s *Server) NoteAs(name, number, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.incident(number)
	if err == nil {
		s.addNote(name, found["sys_id"], text)
	}
	return err
}

func (s *Server) addNote(by, on, text string) {
	s.tables[journal] = append(s.tables[journal], record{
		"sys_id":         s.newID(),
		"name":           incidents,
		"element":        "work_notes",
		"element_id":     on,
		"value":          text,
		"sys_created_by": by,
		"sys_created_on": s.options.Now().UTC().Format(time.DateTime),
	})
}

func (s *Server) incident(number string) (record, error) {
	at := slices.IndexFunc(s.tables[incidents], func(r record) bool { return r["number"] == number })
	if at < 0 {
		return nil, fmt.Errorf("there is no incident %s", number)
	}
	return s.tables[incidents][at], nil
}

// active is false of what is closed or canceled; what is resolved can be opened again.
func active(state string) string {
	if state == "7" || state == "8" {
		return "false"
	}
	return "true"
}

func (s *Server) newID() string {
	s.lastID++
	return fmt.Sprintf("%032x", s.lastID)
}
