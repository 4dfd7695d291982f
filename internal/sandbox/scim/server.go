// Package scim stands in for a SCIM 2.0 service that does not show what it holds: its groups list no members, and one
// is found by a member in some way, or in none. It has one group.
package scim

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"curfew/internal/sandbox"
)

// The one group.
const (
	GroupID   = "9067-gggg"
	GroupName = "Prod Admins"
)

// Options is what the service has, and how much of it it shows.
type Options struct {
	Token   string
	Users   map[string]string // userNames by their ids
	Members []string          // ids
	// FilterBy is the attribute by which the group is found by a member: members, members.value; empty when it is not.
	FilterBy string
}

// Server is the service. It is safe for concurrent use.
type Server struct {
	options Options

	mu      sync.Mutex
	members []string
}

// New makes a service.
func New(options Options) *Server {
	return &Server{options: options, members: slices.Clone(options.Members)}
}

// Members are the ids of those who are in the group, whatever the service shows.
func (s *Server) Members() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.members))
}

// Handler serves the API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /Users", s.users)
	mux.HandleFunc("GET /Users/{id}", s.user)
	mux.HandleFunc("GET /Groups", s.groups)
	mux.HandleFunc("GET /Groups/{id}", s.group)
	mux.HandleFunc("PATCH /Groups/{id}", s.change)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+s.options.Token {
			refuse(w, http.StatusUnauthorized, "")
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if sandbox.Lies(r) {
			defer s.restore(slices.Clone(s.members))
		}
		mux.ServeHTTP(w, r)
	})
}

func (s *Server) restore(members []string) { s.members = members }

func (s *Server) users(w http.ResponseWriter, r *http.Request) {
	name, filtered := strings.CutPrefix(r.URL.Query().Get("filter"), "userName eq ")
	found := []any{}
	for id, userName := range s.options.Users {
		if !filtered || strings.EqualFold(userName, strings.Trim(name, `"`)) {
			found = append(found, map[string]string{"id": id, "userName": userName})
		}
	}
	list(w, found)
}

func (s *Server) user(w http.ResponseWriter, r *http.Request) {
	name, known := s.options.Users[r.PathValue("id")]
	if !known {
		refuse(w, http.StatusNotFound, "")
		return
	}
	reply(w, map[string]string{"id": r.PathValue("id"), "userName": name})
}

func (s *Server) groups(w http.ResponseWriter, r *http.Request) {
	filter := r.URL.Query().Get("filter")
	if filter == "" {
		list(w, []any{shown()})
		return
	}
	member, understood := strings.CutPrefix(filter, `id eq "`+GroupID+`" and `+s.options.FilterBy+" eq ")
	switch {
	case s.options.FilterBy == "" || !understood:
		refuse(w, http.StatusBadRequest, "invalidFilter")
	case slices.Contains(s.members, strings.Trim(member, `"`)):
		list(w, []any{shown()})
	default:
		list(w, []any{})
	}
}

func (s *Server) group(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != GroupID {
		refuse(w, http.StatusNotFound, "")
		return
	}
	reply(w, shown())
}

// shown is the group as the service shows it.
func shown() map[string]any {
	return map[string]any{"id": GroupID, "displayName": GroupName, "members": []string{}}
}

var removal = regexp.MustCompile(`^members\[value eq "(.*)"\]$`)

func (s *Server) change(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Operations []struct {
			Op, Path string
			Value    []struct{ Value string }
		}
	}
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&asked) != nil {
		refuse(w, http.StatusBadRequest, "invalidSyntax")
		return
	}
	for _, one := range asked.Operations {
		path := removal.FindStringSubmatch(one.Path)
		switch {
		case one.Op == "add" && one.Path == "members":
			for _, member := range one.Value {
				s.members = append(s.members, member.Value)
			}
		case one.Op == "remove" && path != nil:
			s.members = slices.DeleteFunc(s.members, func(id string) bool { return id == path[1] })
		default:
			refuse(w, http.StatusBadRequest, "invalidPath")
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func list(w http.ResponseWriter, found []any) {
	reply(w, map[string]any{"totalResults": len(found), "Resources": found})
}

func reply(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/scim+json")
	_ = json.NewEncoder(w).Encode(content) // the caller may have gone: nobody is left to be told
}

func refuse(w http.ResponseWriter, status int, scimType string) {
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "scimType": scimType, "detail": "refused",
	})
}
