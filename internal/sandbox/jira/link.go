package jira

import (
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"
)

// RemoteLink is a link from an issue to something outside of Jira.
type RemoteLink struct {
	ID       int
	GlobalID string // links are told apart by it; empty on links without
	Title    string
	Summary  string
	URL      string
	Resolved bool
}

// linkBody is a link as it is written and shown.
type linkBody struct {
	ID       int         `json:"id,omitempty"`
	Self     string      `json:"self,omitempty"`
	GlobalID string      `json:"globalId,omitempty"`
	Object   *linkObject `json:"object"`
}

type linkObject struct {
	Title   string     `json:"title"`
	URL     string     `json:"url"`
	Summary string     `json:"summary,omitempty"`
	Status  linkStatus `json:"status"`
}

type linkStatus struct {
	Resolved bool `json:"resolved"`
}

func (i *issue) linkSelf(root string, id int) string {
	return fmt.Sprintf("%s/remotelink/%d", i.self(root), id)
}

func (i *issue) link(globalID string) int {
	return slices.IndexFunc(i.links, func(link RemoteLink) bool { return globalID != "" && link.GlobalID == globalID })
}

// readLinks shows all links, or, as an object of its own, the one that has a global id.
func (s *Server) readLinks(c call, found *issue) reply {
	shown := make([]linkBody, len(found.links))
	for i, link := range found.links {
		shown[i] = linkBody{
			ID:       link.ID,
			Self:     found.linkSelf(c.root, link.ID),
			GlobalID: link.GlobalID,
			Object: &linkObject{
				Title:   link.Title,
				URL:     link.URL,
				Summary: link.Summary,
				Status:  linkStatus{link.Resolved},
			},
		}
	}
	if globalID := c.URL.Query().Get("globalId"); globalID != "" {
		at := found.link(globalID)
		if at < 0 {
			return refuse(http.StatusNotFound, "The remote issue link does not exist.")
		}
		return reply{http.StatusOK, shown[at]}
	}
	return reply{http.StatusOK, shown}
}

// writeLink puts a link in the place of the one with the same global id: what is left out is gone.
func (s *Server) writeLink(c call, found *issue) reply {
	var body linkBody
	if bad, ok := c.read(&body); !ok {
		return bad
	}
	switch {
	case c.by.lacks("LINK_ISSUES"):
		return refuse(http.StatusForbidden, "You do not have permission to link issues in this project.")
	case body.Object == nil || body.Object.Title == "":
		return refuseField("title", "'title' is required.")
	case body.Object.URL == "":
		return refuseField("url", "'url' is required.")
	case utf8.RuneCountInString(body.Object.Title) > 255:
		return refuseField("title", "'title' can not be longer than 255 characters.")
	case utf8.RuneCountInString(body.GlobalID) > 255:
		return refuseField("globalId", "'globalId' can not be longer than 255 characters.")
	}
	link := RemoteLink{
		GlobalID: body.GlobalID, Title: body.Object.Title, Summary: body.Object.Summary, URL: body.Object.URL,
		Resolved: body.Object.Status.Resolved,
	}
	at := found.link(body.GlobalID)
	if at >= 0 {
		link.ID = found.links[at].ID
		found.links[at] = link
	} else {
		link.ID = s.newID()
		found.links = append(found.links, link)
	}
	return reply{s.linkStatus(at < 0), map[string]any{"id": link.ID, "self": found.linkSelf(c.root, link.ID)}}
}

// linkStatus tells a new link from a changed one, which only Cloud does.
func (s *Server) linkStatus(created bool) int {
	if created && s.options.Deployment == Cloud {
		return http.StatusCreated
	}
	return http.StatusOK
}
