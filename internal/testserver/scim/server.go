// Package scim starts a SCIM 2.0 server of others for tests: scimmy on node, one process for each test binary, on
// loopback only. Each test has a world of its own in it.
package scim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// shared is the server of this test binary: nil until a test asks for it.
var shared struct {
	sync.Mutex
	process *process
	err     error
	inMain  bool
}

// Main runs a package's tests, ends the server that they may have started, and exits. TestMain calls it.
func Main(m *testing.M) {
	shared.inMain = true
	code := m.Run()
	if shared.process != nil {
		shared.process.stop()
	}
	os.Exit(code)
}

// World is a service of its own: users and groups that no other world knows.
type World struct {
	address, name string
}

// Token is the bearer token that every world takes.
const Token = "the-token-of-the-peer"

// NewWorld makes an empty world, and starts the server for the first test that asks. A world with versions tells the
// version of each resource and refuses a change that was meant for another. Where node or its packages are missing the
// test fails with what to do about it.
func NewWorld(t testing.TB, versions bool) *World {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	require.True(t, shared.inMain, "nothing would end the server: let TestMain call scim.Main")
	if shared.process == nil && shared.err == nil {
		shared.process, shared.err = launch()
	}
	require.NoError(t, shared.err)
	w := &World{address: shared.process.address}
	var made struct{ Name string }
	w.call(t, http.MethodPost, "worlds", map[string]any{"token": Token, "versions": versions}, &made)
	w.name = made.Name
	return w
}

// Address is the server's root, to which Path is added.
func (w *World) Address() string { return "http://" + w.address }

// Path is where the world's SCIM API is.
func (w *World) Path() string { return "/world/" + w.name + "/scim/v2" }

// URL is the world's SCIM base URL.
func (w *World) URL() string { return w.Address() + w.Path() }

type resource struct {
	ID          string   `json:"id,omitempty"`
	UserName    string   `json:"userName,omitempty"`
	DisplayName string   `json:"displayName,omitempty"`
	Members     []member `json:"members,omitempty"`
}

type member struct {
	Value   string `json:"value"`
	Display string `json:"display,omitempty"`
}

// AddUser makes a user and returns its id.
func (w *World) AddUser(t testing.TB, userName string) string {
	t.Helper()
	var made resource
	w.call(t, http.MethodPost, "world/"+w.name+"/User", resource{UserName: userName}, &made)
	return made.ID
}

// AddGroup makes a group of users, by their ids, and returns its id.
func (w *World) AddGroup(t testing.TB, displayName string, users ...string) string {
	t.Helper()
	var made resource
	w.call(
		t,
		http.MethodPost,
		"world/"+w.name+"/Group",
		resource{DisplayName: displayName, Members: members(users)},
		&made,
	)
	return made.ID
}

// SetMembers makes users the members of a group, whatever it had.
func (w *World) SetMembers(t testing.TB, group string, users ...string) {
	t.Helper()
	var changed resource
	w.call(t, http.MethodPut, "world/"+w.name+"/Group/"+group+"/members", members(users), &changed)
}

func members(users []string) []member {
	all := []member{}
	for _, user := range users {
		all = append(all, member{Value: user})
	}
	return all
}

// Members are the ids of a group's members, in their order, each as often as it is listed.
func (w *World) Members(t testing.TB, group string) []string {
	t.Helper()
	var groups []resource
	w.call(t, http.MethodGet, "world/"+w.name+"/Group", nil, &groups)
	at := slices.IndexFunc(groups, func(one resource) bool { return one.ID == group })
	require.GreaterOrEqual(t, at, 0, "there is no group %s", group)
	ids := []string{}
	for _, one := range groups[at].Members {
		ids = append(ids, one.Value)
	}
	return ids
}

// UserID is the id of the user with a userName; empty when there is none.
func (w *World) UserID(t testing.TB, userName string) string {
	t.Helper()
	var users []resource
	w.call(t, http.MethodGet, "world/"+w.name+"/User", nil, &users)
	for _, one := range users {
		if one.UserName == userName {
			return one.ID
		}
	}
	return ""
}

// Groups are all groups with all that the world keeps of them but versions, without one user among their members.
func (w *World) Groups(t testing.TB, except string) string {
	t.Helper()
	var groups []resource
	w.call(t, http.MethodGet, "world/"+w.name+"/Group", nil, &groups)
	for i := range groups {
		groups[i].Members = slices.DeleteFunc(groups[i].Members, func(one member) bool { return one.Value == except })
	}
	text, err := json.Marshal(groups)
	require.NoError(t, err)
	return string(text)
}

// call acts past SCIM.
func (w *World) call(t testing.TB, method, path string, content, into any) {
	t.Helper()
	var body bytes.Buffer
	if content != nil {
		require.NoError(t, json.NewEncoder(&body).Encode(content))
	}
	request, err := http.NewRequestWithContext(t.Context(), method, w.Address()+"/admin/"+path, &body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.NoError(t, json.NewDecoder(response.Body).Decode(into))
}
