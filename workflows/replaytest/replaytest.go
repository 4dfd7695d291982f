// Package replaytest replays recorded histories through the workflows of today. A history is recorded on a real server
// from a release and never changed afterwards: requests that began under that release still sleep somewhere.
package replaytest

import (
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
)

// Corpus replays every history below testdata/replay: <release>/<scenario>.json.gz.
func Corpus(t *testing.T, name string, run any) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "replay", "*", "*.json.gz"))
	require.NoError(t, err)
	if len(paths) == 0 {
		t.Skip("nothing has been released yet; make record keeps the histories of a release here")
	}
	for _, path := range paths {
		t.Run(filepath.ToSlash(path), func(t *testing.T) {
			t.Parallel()
			history, err := read(path)
			require.NoError(t, err)
			require.NoError(t, Replay(name, run, history))
		})
	}
}

// Replay runs a workflow's code against a history, and fails when it would do anything else than what it did.
func Replay(name string, run any, history *historypb.History) error {
	replayer, err := worker.NewWorkflowReplayerWithOptions(
		worker.WorkflowReplayerOptions{DisableRegistrationAliasing: true},
	)
	if err != nil {
		return err
	}
	replayer.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name})
	// The replayer writes into the history that it is given: upserted search attributes go into its first event.
	history = proto.CloneOf(history)
	// Workflows look at their own id; without it the replayer makes one up.
	id := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowId()
	return replayer.ReplayWorkflowHistoryWithOptions(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), history,
		worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: id}})
}

// Write keeps a history as path. It refuses to change one that is there: a recorded history is a promise.
func Write(path string, history *historypb.History) (err error) {
	text, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(history)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // test data that everybody may read
		return err
	}
	//nolint:gosec // the caller's own test data
	file, err := os.OpenFile(
		path,
		os.O_WRONLY|os.O_CREATE|os.O_EXCL,
		0o644,
	)
	if err != nil {
		return fmt.Errorf("histories are recorded once for each release: %w", err)
	}
	packed := gzip.NewWriter(file)
	_, err = packed.Write(text)
	for _, step := range []func() error{packed.Close, file.Close} {
		if closed := step(); err == nil {
			err = closed
		}
	}
	return err
}

func read(path string) (*historypb.History, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read from
	packed, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		return nil, err
	}
	history := &historypb.History{}
	return history, temporalproto.CustomJSONUnmarshalOptions{}.Unmarshal(text, history)
}
