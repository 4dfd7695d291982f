package jira

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// requestLimit bounds the bodies that are read, in bytes.
const requestLimit = 1 << 20

// call is one request by somebody who has signed in.
type call struct {
	*http.Request
	by   Account
	root string // the address of the API, for the links that replies carry
}

// reply is what is answered; a nil body is none.
type reply struct {
	status int
	body   any
}

// failure is the body of Jira's errors.
type failure struct {
	Messages []string          `json:"errorMessages"`
	Errors   map[string]string `json:"errors"`
}

func refuse(status int, message string) reply {
	return reply{status, failure{Messages: []string{message}, Errors: map[string]string{}}}
}

func refuseField(field, message string) reply {
	return reply{http.StatusBadRequest, failure{Messages: []string{}, Errors: map[string]string{field: message}}}
}

// Handler serves the API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	at := func(method, path string, handle func(call) reply) {
		mux.Handle(method+" "+s.options.ContextPath+"/rest/api/2"+path, s.serve(handle))
	}
	at("GET", "/myself", s.myself)
	at("GET", "/serverInfo", s.serverInfo)
	at("GET", "/mypermissions", s.permissions)
	at("GET", "/user", s.readUser)
	at("GET", "/project/{project}/statuses", s.readStatuses)
	at("POST", "/issue", s.createIssue)
	at("GET", s.searchPath(), s.search)
	at("GET", "/issue/{key}", s.onIssue(s.readIssue))
	at("GET", "/issue/{key}/comment", s.onIssue(s.readComments))
	at("POST", "/issue/{key}/comment", s.onIssue(s.writeComment))
	at("PUT", "/issue/{key}/comment/{id}", s.onIssue(s.editComment))
	at("GET", "/issue/{key}/transitions", s.onIssue(s.readTransitions))
	at("POST", "/issue/{key}/transitions", s.onIssue(s.transition))
	at("GET", "/issue/{key}/remotelink", s.onIssue(s.readLinks))
	at("POST", "/issue/{key}/remotelink", s.onIssue(s.writeLink))
	at("GET", "/issue/{key}/properties/{property}", s.onIssue(s.readProperty))
	at("PUT", "/issue/{key}/properties/{property}", s.onIssue(s.writeProperty))
	return mux
}

// serve lets those in who can sign in, one at a time.
func (s *Server) serve(handle func(call) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, requestLimit)
		account, ok := s.signIn(r)
		if !ok {
			w.Header().Set("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
			s.turnAway(w, r)
			return
		}
		root := "http://" + r.Host + s.options.ContextPath + "/rest/api/2"
		s.mu.Lock()
		answer := handle(call{r, account, root})
		s.mu.Unlock()
		answer.send(w)
	})
}

// turnAway answers without JSON, as Jira does here.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request) {
	if s.options.Public && r.PathValue("key") != "" {
		noIssue().send(w)
		return
	}
	http.Error(w, "Client must be authenticated to access this resource.", http.StatusUnauthorized)
}

// onIssue finds the issue that the path names, for those who may see it.
func (s *Server) onIssue(handle func(call, *issue) reply) func(call) reply {
	return func(c call) reply {
		found := s.issue(c.PathValue("key"))
		if found == nil || c.by.lacks("BROWSE_PROJECTS") {
			return noIssue()
		}
		return handle(c, found)
	}
}

// issue finds an issue by its key or id; nil when there is none.
func (s *Server) issue(keyOrID string) *issue {
	for key, found := range s.issues {
		if key == keyOrID || strconv.Itoa(found.id) == keyOrID {
			return found
		}
	}
	return s.former[keyOrID]
}

func noIssue() reply {
	return refuse(http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
}

func (s *Server) signIn(r *http.Request) (Account, bool) {
	at := -1
	if email, token, ok := r.BasicAuth(); ok && s.options.Deployment == Cloud {
		at = slices.IndexFunc(s.options.Accounts, func(a Account) bool { return a.Email == email && a.Token == token })
	} else if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && s.options.Deployment == DataCenter {
		at = slices.IndexFunc(s.options.Accounts, func(a Account) bool { return a.Token == token })
	}
	if at < 0 {
		return Account{}, false
	}
	return s.options.Accounts[at], true
}

// read decodes the body; the reply counts when it is not ok.
func (c call) read(into any) (reply, bool) {
	if err := json.NewDecoder(c.Body).Decode(into); err != nil {
		return badPayload(), false
	}
	return reply{}, true
}

func badPayload() reply {
	return refuse(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
}

func (r reply) send(w http.ResponseWriter) {
	if r.body == nil {
		w.WriteHeader(r.status)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(r.body)
}
