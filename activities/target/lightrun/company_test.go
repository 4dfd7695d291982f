package lightrun_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/lightrun"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
	"curfew/internal/sandbox/vendorcontract"
	"curfew/workflows/contract"
)

const (
	ann  = "ann@example.com"
	pool = "production"
	edge = "edge"
	crew = "6f1c2d1e-7a53-4a63-9d0c-0d6f5d0a7f11" // a group

	token        = "key-that-no-error-may-show"
	companyToken = "key-for-groups-that-no-error-may-show"
)

// company is a Lightrun company held to the vendor's contract, and what tests do to it.
type company struct {
	*sandboxlightrun.Server
	url string
	// faults hit every request, changeFaults only those that change something.
	faults, changeFaults sandbox.Faults
	// blind shows nothing of what the company holds, and does not count it.
	blind atomic.Bool

	mu    sync.Mutex
	ahead time.Duration // of the company's clock
	gate  *gate         // before the next change; nil when none waits
	seen  []string      // method and path of every request that was handled
	most  int           // temporary accesses that lived at once
}

// open starts a company; change may alter it before.
func open(t *testing.T, change func(*sandboxlightrun.Options)) *company {
	t.Helper()
	c := &company{}
	options := sandboxlightrun.Options{
		Keys: []sandboxlightrun.Key{
			{Value: token, Scopes: []sandboxlightrun.Scope{sandboxlightrun.ScopeDev}},
			{Value: companyToken, Scopes: []sandboxlightrun.Scope{sandboxlightrun.ScopeCompany}},
		},
		Users: []sandboxlightrun.User{{Email: ann}},
		Pools: []sandboxlightrun.AgentPool{{ID: pool}, {ID: edge}},
		Groups: []sandboxlightrun.Group{
			{ID: crew, Name: "crew", AgentPoolIDs: []string{pool}, Roles: []string{"STANDARD"}},
		},
		Now: c.now,
	}
	if change != nil {
		change(&options)
	}
	c.Server = sandboxlightrun.New(options)
	api := vendorcontract.Check(t, "lightrun.openapi.json", c.Handler(), sandboxlightrun.Operations()...)
	changes := c.changeFaults.Wrap(api)
	site := httptest.NewServer(c.faults.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.note(r)
		if r.Method == http.MethodGet && c.blind.Load() {
			_, _ = io.WriteString(w, `{"items":[],"hasMore":false,"name":"crew","members":[]}`)
			return
		}
		if r.Method == http.MethodGet {
			api.ServeHTTP(w, r)
			return
		}
		c.takeGate().wait()
		defer c.noteLive()
		changes.ServeHTTP(w, r)
	})))
	t.Cleanup(site.Close)
	c.url = site.URL
	return c
}

// lie has changes answered as if they were made, until the company is honest again.
func (c *company) lie(*testing.T) (honest func()) {
	c.changeFaults.Add(sandbox.Fault{Lie: true})
	return c.changeFaults.Clear
}

// gate holds one request back.
type gate struct{ reached, opened chan struct{} }

func (g *gate) wait() {
	if g != nil {
		close(g.reached)
		<-g.opened
	}
}

// holdNextChange lets the next change wait: reached is closed when it does, and open lets it go on.
func (c *company) holdNextChange() (reached <-chan struct{}, open func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gate = &gate{make(chan struct{}), make(chan struct{})}
	opened := c.gate.opened
	return c.gate.reached, func() { close(opened) }
}

func (c *company) takeGate() *gate {
	c.mu.Lock()
	defer c.mu.Unlock()
	gate := c.gate
	c.gate = nil
	return gate
}

func (c *company) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *company) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func (c *company) note(r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, r.Method+" "+r.URL.Path)
}

func (c *company) noteLive() {
	live := len(c.Live())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most = max(c.most, live)
}

// mostAtOnce returns how many temporary accesses have lived at once, as each change left them.
func (c *company) mostAtOnce() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}

// requests returns what was asked of the company so far.
func (c *company) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.seen...)
}

// names lists the temporary accesses that live.
func (c *company) names() []string {
	names := []string{}
	for _, access := range c.Live() {
		names = append(names, access.Name)
	}
	return names
}

// give makes an access as somebody in the portal would.
func (c *company) give(t *testing.T, name string) {
	t.Helper()
	c.byHand(t, token, http.MethodPost, "/api/v1/temp-access",
		fmt.Sprintf(`{"name":%q,"userEmails":[%q],"agentPoolIds":[%q],"roles":["Standard"],"expirationDate":%q}`,
			name, ann, edge, c.now().Add(24*time.Hour).Format(time.RFC3339)))
}

// byHand changes the company past everything that tests put before it.
func (c *company) byHand(t *testing.T, key, method, path, body string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+key)
	recorder := httptest.NewRecorder()
	c.Handler().ServeHTTP(recorder, request)
	require.Less(t, recorder.Code, http.StatusMultiStatus, recorder.Body)
}

// connect opens a connector with a key.
func connect(t *testing.T, url, key string) target.Connector {
	t.Helper()
	settings := lightrun.Settings{URL: url, Token: config.SecretOf(key)}
	connector, err := settings.Open()
	require.NoError(t, err)
	return connector
}

func normalized(t *testing.T, text string) json.RawMessage {
	t.Helper()
	entitlement, err := lightrun.Kind().Normalize(json.RawMessage(text))
	require.NoError(t, err)
	return entitlement
}

// request is one grant's worth of access to the pool for Ann.
func request(t *testing.T, until time.Time) target.Access {
	t.Helper()
	entitlement := normalized(t, `{"agentPoolIds":["`+pool+`"]}`)
	key := contract.Access{Target: "lightrun-prod", Entitlement: entitlement, Account: ann}.Digest()
	return target.Access{Key: key, Entitlement: entitlement, Account: ann, Until: until, Reference: "OPS-7"}
}

func in(d time.Duration) time.Time { return time.Now().Add(d).Truncate(time.Second) }

// requireProblem wants a problem of a kind that shows no key.
func requireProblem(t *testing.T, err error, kind contract.Kind, parts ...string) contract.Problem {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "not a problem: %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	for _, part := range parts {
		require.Contains(t, problem.Error(), part)
	}
	require.NotContains(t, problem.Error(), token)
	require.NotContains(t, problem.Error(), companyToken)
	return *problem
}
