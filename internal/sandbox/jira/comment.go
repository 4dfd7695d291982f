package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// bodyLimit is how long a comment may be, in UTF-16 code units.
const bodyLimit = 32767

// Comment is one comment on an issue.
type Comment struct {
	ID      int
	Author  string // the account's id
	Body    string
	Created string
	Updated string
}

func (s *Server) addComment(to *issue, by Account, body string) Comment {
	now := s.now()
	added := Comment{ID: s.newID(), Author: by.ID, Body: body, Created: now, Updated: now}
	to.comments = append(to.comments, added)
	return added
}

// show is a comment as replies show it.
func (s *Server) show(c call, on *issue, comment Comment) map[string]any {
	author := s.user(s.accountOf(comment.Author), c.root)
	return map[string]any{
		"self": fmt.Sprintf("%s/comment/%d", on.self(c.root), comment.ID), "id": strconv.Itoa(comment.ID),
		"author": author, "updateAuthor": author, "body": comment.Body,
		"created": comment.Created, "updated": comment.Updated,
	}
}

func (s *Server) readComments(c call, found *issue) reply {
	query := c.URL.Query()
	comments := slices.Clone(found.comments)
	switch query.Get("orderBy") {
	case "", "created", "+created":
	case "-created":
		slices.Reverse(comments)
	default:
		return refuse(http.StatusBadRequest, "orderBy must be created, -created or +created.")
	}
	start, most := number(query.Get("startAt"), 0), number(query.Get("maxResults"), 5000)
	from := min(start, len(comments))
	page := []map[string]any{}
	for _, comment := range comments[from:min(from+most, len(comments))] {
		page = append(page, s.show(c, found, comment))
	}
	return reply{http.StatusOK, map[string]any{
		"startAt": start, "maxResults": most, "total": len(comments), "comments": page,
	}}
}

// number reads a parameter of paging; what is no number counts as absent.
func number(text string, absent int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1<<20 {
		return absent
	}
	return n
}

func (s *Server) writeComment(c call, found *issue) reply {
	body, bad, ok := s.commentBody(c)
	if !ok {
		return bad
	}
	if c.by.lacks("ADD_COMMENTS") {
		return refuseField("comment", "You do not have the permission to comment on this issue.")
	}
	if len(found.comments) >= s.options.CommentLimit {
		return refuse(http.StatusRequestEntityTooLarge, "The limit of comments on this issue has been reached.")
	}
	return reply{http.StatusCreated, s.show(c, found, s.addComment(found, c.by, body))}
}

func (s *Server) editComment(c call, found *issue) reply {
	body, bad, ok := s.commentBody(c)
	if !ok {
		return bad
	}
	at := slices.IndexFunc(
		found.comments,
		func(comment Comment) bool { return strconv.Itoa(comment.ID) == c.PathValue("id") },
	)
	if at < 0 {
		return refuse(http.StatusNotFound, "Can not find a comment for the id: "+c.PathValue("id")+".")
	}
	comment := &found.comments[at]
	if comment.Author != c.by.ID {
		return refuse(http.StatusBadRequest, "You do not have the permission to edit this comment.")
	}
	comment.Body, comment.Updated = body, s.now()
	return reply{http.StatusOK, s.show(c, found, *comment)}
}

// commentBody reads what is written. Cloud refuses fields that it fills itself and fields that it does not know; Data
// Center passes over them.
func (s *Server) commentBody(c call) (string, reply, bool) {
	var fields map[string]json.RawMessage
	if bad, ok := c.read(&fields); !ok {
		return "", bad, false
	}
	for field := range fields {
		if s.options.Deployment == Cloud && field != "body" {
			return "", badPayload(), false
		}
	}
	var body string
	if raw, there := fields["body"]; there && json.Unmarshal(raw, &body) != nil {
		return "", badPayload(), false
	}
	if strings.TrimSpace(body) == "" {
		return "", refuseField("comment", "Comment body can not be empty!"), false
	}
	if len(utf16.Encode([]rune(body))) > bodyLimit {
		return "", refuseField(
			"comment",
			"The entered text is too long. It exceeds the allowed limit of 32,767 characters.",
		), false
	}
	return body, reply{}, true
}
