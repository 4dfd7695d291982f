package test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

// nap is a workflow that sleeps.
func nap(ctx workflow.Context, length time.Duration) error { return workflow.Sleep(ctx, length) }

func TestServer(t *testing.T) {
	t.Parallel()
	p := start(t, "--ui-port=0")
	c := p.dial(t)
	require.Equal(t, contract.Namespace, p.Namespace)

	t.Run("namespace", func(t *testing.T) {
		require.Equal(t, 72*time.Hour, retention(t, c))
		require.Equal(t, wantedAttributes(t), attributes(t, c))
	})

	t.Run("workflow", func(t *testing.T) {
		work(t, c)
		run := startNap(t, c, "nap", 50*time.Millisecond, contract.KeyTarget.ValueSet([]string{"orders-db"}))
		require.NoError(t, run.Get(t.Context(), nil))
		started, fired := timer(t, c, "nap")
		require.Len(t, fired, 1)
		// Without --timer-shift it would be a second.
		pace.OnTime(t, "the timer", fired[0].Sub(started[0]), 500*time.Millisecond)
		require.Eventually(t, func() bool {
			found, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
				Query: "CurfewTarget = 'orders-db'",
			})
			return err == nil && found.GetCount() == 1
		}, pace.Patience(), 20*time.Millisecond)
	})

	t.Run("web UI", func(t *testing.T) {
		script := regexp.MustCompile(`/_app/immutable/entry/start[^"]+`).
			FindString(get(t, p.UI+"/namespaces/curfew/workflows"))
		require.NotEmpty(t, script, "the page is Temporal's")
		require.Contains(t, get(t, p.UI+script), "import", "the page's script is there too")
		require.Regexp(t, `"name":\s*"curfew"`, get(t, p.UI+"/api/v1/namespaces/curfew"), "the UI reaches the server")
	})

	p.stop(t)
}

// Whatever was asleep when the process was killed wakes up in the next one, once.
func TestKill(t *testing.T) {
	t.Parallel()
	const sleepers = 20
	id := func(i int) string { return fmt.Sprintf("sleeper-%d", i) }
	db := filepath.Join(t.TempDir(), "curfew.db")

	p := start(t, "--db="+db)
	c := p.dial(t)
	stopWork := work(t, c)
	for i := range sleepers {
		startNap(t, c, id(i), 5*time.Second)
	}
	require.Eventually(t, func() bool {
		for i := range sleepers {
			if started, _ := timer(t, c, id(i)); len(started) == 0 {
				return false
			}
		}
		return true
	}, pace.Patience(), 20*time.Millisecond)
	for i := range sleepers {
		_, fired := timer(t, c, id(i))
		require.Empty(t, fired, "%s must still be asleep for this test to mean something", id(i))
	}
	stopWork()
	p.kill()

	p = start(t, "--db="+db)
	c = p.dial(t)
	work(t, c)
	for i := range sleepers {
		require.NoError(t, c.GetWorkflow(t.Context(), id(i), "").Get(t.Context(), nil))
		_, fired := timer(t, c, id(i))
		require.Len(t, fired, 1, id(i))
	}
	p.stop(t)
}

// A file that another release made gets what this one needs, and it can be used at once.
func TestReopen(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "50% ours?.db") // a name that means something else in a URL
	p := start(t, "--db="+db)
	c := p.dial(t)
	_, err := c.OperatorService().RemoveSearchAttributes(t.Context(), &operatorservice.RemoveSearchAttributesRequest{
		Namespace: contract.Namespace, SearchAttributes: []string{contract.KeyStuck.GetName()},
	})
	require.NoError(t, err)
	require.NotEqual(t, wantedAttributes(t), attributes(t, c))
	requirePrivate(t, db)
	p.stop(t)
	require.NoError(t, os.Chmod(db, 0o644)) // as an earlier release made it

	p = start(t, "--db="+db, "--sync=full", "--retention=5h")
	c = p.dial(t)
	work(t, c)
	run := startNap(t, c, "stuck", time.Millisecond, contract.KeyStuck.ValueSet(true))
	require.NoError(t, run.Get(t.Context(), nil))
	require.Equal(t, wantedAttributes(t), attributes(t, c))
	require.Equal(t, 5*time.Hour, retention(t, c))
	requirePrivate(t, db)
	p.stop(t)
}

// requirePrivate holds that only the owner can read a database and the files beside it.
func requirePrivate(t *testing.T, db string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(db), "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, file)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	open := filepath.Join(folder, "open.db")
	start(t, "--db="+open)
	other := filepath.Join(folder, "other.txt")
	require.NoError(t, os.WriteFile(other, []byte(strings.Repeat("not a database ", 99)), 0o600))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)

	for _, refusal := range []struct{ flag, says string }{
		{"--db=" + open, "another server is using it"},
		{"--db=" + other, "some other file"},
		{"--db=" + filepath.Join(folder, "nowhere", "curfew.db"), "folder must exist"},
		{"--port=" + port, "0 picks a free one"},
		{"--ip=localhost", "write it like 127.0.0.1"},
		{"--sync=never", "choose normal or full"},
		{"--log-level=loud", "choose debug, info, warn, error"},
		{"--retention=1m", "one hour or more"},
		{"--timer-shift=-1s", "negative"},
		{"memory", "is not a flag"},
	} {
		out, err := command(t, refusal.flag).CombinedOutput()
		require.Error(t, err, refusal.flag)
		require.Contains(t, string(out), refusal.says, refusal.flag)
	}
}

func startNap(
	t *testing.T, c client.Client, id string, length time.Duration, attributes ...temporal.SearchAttributeUpdate,
) client.WorkflowRun {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: id, TaskQueue: taskQueue, TypedSearchAttributes: temporal.NewSearchAttributes(attributes...),
	}, nap, length)
	require.NoError(t, err)
	return run
}

// timer reads from a workflow's history when its timers were started and when they fired.
func timer(t *testing.T, c client.Client, id string) (started, fired []time.Time) {
	t.Helper()
	history := c.GetWorkflowHistory(t.Context(), id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(t, err)
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_TIMER_STARTED:
			started = append(started, event.GetEventTime().AsTime())
		case enumspb.EVENT_TYPE_TIMER_FIRED:
			fired = append(fired, event.GetEventTime().AsTime())
		}
	}
	return started, fired
}

func retention(t *testing.T, c client.Client) time.Duration {
	t.Helper()
	namespace, err := c.WorkflowService().DescribeNamespace(t.Context(),
		&workflowservice.DescribeNamespaceRequest{Namespace: contract.Namespace})
	require.NoError(t, err)
	return namespace.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
}

func attributes(t *testing.T, c client.Client) map[string]enumspb.IndexedValueType {
	t.Helper()
	list, err := c.OperatorService().ListSearchAttributes(t.Context(),
		&operatorservice.ListSearchAttributesRequest{Namespace: contract.Namespace})
	require.NoError(t, err)
	return list.GetCustomAttributes()
}

func wantedAttributes(t *testing.T) map[string]enumspb.IndexedValueType {
	t.Helper()
	wanted := map[string]enumspb.IndexedValueType{}
	for _, attribute := range contract.SearchAttributes {
		kind, err := enumspb.IndexedValueTypeFromString(attribute.Type)
		require.NoError(t, err)
		wanted[attribute.Name] = kind
	}
	require.NotEmpty(t, wanted)
	return wanted
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, string(body))
	return string(body)
}
