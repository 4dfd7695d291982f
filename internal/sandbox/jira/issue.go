package jira

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// issue is a ticket and what hangs on it.
type issue struct {
	id         int
	key        string
	summary    string
	text       string
	labels     []string
	creator    string // the account's id; empty when nobody in particular is
	status     string
	created    string
	about      About
	moves      []move
	comments   []Comment
	links      []RemoteLink
	properties map[string]json.RawMessage
}

func (s *Server) addIssue(key, summary, status string) *issue {
	added := &issue{
		id:         s.newID(),
		key:        key,
		summary:    summary,
		status:     status,
		created:    s.now(),
		properties: map[string]json.RawMessage{},
	}
	s.issues[key] = added
	return added
}

func (i *issue) self(root string) string { return root + "/issue/" + strconv.Itoa(i.id) }

// workflow is the statuses that every issue can be moved to, each with its transition's id.
var workflow = []struct{ transition, status string }{{"11", "To Do"}, {"21", "In Progress"}, {"31", "Done"}}

// status is a status as replies show it. What has no category of its own counts as in progress.
func status(name string) map[string]any {
	category := map[string]any{"id": 4, "key": "indeterminate", "name": "In Progress", "colorName": "yellow"}
	switch strings.ToLower(name) {
	case "to do", "open", "backlog":
		category = map[string]any{"id": 2, "key": "new", "name": "To Do", "colorName": "blue-gray"}
	case "done", "closed", "resolved":
		category = map[string]any{"id": 3, "key": "done", "name": "Done", "colorName": "green"}
	}
	return map[string]any{"id": statusID(name), "name": name, "statusCategory": category}
}

// statusID is the same for the same status, and no other's in a test.
func statusID(name string) string {
	return strconv.FormatUint(10_000+uint64(crc32.ChecksumIEEE([]byte(strings.ToLower(name))))%10_000, 10)
}

// shown is a status as replies show it to accounts whose language it is translated to.
func (s *Server) shown(name string) map[string]any {
	shown := status(name)
	if translation, is := s.translations[name]; is {
		shown["name"], shown["untranslatedName"] = translation, name
	}
	return shown
}

func (s *Server) readIssue(c call, found *issue) reply {
	return reply{http.StatusOK, s.showIssue(c, found)}
}

// showIssue is an issue as replies show it, with the fields that were asked for.
func (s *Server) showIssue(c call, found *issue) map[string]any {
	project, _, _ := strings.Cut(found.key, "-")
	fields := map[string]any{
		"summary": found.summary,
		"status":  s.shown(found.status),
		"created": found.created,
		"project": map[string]any{
			"key": project,
		},
		"labels":      append([]string{}, found.labels...),
		"description": found.text,
	}
	if found.creator != "" {
		fields["creator"] = s.user(s.accountOf(found.creator), c.root)
	}
	s.describe(c, found, fields)
	if wanted := c.URL.Query()["fields"]; len(wanted) > 0 {
		names := strings.Split(strings.Join(wanted, ","), ",")
		for field := range fields {
			if !wants(names, field) {
				delete(fields, field)
			}
		}
	}
	shown := map[string]any{
		"id":     strconv.Itoa(found.id),
		"key":    found.key,
		"self":   found.self(c.root),
		"fields": fields,
	}
	if c.URL.Query().Get("expand") == "changelog" {
		shown["changelog"] = s.changelog(c, found)
	}
	return shown
}

// wants is true for a field that a list of names asks for: by its name or with all, and not with a minus.
func wants(names []string, field string) bool {
	if slices.Contains(names, "-"+field) {
		return false
	}
	return slices.Contains(names, field) || slices.Contains(names, "*all") || slices.Contains(names, "*navigable")
}

func (s *Server) createIssue(c call) reply {
	var body struct {
		Fields struct {
			Summary     string   `json:"summary"`
			Description string   `json:"description"`
			Labels      []string `json:"labels"`
			Project     struct {
				Key string `json:"key"`
			} `json:"project"`
			IssueType struct {
				Name string `json:"name"`
			} `json:"issuetype"`
		} `json:"fields"`
	}
	if bad, ok := c.read(&body); !ok {
		return bad
	}
	switch {
	case c.by.lacks("CREATE_ISSUES"):
		return refuse(http.StatusForbidden, "You do not have permission to create issues in this project.")
	case body.Fields.Project.Key == "":
		return refuseField("project", "Specify a valid project ID or key")
	case body.Fields.IssueType.Name == "":
		return refuseField("issuetype", "Specify an issue type")
	case body.Fields.Summary == "":
		return refuseField("summary", "You must specify a summary of the issue.")
	}
	added := s.addIssue(s.nextKey(body.Fields.Project.Key), body.Fields.Summary, workflow[0].status)
	added.text, added.labels, added.creator = body.Fields.Description, body.Fields.Labels, c.by.ID
	return reply{http.StatusCreated, map[string]any{
		"id": strconv.Itoa(added.id), "key": added.key, "self": added.self(c.root),
	}}
}

// nextKey is one more than the highest number in a project.
func (s *Server) nextKey(project string) string {
	highest := 0
	for key := range s.issues {
		if number, ok := strings.CutPrefix(key, project+"-"); ok {
			if n, err := strconv.Atoi(number); err == nil {
				highest = max(highest, n)
			}
		}
	}
	return fmt.Sprintf("%s-%d", project, highest+1)
}

func (s *Server) readTransitions(call, *issue) reply {
	offered := make([]map[string]any, len(workflow))
	for i, step := range workflow {
		offered[i] = map[string]any{"id": step.transition, "name": step.status, "to": status(step.status)}
	}
	return reply{http.StatusOK, map[string]any{"expand": "transitions", "transitions": offered}}
}

func (s *Server) transition(c call, found *issue) reply {
	var body struct {
		Transition struct {
			ID string `json:"id"`
		} `json:"transition"`
	}
	if bad, ok := c.read(&body); !ok {
		return bad
	}
	for _, step := range workflow {
		if step.transition == body.Transition.ID && !c.by.lacks("TRANSITION_ISSUES") {
			found.status = step.status
			return reply{status: http.StatusNoContent}
		}
	}
	return refuse(
		http.StatusBadRequest,
		"It seems that you have tried to perform a workflow operation that is not valid "+
			"for the current state of this issue.",
	)
}

func (s *Server) readProperty(c call, found *issue) reply {
	key := c.PathValue("property")
	value, ok := found.properties[key]
	if !ok {
		return refuse(http.StatusNotFound, "The property "+key+" does not exist.")
	}
	return reply{http.StatusOK, map[string]any{"key": key, "value": value}}
}

func (s *Server) writeProperty(c call, found *issue) reply {
	if c.by.lacks("EDIT_ISSUES") {
		return refuse(http.StatusForbidden, "You do not have permission to edit issues in this project.")
	}
	var value json.RawMessage
	if bad, ok := c.read(&value); !ok {
		return bad
	}
	key := c.PathValue("property")
	_, there := found.properties[key]
	found.properties[key] = value
	if there {
		return reply{http.StatusOK, struct{}{}}
	}
	return reply{http.StatusCreated, struct{}{}}
}
