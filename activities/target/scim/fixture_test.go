package scim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/scim"
	"curfew/activities/target/targettest"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	testserver "curfew/internal/testserver/scim"
	"curfew/workflows/contract"
)

func TestMain(m *testing.M) { testserver.Main(m) }

const wrongToken = "wrong-canary-token"

// world is a world of the peer with a group and a line to it that can be cut.
type world struct {
	*testserver.World
	group  string
	url    string // by way of the line
	faults sandbox.Faults
	blind  atomic.Bool // nobody is shown as anybody's member
	count  atomic.Int64
}

func newWorld(t *testing.T, versions bool) *world {
	t.Helper()
	w := &world{World: testserver.NewWorld(t, versions)}
	w.group = w.AddGroup(t, "Operators", w.AddUser(t, "lasting@example.com"))
	w.AddGroup(t, "Others", w.UserID(t, "lasting@example.com"))
	address, err := url.Parse(w.Address())
	require.NoError(t, err)
	line := httptest.NewServer(w.faults.Wrap(&httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(address) },
		ModifyResponse: w.hide,
		// A caller that goes away is none of our faults.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}))
	t.Cleanup(line.Close)
	w.url = line.URL + w.Path()
	return w
}

// hide takes the members out of what the service shows, while the world is blind.
func (w *world) hide(response *http.Response) error {
	if !w.blind.Load() || response.Request.Method != http.MethodGet ||
		!strings.Contains(response.Request.URL.Path, "/Groups") {
		return nil
	}
	var shown map[string]any
	if err := json.NewDecoder(response.Body).Decode(&shown); err != nil {
		return err
	}
	shown["members"] = []any{}
	if _, list := shown["Resources"]; list {
		shown["totalResults"], shown["Resources"] = 0, []any{}
	}
	text, err := json.Marshal(shown)
	if err != nil {
		return err
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	response.Header.Set("Content-Length", strconv.Itoa(len(text)))
	return nil
}

// rename gives a user another userName, and returns it.
func (w *world) rename(t *testing.T, userName string) string {
	t.Helper()
	now := "renamed-" + userName
	body, err := json.Marshal(
		map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": now},
	)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPut,
		w.URL()+"/Users/"+w.UserID(t, userName),
		bytes.NewReader(body),
	)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+testserver.Token)
	request.Header.Set("Content-Type", "application/scim+json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	return now
}

// user makes a user who is in no group, and returns the userName.
func (w *world) user(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("user-%d@example.com", w.count.Add(1))
	w.AddUser(t, name)
	return name
}

func (w *world) entitlement() json.RawMessage { return entitlementOf("Operators", w.group) }

func (w *world) can(t *testing.T, account string) bool {
	t.Helper()
	id := w.UserID(t, account)
	for _, one := range w.Members(t, w.group) {
		if id != "" && one == id {
			return true
		}
	}
	return false
}

func entitlementOf(displayName, group string) json.RawMessage {
	written, _ := json.Marshal(map[string]string{"displayName": displayName, "group": group})
	return written
}

func accessOf(entitlement json.RawMessage, account string) target.Access {
	return target.Access{Key: strings.Repeat("0", 32), Entitlement: entitlement, Account: account}
}

func open(t *testing.T, settings scim.Settings) target.Connector {
	t.Helper()
	connector, err := settings.Open()
	require.NoError(t, err)
	return connector
}

func connect(t *testing.T, url, token string) target.Connector {
	t.Helper()
	return open(t, scim.Settings{URL: url, Token: config.SecretOf(token)})
}

func (w *world) fixture(t *testing.T) targettest.Fixture {
	t.Helper()
	return targettest.Fixture{
		Connector:   connect(t, w.url, testserver.Token),
		Entitlement: w.entitlement(),
		Limits:      scim.Kind().Limits,
		Accounts:    w.user,
		// The peer reads neither a quote nor a backslash in a filter; the doubles do.
		OddAccounts: func(t *testing.T) []string {
			odd := []string{
				`o'brien`,
				`Zoë Müller`,
				`日本 語`,
				`(a) [b] and userName pr`,
				`%41/../?#&+;=`,
				`<b>&amp;`,
				`UPPER`,
			}
			for _, name := range odd {
				w.AddUser(t, name)
			}
			return odd
		},
		UnknownAccount: "nobody@example.com",
		Can:            w.can,
		Snapshot: func(t *testing.T, except string) string {
			return w.Groups(t, w.UserID(t, except))
		},
		WrongCredentials: connect(t, w.url, wrongToken),
		Down:             connect(t, "http://"+closedAddress(t)+"/scim/v2", testserver.Token),
		Slow:             connect(t, "http://"+targettest.Silent(t)+"/scim/v2", testserver.Token),
		Secrets:          []string{testserver.Token, wrongToken},
		GiveStanding: func(t *testing.T, account string) {
			w.SetMembers(t, w.group, append(w.Members(t, w.group), w.UserID(t, account))...)
		},
		LoseReply: func(*testing.T) {
			w.faults.Add(sandbox.Fault{Method: http.MethodPatch, LoseReply: true, Times: 1})
		},
		Gateway: func(*testing.T) {
			w.faults.Add(sandbox.Fault{Method: http.MethodPatch, LoseReply: true, Status: 502, Times: 1})
		},
		Rename: w.rename,
		Blind:  func(*testing.T) { w.blind.Store(true) },
		Lie: func(*testing.T) func() { // a change may be answered without a body
			w.faults.Add(sandbox.Fault{Method: http.MethodPatch, Status: http.StatusNoContent})
			return w.faults.Clear
		},
	}
}

// closedAddress is where nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func requireProblem(t *testing.T, err error, kind contract.Kind, parts ...string) *contract.Problem {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "%v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	for _, part := range parts {
		require.Contains(t, problem.Error(), part)
	}
	return problem
}
