package jira

import (
	"fmt"
	"slices"
	"strconv"
)

// About is what an issue is, beside what everybody can change.
type About struct {
	Type        string // "Task" when empty
	RequestType string // of the portal that it came through; empty for none
	Reporter    string // an account's id; empty for nobody
}

// move is a change of an issue's status, as the changelog keeps it.
type move struct {
	id         int
	by, at     string
	field      string // "status" when empty
	from, into string
}

func (m move) item() map[string]any {
	if m.field != "" {
		return map[string]any{"field": m.field, "fieldtype": "jira", "fromString": m.from, "toString": m.into}
	}
	return map[string]any{
		"field":      "status",
		"fieldtype":  "jira",
		"from":       statusID(m.from),
		"fromString": m.from,
		"to":         statusID(m.into),
		"toString":   m.into,
	}
}

// Describe says what an issue is.
func (s *Server) Describe(key string, about About) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.issues[key]
	if !ok {
		return fmt.Errorf("describe: no issue %s", key)
	}
	found.about = about
	return nil
}

// Move moves an issue to a status in an account's name, and returns the id of the changelog's entry.
func (s *Server) Move(account, key, status string) (change string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.issues[key]
	if !ok {
		return "", fmt.Errorf("move: no issue %s", key)
	}
	made := move{id: s.newID(), by: account, at: s.now(), from: found.status, into: status}
	found.moves, found.status = append(found.moves, made), status
	return strconv.Itoa(made.id), nil
}

// Translate shows a status by another name, as Jira does to accounts in another language.
func (s *Server) Translate(status, shown string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.translations[status] = shown
}

// MoveTo moves an issue to another project, in an account's name, and returns the key that it has there. It is still
// found by the key that it had.
func (s *Server) MoveTo(account, key, project string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.issues[key]
	if !ok {
		return "", fmt.Errorf("move to a project: no issue %s", key)
	}
	anew := s.nextKey(project)
	delete(s.issues, key)
	s.issues[anew], s.former[key] = found, found
	found.key = anew
	found.moves = append(
		found.moves,
		move{id: s.newID(), by: account, at: s.now(), field: "Key", from: key, into: anew},
	)
	return anew, nil
}

// describe adds to the fields of an issue what it is. The request type has a field of its own, with a number of this
// site.
func (s *Server) describe(c call, i *issue, fields map[string]any) {
	kind := i.about.Type
	if kind == "" {
		kind = "Task"
	}
	fields["issuetype"] = map[string]any{"name": kind, "subtask": false}
	if i.about.Reporter != "" {
		fields["reporter"] = s.user(s.accountOf(i.about.Reporter), c.root)
	}
	if i.about.RequestType != "" {
		fields["customfield_10010"] = map[string]any{
			"requestType": map[string]any{"id": "7", "name": i.about.RequestType},
		}
	}
}

// mostChanges is how much Cloud tells of a changelog with the issue.
const mostChanges = 100

// changelog is an issue's past: Cloud tells the newest changes first, Data Center all of them from the oldest.
func (s *Server) changelog(c call, i *issue) map[string]any {
	moves := slices.Clone(i.moves)
	if s.options.Deployment == Cloud {
		slices.Reverse(moves)
		moves = moves[:min(len(moves), mostChanges)]
	}
	histories := []map[string]any{}
	for _, m := range moves {
		histories = append(histories, map[string]any{
			"id": strconv.Itoa(m.id), "created": m.at, "author": s.user(s.accountOf(m.by), c.root),
			"items": []map[string]any{m.item()},
		})
	}
	return map[string]any{"startAt": 0, "maxResults": len(histories), "total": len(i.moves), "histories": histories}
}
