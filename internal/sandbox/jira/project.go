package jira

import (
	"net/http"
	"slices"
	"strings"
)

// A project is there when it has an issue.
func (s *Server) hasProject(key string) bool {
	for issue := range s.issues {
		if strings.HasPrefix(issue, key+"-") {
			return true
		}
	}
	return false
}

// projectTypes are the types of issues that every project has.
var projectTypes = []string{"Task", "Access"}

// readStatuses tells the statuses that the issues of a project can have, for each type.
func (s *Server) readStatuses(c call) reply {
	if !s.hasProject(c.PathValue("project")) {
		return refuse(http.StatusNotFound, "No project could be found with key '"+c.PathValue("project")+"'.")
	}
	statuses := []map[string]any{}
	for _, step := range workflow {
		statuses = append(statuses, s.shown(step.status))
	}
	types := make([]map[string]any, len(projectTypes))
	for i, name := range projectTypes {
		types[i] = map[string]any{"id": statusID(name), "name": name, "subtask": false, "statuses": statuses}
	}
	return reply{http.StatusOK, types}
}

// readUser finds somebody who can sign in, for those who may look people up.
func (s *Server) readUser(c call) reply {
	asked := c.URL.Query().Get("accountId")
	if s.options.Deployment == DataCenter {
		asked = c.URL.Query().Get("key")
	}
	at := slices.IndexFunc(s.options.Accounts, func(a Account) bool { return a.ID == asked })
	if at < 0 {
		return refuse(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	}
	return reply{http.StatusOK, s.user(s.options.Accounts[at], c.root)}
}
