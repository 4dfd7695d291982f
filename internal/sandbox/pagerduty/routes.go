package pagerduty

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// requestLimit bounds the bodies that are read, in bytes.
	requestLimit = 1 << 20
	// minute is how long calls are counted together.
	minute = time.Minute
)

// reply is what is answered.
type reply struct {
	status int
	body   any
}

// failure is an error with PagerDuty's own number for it.
func failure(status, code int, message string, details ...string) reply {
	told := map[string]any{"code": code, "message": message}
	if len(details) > 0 {
		told["errors"] = details
	}
	return reply{status, map[string]any{"error": told}}
}

func notFound() reply { return failure(http.StatusNotFound, 2100, "Not Found") }

// Handler serves the REST API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /users", s.serve(s.listUsers))
	mux.Handle("GET /oncalls", s.serve(s.listTurns))
	mux.Handle("GET /services/{id}", s.serve(s.readService))
	mux.Handle("GET /users/{id}", s.serve(s.readUser))
	mux.Handle("GET /incidents/{id}", s.serve(s.onIncident(s.readIncident)))
	mux.Handle("GET /incidents/{id}/notes", s.serve(s.onIncident(s.listNotes)))
	mux.Handle("POST /incidents/{id}/notes", s.serve(s.onIncident(s.writeNote)))
	return mux
}

// serve lets those in who have the key and have not used it too often, one at a time.
func (s *Server) serve(handle func(*http.Request) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, requestLimit)
		s.mu.Lock()
		answer := s.admit(w.Header(), r)
		if answer.status == 0 {
			answer = handle(r)
		}
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(answer.status)
		_ = json.NewEncoder(w).Encode(answer.body)
	})
}

// admit returns the refusal of a request; the zero reply when there is none.
func (s *Server) admit(header http.Header, r *http.Request) reply {
	now := s.options.Now()
	header.Set("Date", now.UTC().Format(http.TimeFormat))
	if r.Header.Get("Authorization") != "Token token="+s.options.Key {
		return failure(http.StatusUnauthorized, 2006, "Authentication failed")
	}
	if now.Sub(s.minute) >= minute {
		s.minute, s.calls = now, 0
	}
	s.calls++
	header.Set("ratelimit-limit", strconv.Itoa(s.options.RateLimit))
	header.Set("ratelimit-remaining", strconv.Itoa(max(s.options.RateLimit-s.calls, 0)))
	header.Set("ratelimit-reset", strconv.Itoa(int((minute-now.Sub(s.minute)+time.Second-1)/time.Second)))
	switch {
	case s.calls > s.options.RateLimit:
		return failure(http.StatusTooManyRequests, 2020, "Rate Limit Exceeded")
	case s.options.ReadOnly && r.Method != http.MethodGet:
		return failure(http.StatusForbidden, 2010, "Access Denied")
	}
	return reply{}
}

// onIncident finds the incident that the path names.
func (s *Server) onIncident(handle func(*http.Request, *incident) reply) func(*http.Request) reply {
	return func(r *http.Request) reply {
		found, ok := s.incidents[r.PathValue("id")]
		if !ok {
			return notFound()
		}
		return handle(r, found)
	}
}

func (s *Server) readIncident(_ *http.Request, found *incident) reply {
	return reply{http.StatusOK, map[string]any{"incident": s.showIncident(found)}}
}

func (s *Server) readService(r *http.Request) reply {
	known := s.service(r.PathValue("id"))
	if known == nil {
		return notFound()
	}
	return reply{http.StatusOK, map[string]any{"service": showService(*known)}}
}

func (s *Server) readUser(r *http.Request) reply {
	for _, user := range s.options.Users {
		if user.ID == r.PathValue("id") {
			return reply{http.StatusOK, map[string]any{"user": showUser(user)}}
		}
	}
	return notFound()
}

func (s *Server) listNotes(_ *http.Request, found *incident) reply {
	notes := []map[string]any{}
	for _, note := range slices.Backward(found.notes) {
		notes = append(notes, s.showNote(note))
	}
	return reply{http.StatusOK, map[string]any{"notes": notes}}
}

func (s *Server) writeNote(r *http.Request, found *incident) reply {
	var body struct {
		Note struct {
			Content string `json:"content"`
		} `json:"note"`
	}
	author := s.author(r.Header.Get("From"))
	switch {
	case json.NewDecoder(r.Body).Decode(&body) != nil || strings.TrimSpace(body.Note.Content) == "":
		return failure(http.StatusBadRequest, 2001, "Invalid Input Provided", "Content cannot be empty.")
	case author == nil:
		return failure(http.StatusBadRequest, 1008, "Requester User Not Found")
	case strings.HasPrefix(author.Role, "read_only"):
		return failure(http.StatusForbidden, 1018, "Requester not authorized to perform action")
	case len(found.notes) >= s.options.NoteLimit:
		return failure(http.StatusBadRequest, 2019, "Product Limit Reached", "An incident takes no more notes.")
	}
	return reply{http.StatusOK, map[string]any{"note": s.showNote(s.addNote(found, author.ID, body.Note.Content))}}
}

// author is in whose name a note is written; nil for nobody.
func (s *Server) author(from string) *User {
	at := slices.IndexFunc(s.options.Users, func(u User) bool {
		return u.ID == s.options.Owner || s.options.Owner == "" && strings.EqualFold(u.Email, from)
	})
	if at < 0 {
		return nil
	}
	return &s.options.Users[at]
}
