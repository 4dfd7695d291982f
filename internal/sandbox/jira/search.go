package jira

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
)

// searchPath is where the deployment searches: Cloud has done away with the path of Data Center.
func (s *Server) searchPath() string {
	if s.options.Deployment == Cloud {
		return "/search/jql"
	}
	return "/search"
}

// understood is all the JQL that the stand-in knows.
var understood = regexp.MustCompile(`^labels = "([^"\\]+)"( AND creator = currentUser\(\))?( ORDER BY created ASC)?$`)

// search finds issues by a label, oldest first.
func (s *Server) search(c call) reply {
	asked := understood.FindStringSubmatch(c.URL.Query().Get("jql"))
	if asked == nil {
		return refuse(http.StatusBadRequest, "Error in the JQL Query.")
	}
	var found []*issue
	for _, i := range s.issues {
		mine := i.creator == c.by.ID || asked[2] == ""
		if mine && slices.Contains(i.labels, asked[1]) && !c.by.lacks("BROWSE_PROJECTS") {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b *issue) int { return cmp.Compare(a.id, b.id) })
	most := number(c.URL.Query().Get("maxResults"), 50)
	shown := []map[string]any{}
	for _, i := range found[:min(most, len(found))] {
		shown = append(shown, s.showIssue(c, i))
	}
	if s.options.Deployment == Cloud {
		return reply{http.StatusOK, map[string]any{"issues": shown, "isLast": len(shown) == len(found)}}
	}
	return reply{http.StatusOK, map[string]any{"startAt": 0, "maxResults": most, "total": len(found), "issues": shown}}
}
