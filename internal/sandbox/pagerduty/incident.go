package pagerduty

import (
	"fmt"
	"slices"
	"time"
)

// Incident is what triggers one.
type Incident struct {
	ID        string // like PT4KHLK; made up when empty
	Title     string
	Service   string   // the id of one of the account's services
	Urgency   string   // "high" when empty, or "low"
	Priority  string   // like "P1"; empty for none
	Assignees []string // ids of users
}

// The states of an incident.
const (
	triggered    = "triggered"
	acknowledged = "acknowledged"
	resolved     = "resolved"
)

// incident is one with all that has become of it.
type incident struct {
	Incident
	number  int
	status  string
	created time.Time
	changed time.Time
	takenBy string // who has acknowledged it
	into    string // the incident that it was merged into
	notes   []Note
}

// Trigger opens an incident, and returns the webhook that tells it. An incident of the same id is replaced.
func (s *Server) Trigger(opened Incident) Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	if opened.ID == "" {
		opened.ID = s.newID()
	}
	if opened.Urgency == "" {
		opened.Urgency = "high"
	}
	now := s.options.Now()
	added := &incident{Incident: opened, number: len(s.incidents) + 1, status: triggered, created: now, changed: now}
	s.incidents[opened.ID] = added
	return s.tell("incident.triggered", "", added)
}

// Acknowledge lets a user take an incident on: it is theirs alone from then on.
func (s *Server) Acknowledge(id, user string) (Delivery, error) {
	return s.change(id, "incident.acknowledged", user, func(i *incident) {
		i.status, i.takenBy, i.Assignees = acknowledged, user, []string{user}
	})
}

// Reassign gives an incident to others. Nobody has acknowledged it then.
func (s *Server) Reassign(id, by string, to ...string) (Delivery, error) {
	return s.change(id, "incident.reassigned", by, func(i *incident) {
		i.status, i.takenBy, i.Assignees = triggered, "", slices.Clone(to)
	})
}

// Resolve closes an incident, which is assigned to nobody then.
func (s *Server) Resolve(id, user string) (Delivery, error) {
	return s.change(id, "incident.resolved", user, func(i *incident) {
		i.status, i.takenBy, i.Assignees = resolved, "", nil
	})
}

// Merge merges an incident into another, in which its work goes on: it is resolved.
func (s *Server) Merge(id, into, user string) (Delivery, error) {
	return s.change(id, "incident.resolved", user, func(i *incident) {
		i.status, i.takenBy, i.Assignees, i.into = resolved, "", nil, into
	})
}

// Prioritize gives an incident another priority.
func (s *Server) Prioritize(id, by, priority string) (Delivery, error) {
	return s.change(id, "incident.priority_updated", by, func(i *incident) { i.Priority = priority })
}

// change changes an incident that is not resolved yet, and returns the webhook that tells it.
func (s *Server) change(id, event, by string, how func(*incident)) (Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.incidents[id]
	if !ok || found.status == resolved {
		return Delivery{}, fmt.Errorf("%s: no open incident %s", event, id)
	}
	how(found)
	found.changed = s.options.Now()
	return s.tell(event, by, found), nil
}
