package promises

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/pace"
	"curfew/starter"
	"curfew/workflows/contract"
)

// boundary is a moment in a worker's life at which it is killed: when a call arrives at a stand-in, before it takes
// effect or after it did.
type boundary struct {
	method, path string
	after        bool
}

// gate stops the first call at a boundary for good, and says that it has.
type gate struct {
	mu      sync.Mutex
	armed   *boundary
	reached chan struct{}
}

func (g *gate) arm(b boundary) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed, g.reached = &b, make(chan struct{})
	return g.reached
}

func (g *gate) take(r *http.Request) (boundary, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	asksWhetherItIsReached := r.URL.Query().Get("size") == "1"
	if g.armed == nil || g.armed.method != r.Method || !strings.Contains(r.URL.Path, g.armed.path) ||
		asksWhetherItIsReached {
		return boundary{}, false
	}
	b := *g.armed
	g.armed = nil
	return b, true
}

func (g *gate) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, stopped := g.take(r)
		if !stopped {
			next.ServeHTTP(w, r)
			return
		}
		if b.after {
			next.ServeHTTP(discard{header: http.Header{}}, r)
		}
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the caller is gone
		close(g.reached)
		<-r.Context().Done() // until the worker is dead
		panic(http.ErrAbortHandler)
	})
}

// discard takes a reply that nobody will read.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// released has all workers of a test run by a release.
var released = flag.String("curfew", "", "run the workers by this `binary`")

// buildCurfew builds the program once for all tests, unless a release is tried.
var buildCurfew = sync.OnceValues(func() (string, error) {
	if *released != "" {
		return *released, nil
	}
	dir, err := os.MkdirTemp("", "curfew-promises-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "curfew")
	out, err := exec.Command("go", "build", "-o", path, "curfew/cmd/curfew").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build curfew: %w: %s", err, out)
	}
	return path, nil
})

// process is a worker in a process of its own.
type process struct {
	cmd *exec.Cmd
	log bytes.Buffer
}

func (h *house) workInAProcess(flags ...string) *process {
	h.t.Helper()
	program, err := buildCurfew()
	require.NoError(h.t, err)
	arguments := append([]string{"worker", "--config", filepath.Join(h.dir, "curfew.yaml")}, flags...)
	p := &process{cmd: exec.Command(program, arguments...)} //nolint:noctx // killed by the test
	p.cmd.Stderr = &p.log
	p.cmd.SysProcAttr = dieWithParent()
	require.NoError(h.t, p.cmd.Start())
	h.t.Cleanup(func() {
		p.kill()
		if h.t.Failed() {
			h.t.Logf("what a worker logged:\n%s", &p.log)
		}
	})
	return p
}

// kill ends the process like a crash.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be dead
	_ = p.cmd.Wait()         // it says that it was killed
}

func TestP2AWorkerKilledAtAnyBoundaryLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	const accesses, comments = "/api/v1/temp-access", "/rest/api/2/issue/" + key + "/comment"
	for name, b := range map[string]boundary{
		"before the grant":                        {"POST", accesses, false},
		"after the grant, before it is recorded":  {"POST", accesses, true},
		"before the revoke":                       {"DELETE", accesses, false},
		"after the revoke, before it is recorded": {"DELETE", accesses, true},
		"before a comment":                        {"POST", comments, false},
		"after a comment, before it is recorded":  {"POST", comments, true},
		"while the facts are gathered":            {"GET", "/rest/api/2/issue/" + key, false},
		"while the target is read":                {"GET", accesses, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &gate{}
			h := newHouse(t, through(g))
			worker := h.workInAProcess()
			id := h.ask(alice, "debug", 3*time.Second).ID
			reached := g.arm(b)
			approved := make(chan error, 1)
			go func() { // the worker may be dead before it can answer
				_, err := h.starter.Current().Review(
					t.Context(),
					bob,
					id,
					starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "go ahead"},
				)
				approved <- err
			}()
			select {
			case <-reached:
			case <-time.After(patience):
				require.Fail(t, "the boundary was never reached", worker.log.String())
			}
			worker.kill()
			h.workInAProcess()
			if <-approved != nil { // it is not known whether the review was taken: giving it again is safe
				_, err := h.starter.Current().Review(
					t.Context(),
					bob,
					id,
					starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "go ahead"},
				)
				if problem, ok := contract.ProblemOf(err); ok {
					require.Equal(t, contract.KindConflict, problem.Kind, problem.Error())
				} else {
					require.NoError(t, err)
				}
			}
			ended := h.ended(id)
			require.Equal(t, contract.OutcomeExpired, ended.Outcome, ended.Why)
			require.Empty(t, h.lightrun.Live(), "nothing is left at the target")
			require.Equal(t, wholeStory, h.headlines(id))
		})
	}
}

func TestP2AWorkerKilledWhileAccessSleepsIsReplaced(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	worker := h.workInAProcess()
	status := h.active(alice, "both", 8*time.Second) // its end is being waited for in the worker
	worker.kill()
	h.workInAProcess()
	require.Equal(t, contract.OutcomeExpired, h.ended(status.ID).Outcome)
	require.Empty(t, h.lightrun.Live())
	require.False(t, h.database.can(h.database.alice))
	require.Equal(t, []string{
		"Access requested by Alice (alice)",
		"Reviewed by Bob (bob); not decided yet",
		"Access approved by Carol (carol)",
		"Access granted",
		"Access has ended at its deadline",
	}, h.headlines(status.ID))
}

func TestP2AnotherWorkerMovesTheEndThatTheFirstWaitsFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.workInAProcess()
	status := h.active(alice, "both", 4*time.Second)
	h.workInAProcess()
	extended, err := h.starter.Current().Extend(
		t.Context(),
		alice,
		status.ID,
		contract.Duration{Duration: pace.Lasts(3 * time.Second)},
		"not done yet",
	)
	require.NoError(t, err)
	require.Eventually(
		t,
		func() bool { return time.Now().After(status.Until.Add(500 * time.Millisecond)) },
		patience,
		20*time.Millisecond,
	)
	require.True(t, h.canDebug("alice@example.org"))
	require.True(t, h.database.can(h.database.alice))
	ended := h.ended(status.ID)
	for _, hold := range ended.Holds {
		require.False(t, hold.GoneAt.Before(*extended.Until))
	}
}
