// Package jira is a stand-in of Jira's REST API v2, as Cloud and as Data Center: issues with their comments, remote
// links, properties and transitions, kept in memory. It answers as the vendor's documents and users' reports say that
// Jira does, also where Jira is peculiar.
package jira

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Deployment is which of the two Jiras it stands for.
type Deployment string

// The deployments, as they are written in Curfew's configuration.
const (
	Cloud      Deployment = "cloud"
	DataCenter Deployment = "datacenter"
)

// Account is somebody who can sign in.
type Account struct {
	ID    string // Cloud: the accountId; Data Center: the user's key
	Name  string // Cloud: the displayed name; Data Center: the user's name
	Email string // Cloud: signs in with it and the token
	Token string // Cloud: API token; Data Center: personal access token
	// Lacks lists permissions that the account does not have, like "ADD_COMMENTS".
	Lacks []string
}

// Options say how the stand-in behaves.
type Options struct {
	Deployment Deployment
	// ContextPath is the path that a Data Center is mounted below ("/jira"); usually empty.
	ContextPath string
	Accounts    []Account
	// CommentLimit is how many comments an issue takes; 0 means Cloud's 5000.
	CommentLimit int
	// Public answers those who fail to sign in as it does everybody, that is: private issues are not found. A public
	// Cloud site does so even to an expired token.
	Public bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server is one Jira site. It is safe for concurrent use.
type Server struct {
	options Options

	mu           sync.Mutex
	issues       map[string]*issue
	former       map[string]*issue // by the keys that issues had before they were moved to another project
	translations map[string]string // of statuses
	lastID       int
}

// New returns a site without issues.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	options.CommentLimit = cmp.Or(options.CommentLimit, 5000)
	return &Server{
		options:      options,
		issues:       map[string]*issue{},
		former:       map[string]*issue{},
		translations: map[string]string{},
		lastID:       10000,
	}
}

// AddIssue adds an issue with a status like "To Do", "In Progress" or "Done". An issue of the same key is replaced.
func (s *Server) AddIssue(key, summary, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addIssue(key, summary, status)
}

// Issue is what an issue says of itself.
type Issue struct {
	ID      int64
	Key     string
	Summary string
	Text    string
	Labels  []string
}

// Issues returns the issues of a project, oldest first.
func (s *Server) Issues(project string) []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Issue
	for key, i := range s.issues {
		if strings.HasPrefix(key, project+"-") {
			all = append(
				all,
				Issue{ID: int64(i.id), Key: key, Summary: i.summary, Text: i.text, Labels: slices.Clone(i.labels)},
			)
		}
	}
	slices.SortFunc(all, func(a, b Issue) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// LabelAs gives an issue a label, and an account for its creator.
func (s *Server) LabelAs(account, key, label string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.issues[key]
	if !ok {
		return fmt.Errorf("label: no issue %s", key)
	}
	found.labels, found.creator = append(found.labels, label), account
	return nil
}

// Comments returns an issue's comments, oldest first; nil when there is no such issue.
func (s *Server) Comments(key string) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.issues[key]; ok {
		return slices.Clone(found.comments)
	}
	return nil
}

// Links returns an issue's remote links, oldest first; nil when there is no such issue.
func (s *Server) Links(key string) []RemoteLink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.issues[key]; ok {
		return slices.Clone(found.links)
	}
	return nil
}

// Transition moves an issue to a status, whatever its present one.
func (s *Server) Transition(key, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.issues[key]
	if !ok {
		return fmt.Errorf("transition: no issue %s", key)
	}
	found.status = status
	return nil
}

// CommentAs writes a comment in the name of an account, which need not be one that can sign in.
func (s *Server) CommentAs(account, key, body string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.issues[key]
	if !ok {
		return fmt.Errorf("comment: no issue %s", key)
	}
	s.addComment(found, s.accountOf(account), body)
	return nil
}

// accountOf finds an account by its id; others than those who can sign in have the id for a name.
func (s *Server) accountOf(id string) Account {
	at := slices.IndexFunc(s.options.Accounts, func(a Account) bool { return a.ID == id })
	if at < 0 {
		return Account{ID: id, Name: id}
	}
	return s.options.Accounts[at]
}

func (s *Server) newID() int {
	s.lastID++
	return s.lastID
}

// now is the present in Jira's spelling, whose offset has no colon.
func (s *Server) now() string { return s.options.Now().Format("2006-01-02T15:04:05.000-0700") }
