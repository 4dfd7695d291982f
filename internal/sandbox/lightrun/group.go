package lightrun

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Group lets its members work with the agents of pools, for as long as they are members.
type Group struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	AgentPoolIDs []string `json:"agentPoolIds"`
	Roles        []string `json:"roles"` // STANDARD, PRIVILEGED
	Members      []Member `json:"members,omitempty"`
}

// complete returns a copy with an id and no lists that JSON would show as null.
func (g Group) complete() Group {
	identify(&g.ID)
	g.AgentPoolIDs, g.Roles = append([]string{}, g.AgentPoolIDs...), append([]string{}, g.Roles...)
	g.Members = slices.Clone(g.Members)
	for i, member := range g.Members {
		g.Members[i] = member.complete()
	}
	return g
}

// groupView is a group as the API shows it.
type groupView struct {
	Group
	MemberCount int `json:"memberCount"`
}

func (g Group) view(r *http.Request) groupView {
	view := groupView{Group: g, MemberCount: len(g.Members)}
	if r.URL.Query().Get("includeMembers") != "true" {
		view.Members = nil
	}
	return view
}

func (g Group) member(email string) int {
	return slices.IndexFunc(g.Members, func(member Member) bool { return strings.EqualFold(member.Email, email) })
}

// Groups returns the groups with their members, oldest first.
func (s *Server) Groups() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.copyGroups()
}

func (s *Server) copyGroups() []Group {
	groups := make([]Group, len(s.groups))
	for i, group := range s.groups {
		groups[i] = group.complete()
	}
	return groups
}

func (s *Server) listGroups(r *http.Request, _ []byte) reply {
	query := r.URL.Query()
	pools := strings.Split(query.Get("agentPoolIds"), ",")
	found := []groupView{}
	for _, group := range s.groups {
		reaches := slices.ContainsFunc(
			pools,
			func(pool string) bool { return slices.Contains(group.AgentPoolIDs, pool) },
		)
		if reaches || !query.Has("agentPoolIds") {
			found = append(found, group.view(r))
		}
	}
	return paged(found, query, s.noTotals)
}

func (s *Server) getGroup(r *http.Request, _ []byte) reply {
	group := s.group(r)
	if group == nil {
		return noGroup()
	}
	return reply{http.StatusOK, group.view(r)}
}

func (s *Server) addGroup(r *http.Request, body []byte) reply {
	asked, fault := s.readGroup(body, "")
	if fault != "" {
		return refuse(http.StatusBadRequest, fault)
	}
	s.groups = append(s.groups, asked)
	return reply{http.StatusCreated, asked.view(r)}
}

func (s *Server) updateGroup(r *http.Request, body []byte) reply {
	group := s.group(r)
	if group == nil {
		return noGroup()
	}
	asked, fault := s.readGroup(body, group.ID)
	if fault != "" {
		return refuse(http.StatusBadRequest, fault)
	}
	group.Name, group.AgentPoolIDs, group.Roles = asked.Name, asked.AgentPoolIDs, asked.Roles
	return reply{http.StatusOK, group.view(r)}
}

func (s *Server) deleteGroup(r *http.Request, _ []byte) reply {
	group := s.group(r)
	if group == nil {
		return noGroup()
	}
	id := group.ID
	s.groups = slices.DeleteFunc(s.groups, func(group Group) bool { return group.ID == id })
	return reply{status: http.StatusNoContent}
}

// readGroup reads what a group with this id is asked to be, or says what is wrong with it.
func (s *Server) readGroup(body []byte, id string) (Group, string) {
	var asked Group
	if err := json.Unmarshal(body, &asked); err != nil || asked.Name == "" {
		return Group{}, "Invalid input."
	}
	asked.ID, asked.Members = "", nil
	asked = asked.complete()
	switch {
	case slices.ContainsFunc(asked.AgentPoolIDs, func(id string) bool { return s.pool(id) < 0 }):
		return Group{}, "Cannot find agent pools."
	case !validRoles(asked.Roles):
		return Group{}, "Unknown role."
	case slices.ContainsFunc(s.groups, func(other Group) bool { return other.Name == asked.Name && other.ID != id }):
		return Group{}, "A group with this name already exists."
	}
	return asked, ""
}

func validRoles(roles []string) bool {
	return !slices.ContainsFunc(roles, func(role string) bool { return role != "STANDARD" && role != "PRIVILEGED" })
}

// group finds the group that the path names.
func (s *Server) group(r *http.Request) *Group {
	at := slices.IndexFunc(s.groups, func(group Group) bool { return group.ID == r.PathValue("id") })
	if at < 0 {
		return nil
	}
	return &s.groups[at]
}

func noGroup() reply { return refuse(http.StatusNotFound, "Group not found.") }
