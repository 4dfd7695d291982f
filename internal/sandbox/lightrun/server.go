// Package lightrun stands in for the part of Lightrun that Curfew uses: temporary accesses, user groups, users and
// agent pools, with the limits that the vendor documents. It keeps its state in memory and has its own clock, so that
// accesses end by themselves.
package lightrun

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"curfew/internal/sandbox"
)

// bodyLimit bounds request bodies, in bytes.
const bodyLimit = 1 << 20

// Scope is what an API key may do.
type Scope string

// The scopes that matter here.
const (
	ScopeDev     Scope = "DEV"     // temporary accesses and agent pools
	ScopeCompany Scope = "COMPANY" // groups and users
)

// Key is an API key.
type Key struct {
	Value  string
	Scopes []Scope
	Until  time.Time // it stops working then, without a word; zero means never
}

// Options is the company that the server serves.
type Options struct {
	Keys   []Key
	Users  []User
	Pools  []AgentPool
	Groups []Group
	// Limit is how many temporary accesses may live at once; 0 means the vendor's 100.
	Limit int
	// Full is what it says when there is no room; empty means the vendor's documented words.
	Full string
	// NoTotals leaves the total out of lists: the vendor's document requires none.
	NoTotals bool
	// Now is the server's clock; nil means the machine's.
	Now func() time.Time
}

// Server is one company's Lightrun. It is safe for concurrent use.
type Server struct {
	keys  []Key
	users []User
	pools []AgentPool
	limit int
	full  string
	now   func() time.Time

	noTotals bool

	mu       sync.Mutex
	accesses []TempAccess // oldest first, those that have expired included
	groups   []Group
}

// New makes a server; ids that the options leave empty are made up.
func New(options Options) *Server {
	s := &Server{
		keys: options.Keys, users: slices.Clone(options.Users), pools: slices.Clone(options.Pools),
		limit: options.Limit, full: cmp.Or(options.Full, documentedFull), now: options.Now, noTotals: options.NoTotals,
	}
	if s.limit == 0 {
		s.limit = 100
	}
	if s.now == nil {
		s.now = time.Now
	}
	for i := range s.users {
		identify(&s.users[i].ID)
	}
	for i := range s.pools {
		identify(&s.pools[i].ID)
	}
	for _, group := range options.Groups {
		s.groups = append(s.groups, group.complete())
	}
	return s
}

func identify(id *string) {
	if *id == "" {
		*id = uuid.NewString()
	}
}

// operation is one operation of the API. Its handler runs alone.
type operation struct {
	name   string // as the vendor's document and http.ServeMux spell it
	scope  Scope
	handle func(r *http.Request, body []byte) reply
}

func (s *Server) operations() []operation {
	return []operation{
		{"GET /api/v1/temp-access", ScopeDev, s.listAccesses},
		{"POST /api/v1/temp-access", ScopeDev, s.addAccess},
		{"DELETE /api/v1/temp-access/{id}", ScopeDev, s.deleteAccess},
		{"GET /api/v1/agent-pools", ScopeDev, s.listPools},
		{"GET /api/v1/agent-pools/{id}", ScopeDev, s.getPool},
		{"GET /api/v1/users", ScopeCompany, s.listUsers},
		{"GET /api/v1/users/{email}", ScopeCompany, s.getUser},
		{"GET /api/v1/groups", ScopeCompany, s.listGroups},
		{"POST /api/v1/groups", ScopeCompany, s.addGroup},
		{"GET /api/v1/groups/{id}", ScopeCompany, s.getGroup},
		{"PUT /api/v1/groups/{id}", ScopeCompany, s.updateGroup},
		{"DELETE /api/v1/groups/{id}", ScopeCompany, s.deleteGroup},
		{"POST /api/v1/groups/{id}/members", ScopeCompany, s.addMembers},
		{"DELETE /api/v1/groups/{id}/members", ScopeCompany, s.removeMembers},
		{"PUT /api/v1/groups/{id}/members/{email}", ScopeCompany, s.updateMember},
	}
}

// Operations lists what the server answers, as the vendor's document spells it: "GET /api/v1/groups/{id}".
func Operations() []string {
	var names []string
	for _, operation := range New(Options{}).operations() {
		names = append(names, operation.name)
	}
	return names
}

// Handler serves the API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, operation := range s.operations() {
		mux.HandleFunc(operation.name, func(w http.ResponseWriter, r *http.Request) {
			s.serve(operation, r).write(w)
		})
	}
	return mux
}

func (s *Server) serve(operation operation, r *http.Request) reply {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, bodyLimit))
	if err != nil {
		return refuse(http.StatusBadRequest, "The request can't be read.")
	}
	key, known := s.key(r)
	switch {
	case !known:
		return refuse(http.StatusUnauthorized, "401 Unauthorized")
	case !slices.Contains(key.Scopes, operation.scope):
		return refuse(http.StatusForbidden, "Access is denied.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sandbox.Lies(r) {
		defer s.restore(slices.Clone(s.accesses), s.copyGroups())
	}
	return operation.handle(r, body)
}

func (s *Server) restore(accesses []TempAccess, groups []Group) {
	s.accesses, s.groups = accesses, groups
}

func (s *Server) key(r *http.Request) (Key, bool) {
	value, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	at := slices.IndexFunc(s.keys, func(key Key) bool {
		return key.Value == value && (key.Until.IsZero() || key.Until.After(s.now()))
	})
	if !bearer || at < 0 {
		return Key{}, false
	}
	return s.keys[at], true
}

// reply is an answer; a nil body is none.
type reply struct {
	status int
	body   any
}

func refuse(status int, message string) reply {
	return reply{status, map[string]string{"message": message}}
}

func (r reply) write(w http.ResponseWriter) {
	if r.body != nil {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(r.status)
	if r.body != nil {
		_ = json.NewEncoder(w).Encode(r.body) // the caller may have gone: nobody is left to be told
	}
}
