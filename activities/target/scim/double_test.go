package scim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"curfew/activities/target"
)

// double is a service with one group that does as a test says.
type double struct {
	t  *testing.T
	mu sync.Mutex

	users   map[string]string // userNames by their ids
	members []string
	version int

	// patched is who is in the group after a change to it; what was asked for, when it is nil.
	patched func(members []string, op, id string) []string
	// etag tells the version; there is none when it is nil.
	etag func(version int) string
	// enforces refuses a change that is meant for another version than etag's.
	enforces bool
	// silent answers a change without a body, as a service may.
	silent bool
	// hides is true for a service that shows no members.
	hides bool
	// meanwhile happens just before a change.
	meanwhile func(d *double)
	changes   int
}

const doubleGroup = "g-1"

func newDouble(t *testing.T, members ...string) *double {
	t.Helper()
	return &double{t: t, members: members, users: map[string]string{
		"u-ada": "ada", "u-bob": "bob", "u-eve": "eve", "u-odd": `o"brien \ Zoë`, "u-mal": "mallory",
	}}
}

func (d *double) start() string {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /Users", d.find)
	mux.HandleFunc("GET /Groups", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("filter") {
			refuse(w, http.StatusBadRequest, "invalidFilter")
			return
		}
		reply(w, map[string]any{"totalResults": 1, "Resources": []any{map[string]any{"id": doubleGroup}}})
	})
	mux.HandleFunc("GET /Groups/{id}", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if r.PathValue("id") != doubleGroup {
			refuse(w, http.StatusNotFound, "")
			return
		}
		d.show(w)
	})
	mux.HandleFunc("PATCH /Groups/{id}", d.change)
	return serve(d.t, mux.ServeHTTP)
}

func (d *double) find(w http.ResponseWriter, r *http.Request) {
	written, ok := strings.CutPrefix(r.URL.Query().Get("filter"), "userName eq ")
	var name string
	if !ok || json.Unmarshal([]byte(written), &name) != nil {
		refuse(w, http.StatusBadRequest, "invalidFilter")
		return
	}
	found := []any{}
	for id, userName := range d.users {
		if strings.EqualFold(userName, name) {
			found = append(found, map[string]string{"id": id, "userName": userName})
		}
	}
	reply(w, map[string]any{"totalResults": len(found), "Resources": found})
}

func (d *double) show(w http.ResponseWriter) {
	if d.etag != nil {
		w.Header().Set("ETag", d.etag(d.version))
	}
	group := map[string]any{"id": doubleGroup, "displayName": "Operators"}
	if !d.hides {
		members := []map[string]string{}
		for _, id := range d.members {
			members = append(members, map[string]string{"value": id, "display": d.users[id]})
		}
		group["members"] = members
	}
	reply(w, group)
}

func (d *double) change(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.meanwhile != nil {
		d.meanwhile(d)
	}
	if wanted := r.Header.Get("If-Match"); d.enforces && wanted != "" && wanted != d.etag(d.version) {
		refuse(w, http.StatusPreconditionFailed, "")
		return
	}
	op, id := d.operation(r)
	d.changes++
	d.version++
	if d.patched != nil {
		d.members = d.patched(d.members, op, id)
	} else {
		d.members = honest(d.members, op, id)
	}
	if d.silent {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	d.show(w)
}

// operation reads a change, which must be one of the two that Curfew may ask for.
func (d *double) operation(r *http.Request) (op, id string) {
	var asked struct {
		Schemas    []string `json:"schemas"`
		Operations []struct {
			Op, Path string
			Value    []struct{ Value string }
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || len(asked.Operations) != 1 {
		d.t.Errorf("a change of %d operations: %v", len(asked.Operations), err)
		return "", ""
	}
	one := asked.Operations[0]
	if one.Op == "add" && one.Path == "members" && len(one.Value) == 1 {
		return "add", one.Value[0].Value
	}
	if _, err := fmt.Sscanf(
		one.Path,
		"members[value eq %q]",
		&id,
	); err == nil && one.Op == "remove" &&
		one.Value == nil {
		return "remove", id
	}
	d.t.Errorf("unexpected operation %+v", one)
	return "", ""
}

func honest(members []string, op, id string) []string {
	if op == "add" {
		return append(slices.Clone(members), id)
	}
	return slices.DeleteFunc(slices.Clone(members), func(one string) bool { return one == id })
}

func ofDouble(account string) target.Access {
	return accessOf(entitlementOf("Operators", doubleGroup), account)
}

func reply(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/scim+json")
	_ = json.NewEncoder(w).Encode(content)
}

func refuse(w http.ResponseWriter, status int, scimType string) {
	w.WriteHeader(status)
	reply(w, map[string]any{
		"schemas": []string{
			"urn:ietf:params:scim:api:messages:2.0:Error",
		},
		"status":   fmt.Sprint(status),
		"scimType": scimType,
		"detail":   "refused",
	})
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// answering always gives one answer, and is not to be asked for a change.
func answering(t *testing.T, status int, body string) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("unexpected %s %s", r.Method, r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// before lets something happen before each request reaches a server.
func before(t *testing.T, to string, happens func(*http.Request)) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		happens(r)
		forward(w, r, to)
	})
}

// forward hands a request on to a server.
func forward(w http.ResponseWriter, r *http.Request, to string) {
	address, err := url.Parse(to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) }}).ServeHTTP(w, r)
}
