package lightrun

import (
	"encoding/json"
	"net/http"
	"slices"
)

// Member is a user in a group.
type Member struct {
	Email         string   `json:"email"`
	GroupAdmin    bool     `json:"groupAdmin"`
	ElevatedRoles []string `json:"elevatedRoles"` // held beside the group's own
}

func (m Member) complete() Member {
	m.ElevatedRoles = append([]string{}, m.ElevatedRoles...)
	return m
}

// memberView is a member as the API shows it.
type memberView struct {
	Member
	EffectiveRoles []string `json:"effectiveRoles"`
}

const managedFault = "The groups of this user are managed by the identity provider."

// outcome is the answer to a change of several members: each succeeds or fails by itself.
type outcome[T any] struct {
	Successes []T          `json:"successes"`
	Failures  []failure[T] `json:"failures"`
}

type failure[T any] struct {
	Message string `json:"message"`
	Payload T      `json:"payload"`
	Status  int    `json:"status"`
}

func (o *outcome[T]) fail(payload T, status int, message string) {
	o.Failures = append(o.Failures, failure[T]{message, payload, status})
}

func (g *Group) show(member Member) memberView {
	roles := append(slices.Clone(g.Roles), member.ElevatedRoles...)
	slices.Sort(roles)
	return memberView{member, append([]string{}, slices.Compact(roles)...)}
}

func (s *Server) addMembers(r *http.Request, body []byte) reply {
	group := s.group(r)
	if group == nil {
		return noGroup()
	}
	var asked []Member
	if err := json.Unmarshal(body, &asked); err != nil || len(asked) == 0 {
		return refuse(http.StatusBadRequest, "Invalid input.")
	}
	result := outcome[memberView]{Successes: []memberView{}, Failures: []failure[memberView]{}}
	for _, member := range asked {
		member = member.complete()
		at := s.user(member.Email)
		switch {
		case at < 0:
			result.fail(group.show(member), http.StatusNotFound, "User not found.")
		case s.users[at].managed():
			result.fail(group.show(member), http.StatusForbidden, managedFault)
		case group.member(member.Email) >= 0:
			result.fail(group.show(member), http.StatusConflict, "User is already a member of the group.")
		case !validRoles(member.ElevatedRoles):
			result.fail(group.show(member), http.StatusBadRequest, "Unknown role.")
		default:
			group.Members = append(group.Members, member)
			result.Successes = append(result.Successes, group.show(member))
		}
	}
	if len(result.Failures) > 0 {
		return reply{http.StatusMultiStatus, result}
	}
	return reply{http.StatusOK, result}
}

func (s *Server) removeMembers(r *http.Request, body []byte) reply {
	group := s.group(r)
	if group == nil {
		return noGroup()
	}
	var asked []string
	if err := json.Unmarshal(body, &asked); err != nil || len(asked) == 0 {
		return refuse(http.StatusBadRequest, "Invalid input.")
	}
	result := outcome[string]{Successes: []string{}, Failures: []failure[string]{}}
	for _, email := range asked {
		at, user := group.member(email), s.user(email)
		switch {
		case at < 0:
			result.fail(email, http.StatusNotFound, "User is not a member of the group.")
		case user >= 0 && s.users[user].managed():
			result.fail(email, http.StatusForbidden, managedFault)
		default:
			group.Members = slices.Delete(slices.Clone(group.Members), at, at+1)
			result.Successes = append(result.Successes, email)
		}
	}
	return reply{http.StatusOK, result} // even when some of them failed
}

func (s *Server) updateMember(r *http.Request, body []byte) reply {
	group := s.group(r)
	if group == nil {
		return noGroup()
	}
	at := group.member(r.PathValue("email"))
	if at < 0 {
		return refuse(http.StatusNotFound, "User is not a member of the group.")
	}
	var asked Member
	if err := json.Unmarshal(body, &asked); err != nil || !validRoles(asked.ElevatedRoles) {
		return refuse(http.StatusBadRequest, "Invalid input.")
	}
	asked = asked.complete()
	asked.Email = group.Members[at].Email
	group.Members = slices.Clone(group.Members)
	group.Members[at] = asked
	return reply{http.StatusOK, group.show(asked)}
}
