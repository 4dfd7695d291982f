package lightrun

import (
	"net/http"
	"slices"
	"strings"
)

// User is a person in Lightrun.
type User struct {
	ID        string   `json:"id"`
	Email     string   `json:"email"`
	FirstName string   `json:"firstName"`
	LastName  string   `json:"lastName"`
	Roles     []string `json:"roles,omitempty"` // company roles, like DEVELOPER
	// ManagementType is who manages the user: SYSTEM, LDAP, SAML_JIT or SCIM.
	ManagementType string `json:"userManagementType,omitempty"`
}

// managed is true when the groups of a user are an identity provider's matter. The vendor does not document what it
// answers to a change of them; here it is refused, member by member.
func (u User) managed() bool { return u.ManagementType == "SCIM" }

// AgentPool is a set of agents that users work with.
type AgentPool struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// userView is a user with what the groups give.
type userView struct {
	User
	Memberships []membership     `json:"groupMemberships"`
	Permissions []poolPermission `json:"agentPoolPermissions"`
}

type membership struct {
	Email   string `json:"email"`
	GroupID string `json:"groupId"`
	Admin   bool   `json:"groupAdmin"`
}

type poolPermission struct {
	AgentPoolID string   `json:"agentPoolId"`
	Permissions []string `json:"permissions"`
}

func (s *Server) listUsers(r *http.Request, _ []byte) reply {
	query := r.URL.Query()
	found := []any{}
	for _, user := range s.users {
		text := strings.ToLower(user.FirstName + " " + user.LastName + " " + user.Email)
		if strings.Contains(text, strings.ToLower(query.Get("search"))) &&
			(!query.Has("role") || slices.Contains(user.Roles, query.Get("role"))) {
			found = append(found, s.view(user, r))
		}
	}
	return paged(found, query, s.noTotals)
}

func (s *Server) getUser(r *http.Request, _ []byte) reply {
	at := s.user(r.PathValue("email"))
	if at < 0 {
		return refuse(http.StatusNotFound, "User not found.")
	}
	return reply{http.StatusOK, s.view(s.users[at], r)}
}

func (s *Server) view(user User, r *http.Request) any {
	if r.URL.Query().Get("includeAccessAndPermissions") != "true" {
		return user
	}
	view := userView{User: user, Memberships: []membership{}, Permissions: []poolPermission{}}
	pools := map[string]bool{}
	for _, group := range s.groups {
		at := group.member(user.Email)
		if at < 0 {
			continue
		}
		view.Memberships = append(view.Memberships, membership{user.Email, group.ID, group.Members[at].GroupAdmin})
		for _, pool := range group.AgentPoolIDs {
			if !pools[pool] {
				pools[pool] = true
				view.Permissions = append(view.Permissions, poolPermission{pool, []string{"STANDARD"}})
			}
		}
	}
	return view
}

func (s *Server) user(email string) int {
	return slices.IndexFunc(s.users, func(user User) bool { return strings.EqualFold(user.Email, email) })
}

func (s *Server) listPools(r *http.Request, _ []byte) reply {
	query := r.URL.Query()
	return paged(slices.DeleteFunc(slices.Clone(s.pools), func(pool AgentPool) bool {
		return !strings.Contains(pool.Name, query.Get("name"))
	}), query, s.noTotals)
}

func (s *Server) getPool(r *http.Request, _ []byte) reply {
	at := s.pool(r.PathValue("id"))
	if at < 0 {
		return refuse(http.StatusNotFound, "Agent pool not found.")
	}
	return reply{http.StatusOK, s.pools[at]}
}

func (s *Server) pool(id string) int {
	return slices.IndexFunc(s.pools, func(pool AgentPool) bool { return pool.ID == id })
}
