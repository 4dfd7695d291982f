package pagerduty

import "strings"

// What replies and webhooks show. A reference is a thing by its id and name.

const (
	api = "https://api.pagerduty.com/"
	web = "https://example.pagerduty.com/"
)

// reference shows a thing of a kind ("service") in short.
func reference(kind, id, summary string) map[string]any {
	plural := strings.TrimSuffix(kind, "y")
	if plural == kind {
		plural += "s"
	} else {
		plural += "ies"
	}
	return map[string]any{
		"id":       id,
		"type":     kind + "_reference",
		"summary":  summary,
		"self":     api + plural + "/" + id,
		"html_url": web + plural + "/" + id,
	}
}

func (s *Server) userReference(id string) map[string]any {
	return reference("user", id, s.user(id).Name)
}

func (s *Server) serviceReference(id string) map[string]any {
	name := id
	if known := s.service(id); known != nil {
		name = known.Name
	}
	return reference("service", id, name)
}

// showUser is a user in full.
func showUser(user User) map[string]any {
	role := user.Role
	if role == "" {
		role = "user"
	}
	shown := reference("user", user.ID, user.Name)
	shown["type"], shown["name"], shown["email"], shown["role"] = "user", user.Name, user.Email, role
	return shown
}

// showService is a service in full.
func showService(service Service) map[string]any {
	shown := reference("service", service.ID, service.Name)
	shown["type"], shown["name"], shown["status"] = "service", service.Name, "active"
	shown["escalation_policy"] = reference("escalation_policy", service.Policy, service.Policy)
	return shown
}

// showTurn leaves out the bounds that a turn does not have.
func (s *Server) showTurn(turn Turn) map[string]any {
	shown := map[string]any{
		"user": s.userReference(
			turn.User,
		),
		"escalation_policy": reference("escalation_policy", turn.Policy, turn.Policy),
		"escalation_level":  turn.Level,
	}
	if !turn.From.IsZero() {
		shown["start"] = spell(turn.From)
	}
	if !turn.Until.IsZero() {
		shown["end"] = spell(turn.Until)
	}
	return shown
}

func (s *Server) showNote(note Note) map[string]any {
	return map[string]any{
		"id": note.ID, "user": s.userReference(note.Author), "content": note.Content, "created_at": spell(note.At),
		"updated_at": spell(note.At), "channel": map[string]any{"summary": "The PagerDuty website or APIs"},
	}
}

// showIncident is an incident as the API shows it.
func (s *Server) showIncident(i *incident) map[string]any {
	shown := s.common(i)
	shown["summary"], shown["incident_number"] = i.Title, i.number
	shown["updated_at"], shown["last_status_change_at"] = spell(i.changed), spell(i.changed)
	assignments, acknowledgements := []map[string]any{}, []map[string]any{}
	for _, user := range i.Assignees {
		assignments = append(assignments, map[string]any{"at": spell(i.changed), "assignee": s.userReference(user)})
	}
	if i.takenBy != "" {
		acknowledgements = append(
			acknowledgements,
			map[string]any{"at": spell(i.changed), "acknowledger": s.userReference(i.takenBy)},
		)
	}
	shown["assignments"], shown["acknowledgements"] = assignments, acknowledgements
	if i.into != "" {
		shown["resolve_reason"] = map[string]any{
			"type":     "merge_resolve_reason",
			"incident": reference("incident", i.into, i.into),
		}
	}
	return shown
}

// common is what the API and webhooks show alike.
func (s *Server) common(i *incident) map[string]any {
	shown := map[string]any{
		"id":            i.ID,
		"type":          "incident",
		"self":          api + "incidents/" + i.ID,
		"html_url":      web + "incidents/" + i.ID,
		"status":        i.status,
		"title":         i.Title,
		"urgency":       i.Urgency,
		"incident_key":  "key-of-" + i.ID,
		"created_at":    spell(i.created),
		"service":       s.serviceReference(i.Service),
		"incident_type": map[string]any{"name": "incident_default"},
	}
	if known := s.service(i.Service); known != nil {
		shown["escalation_policy"] = reference("escalation_policy", known.Policy, known.Policy)
	}
	if i.Priority != "" {
		shown["priority"] = map[string]any{
			"id":      "PRIO-" + i.Priority,
			"type":    "priority_reference",
			"summary": i.Priority,
			"self":    api + "priorities/" + i.Priority,
		}
	}
	return shown
}
