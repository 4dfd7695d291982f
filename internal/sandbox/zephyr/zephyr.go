// Package zephyr is a stand-in of the REST API of Zephyr, the test management inside Jira: test cycles and executions
// with their links, kept in memory. There is no public document that it could be held to; it answers as public clients
// of the API expect.
package zephyr

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Base is the path of the API.
const Base = "/v2"

const requestLimit = 64 << 10 // of a body, in bytes

// WebLink is a link to an address.
type WebLink struct {
	ID          int    `json:"id"`
	URL         string `json:"url"`
	Description string `json:"description"`
	Type        string `json:"type"`
}

// item is a test cycle or a test execution.
type item struct {
	id       int
	key      string
	issues   []int64
	webLinks []WebLink
	cycle    *item // of an execution; nil when it is in none
}

// Server is one Zephyr. It is safe for concurrent use.
type Server struct {
	token string

	mu         sync.Mutex
	cycles     []*item
	executions []*item
	lastID     int
}

// New returns a Zephyr without tests, which lets a token in.
func New(token string) *Server { return &Server{token: token} }

// AddCycle adds a test cycle ("OPS-R12") that is linked to Jira's issues with these ids.
func (s *Server) AddCycle(key string, issues ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cycles = append(s.cycles, &item{id: s.newID(), key: key, issues: issues})
}

// AddExecution adds a test execution ("OPS-E345") of a cycle, which may be empty.
func (s *Server) AddExecution(key, cycle string, issues ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.executions = append(s.executions, &item{id: s.newID(), key: key, issues: issues, cycle: find(s.cycles, cycle)})
}

// WebLinks returns the web links of a cycle, oldest first.
func (s *Server) WebLinks(cycle string) []WebLink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := find(s.cycles, cycle); found != nil {
		return slices.Clone(found.webLinks)
	}
	return nil
}

func find(items []*item, keyOrID string) *item {
	at := slices.IndexFunc(items, func(i *item) bool { return i.key == keyOrID || strconv.Itoa(i.id) == keyOrID })
	if at < 0 {
		return nil
	}
	return items[at]
}

func (s *Server) newID() int {
	s.lastID++
	return s.lastID
}

// Handler serves the API. Executions have no web links.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	at := func(pattern string, items *[]*item, handle func(*http.Request, *item) (int, any)) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+Base+path, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, requestLimit)
			s.mu.Lock()
			defer s.mu.Unlock()
			found := find(*items, r.PathValue("key"))
			switch {
			case r.Header.Get("Authorization") != "Bearer "+s.token:
				send(w, http.StatusUnauthorized, failure(http.StatusUnauthorized, "Unauthorized"))
			case found == nil:
				send(w, http.StatusNotFound, failure(http.StatusNotFound, "The requested resource does not exist"))
			default:
				status, body := handle(r, found)
				send(w, status, body)
			}
		})
	}
	at("GET /testcycles/{key}/links", &s.cycles, s.cycleLinks)
	at("POST /testcycles/{key}/links/weblinks", &s.cycles, s.addWebLink)
	at("GET /testexecutions/{key}", &s.executions, s.execution)
	at("GET /testexecutions/{key}/links", &s.executions, s.executionLinks)
	return mux
}

func (s *Server) cycleLinks(_ *http.Request, cycle *item) (int, any) {
	return http.StatusOK, map[string]any{
		"issues": cycle.issueLinks(), "webLinks": append([]WebLink{}, cycle.webLinks...), "testPlans": []any{},
	}
}

func (s *Server) executionLinks(_ *http.Request, execution *item) (int, any) {
	return http.StatusOK, map[string]any{"issues": execution.issueLinks()}
}

func (i *item) issueLinks() []map[string]any {
	links := []map[string]any{}
	for n, issue := range i.issues {
		links = append(links, map[string]any{
			"id":      n + 1,
			"issueId": issue,
			"target":  fmt.Sprintf("https://example.atlassian.net/rest/api/2/issue/%d", issue),
			"type":    "COVERAGE",
		})
	}
	return links
}

func (s *Server) execution(_ *http.Request, execution *item) (int, any) {
	shown := map[string]any{"id": execution.id, "key": execution.key, "testCycle": nil}
	if execution.cycle != nil {
		shown["testCycle"] = map[string]any{
			"id":   execution.cycle.id,
			"self": fmt.Sprintf("%s/testcycles/%d", Base, execution.cycle.id),
		}
	}
	return http.StatusOK, shown
}

// addWebLink adds one more each time that it is asked to.
func (s *Server) addWebLink(r *http.Request, cycle *item) (int, any) {
	var link WebLink
	if json.NewDecoder(r.Body).Decode(&link) != nil || link.URL == "" {
		return http.StatusBadRequest, failure(http.StatusBadRequest, "url: must not be null")
	}
	link.ID, link.Type = s.newID(), "COVERAGE"
	cycle.webLinks = append(cycle.webLinks, link)
	return http.StatusCreated, map[string]any{
		"id":   link.ID,
		"self": fmt.Sprintf("%s/testcycles/%d/links/weblinks/%d", Base, cycle.id, link.ID),
	}
}

func failure(status int, message string) map[string]any {
	return map[string]any{"errorCode": status, "message": message}
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
