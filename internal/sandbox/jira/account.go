package jira

import (
	"net/http"
	"slices"
	"strings"
)

// permissionNames are the permissions that the stand-in knows.
var permissionNames = map[string]string{
	"BROWSE_PROJECTS":   "Browse Projects",
	"CREATE_ISSUES":     "Create Issues",
	"EDIT_ISSUES":       "Edit Issues",
	"TRANSITION_ISSUES": "Transition Issues",
	"ADD_COMMENTS":      "Add Comments",
	"LINK_ISSUES":       "Link Issues",
}

func (a Account) lacks(permission string) bool { return slices.Contains(a.Lacks, permission) }

// user is an account as replies show it. Cloud shows neither names to sign in with nor e-mails.
func (s *Server) user(account Account, root string) map[string]any {
	if s.options.Deployment == Cloud {
		return map[string]any{
			"self": root + "/user?accountId=" + account.ID, "accountId": account.ID, "accountType": "atlassian",
			"displayName": account.Name, "active": true,
		}
	}
	return map[string]any{
		"self": root + "/user?username=" + account.Name, "key": account.ID, "name": account.Name,
		"displayName": account.Name, "active": true,
	}
}

func (s *Server) myself(c call) reply {
	return reply{http.StatusOK, s.user(c.by, c.root)}
}

func (s *Server) serverInfo(c call) reply {
	info := map[string]any{
		"baseUrl": strings.TrimSuffix(c.root, "/rest/api/2"), "serverTitle": "Jira", "serverTime": s.now(),
		"deploymentType": "Cloud", "version": "1001.0.0-SNAPSHOT", "versionNumbers": []int{1001, 0, 0},
	}
	if s.options.Deployment == DataCenter {
		info["deploymentType"], info["version"], info["versionNumbers"] = "Server", "10.0.0", []int{10, 0, 0}
	}
	return reply{http.StatusOK, info}
}

// permissions tells what the caller may do. Cloud wants to know which are meant; Data Center always tells all.
func (s *Server) permissions(c call) reply {
	var asked []string
	if key := c.URL.Query().Get("projectKey"); key != "" && !s.hasProject(key) {
		return refuse(http.StatusNotFound, "No project could be found with key '"+key+"'.")
	}
	if s.options.Deployment == Cloud {
		asked = strings.Split(c.URL.Query().Get("permissions"), ",")
	} else {
		for key := range permissionNames {
			asked = append(asked, key)
		}
	}
	told := map[string]any{}
	for _, key := range asked {
		name, known := permissionNames[key]
		if !known {
			return refuse(http.StatusBadRequest, "Unrecognized permission: "+key)
		}
		told[key] = map[string]any{
			"id":             key,
			"key":            key,
			"name":           name,
			"type":           "PROJECT",
			"description":    name,
			"havePermission": !c.by.lacks(key),
		}
	}
	return reply{http.StatusOK, map[string]any{"permissions": told}}
}
