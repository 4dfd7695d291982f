package lightrun

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The vendor's limits for one temporary access.
const (
	maxUsers    = 50
	maxPools    = 20
	maxDuration = 31 * 24 * time.Hour
)

// documentedFull is what the vendor says of a company that has no room.
const documentedFull = "Exceeded limit of temporary access instances. Remove a number of instances and try again."

// TempAccess lets users work with the agents of pools for a while.
type TempAccess struct {
	ID             string    `json:"id"`
	Name           string    `json:"name"` // unique among those that live
	UserEmails     []string  `json:"userEmails"`
	AgentPoolIDs   []string  `json:"agentPoolIds"`
	Roles          []string  `json:"roles"`
	ExpirationDate time.Time `json:"expirationDate"` // in UTC
	IncidentID     string    `json:"incidentId,omitempty"`
}

// Live returns the temporary accesses that have not expired, oldest first.
func (s *Server) Live() []TempAccess {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live()
}

// Can is true when a user may now work with the agents of a pool, by a temporary access or by a group.
func (s *Server) Can(email, pool string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.live(), func(access TempAccess) bool {
		return containsEmail(access.UserEmails, email) && slices.Contains(access.AgentPoolIDs, pool)
	}) || slices.ContainsFunc(s.groups, func(group Group) bool {
		return group.member(email) >= 0 && slices.Contains(group.AgentPoolIDs, pool)
	})
}

func (s *Server) live() []TempAccess {
	now := s.now()
	return slices.DeleteFunc(
		slices.Clone(s.accesses),
		func(access TempAccess) bool { return !access.ExpirationDate.After(now) },
	)
}

func (s *Server) listAccesses(r *http.Request, _ []byte) reply {
	return paged(s.live(), r.URL.Query(), s.noTotals)
}

func (s *Server) addAccess(_ *http.Request, body []byte) reply {
	var access TempAccess
	if err := json.Unmarshal(body, &access); err != nil {
		return refuse(http.StatusBadRequest, "Invalid input.")
	}
	access.ID, access.ExpirationDate = uuid.NewString(), access.ExpirationDate.UTC()
	if access.Name == "" {
		access.Name = s.defaultName()
	}
	if fault := s.faultOf(access); fault != "" {
		return refuse(http.StatusBadRequest, fault)
	}
	if !s.knows(access) {
		return refuse(http.StatusNotFound, "Cannot find users or agent pools.")
	}
	live := s.live()
	if slices.ContainsFunc(live, func(other TempAccess) bool { return other.Name == access.Name }) {
		return refuse(http.StatusConflict, "A temporary access session with this name already exists.")
	}
	if len(live) >= s.limit {
		return refuse(http.StatusForbidden, s.full)
	}
	s.accesses = append(s.accesses, access)
	return reply{http.StatusCreated, access}
}

func (s *Server) defaultName() string {
	return "Temp-Access-" + strings.ReplaceAll(s.now().UTC().Format("02012006-150405.000"), ".", "-")
}

func (s *Server) faultOf(access TempAccess) string {
	switch left := access.ExpirationDate.Sub(s.now()); {
	case len(access.UserEmails) == 0 || len(access.UserEmails) > maxUsers:
		return fmt.Sprintf("userEmails must name 1 to %d users.", maxUsers)
	case len(access.AgentPoolIDs) == 0 || len(access.AgentPoolIDs) > maxPools:
		return fmt.Sprintf("agentPoolIds must name 1 to %d agent pools.", maxPools)
	case len(access.Roles) == 0:
		return "roles must not be empty."
	case left <= 0:
		return "expirationDate must be in the future."
	case left > maxDuration:
		return "expirationDate must be within 31 days."
	default:
		return ""
	}
}

func (s *Server) knows(access TempAccess) bool {
	return !slices.ContainsFunc(access.UserEmails, func(email string) bool { return s.user(email) < 0 }) &&
		!slices.ContainsFunc(access.AgentPoolIDs, func(id string) bool { return s.pool(id) < 0 })
}

func (s *Server) deleteAccess(r *http.Request, _ []byte) reply {
	id := r.PathValue("id")
	if !slices.ContainsFunc(s.live(), func(access TempAccess) bool { return access.ID == id }) {
		return refuse(http.StatusNotFound, "Temporary access not found.")
	}
	s.accesses = slices.DeleteFunc(s.accesses, func(access TempAccess) bool { return access.ID == id })
	return reply{status: http.StatusNoContent}
}

func containsEmail(emails []string, email string) bool {
	return slices.ContainsFunc(emails, func(other string) bool { return strings.EqualFold(other, email) })
}
