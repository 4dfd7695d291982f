package promises

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"curfew/workflows/contract"
)

// A workflow task that records something itself may be lost after that: its worker dies before Temporal hears of it. It
// is run again then, beside whatever has arrived meanwhile, and must tell the same story: the ledger takes no other.
func TestP8AWorkflowTaskThatIsLostTellsTheSameStoryWhenItIsRunAgain(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]struct {
		looked    bool // the lost task is the one that saw the access gone; otherwise the one that granted
		meanwhile func(*house, string)
		kinds     []contract.EventKind
	}{
		"it granted": {
			kinds: []contract.EventKind{contract.EventGranted, contract.EventExpired},
		},
		"it granted, and the access is revoked": {
			meanwhile: (*house).signalRevoke,
			kinds:     []contract.EventKind{contract.EventGranted, contract.EventRevoking, contract.EventRevoked},
		},
		"it granted, and its grant has noticed something": {
			meanwhile: (*house).signalDrifted,
			kinds:     []contract.EventKind{contract.EventGranted, contract.EventDrifted, contract.EventExpired},
		},
		"it ended": {
			looked: true,
			kinds:  []contract.EventKind{contract.EventGranted, contract.EventExpired},
		},
		"it ended, and somebody revokes": {
			looked: true, meanwhile: (*house).signalRevoke,
			kinds: []contract.EventKind{contract.EventGranted, contract.EventExpired},
		},
		"it ended, and its grant has noticed something": {
			looked: true, meanwhile: (*house).signalDrifted,
			kinds: []contract.EventKind{contract.EventGranted, contract.EventExpired},
		},
		"it ended, and somebody else gets the access": {
			looked: true, meanwhile: (*house).grantAgain,
			kinds: []contract.EventKind{contract.EventGranted, contract.EventExpired},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			drop := &dropped{looked: lost.looked}
			h.client = drop.client(h)
			h.work()
			lasts := 15 * time.Second // longer than Temporal waits for the task that is lost
			if lost.looked {
				lasts = 2 * time.Second
			}
			id := drop.lose(h, lasts)
			if lost.meanwhile != nil {
				lost.meanwhile(h, id)
			}
			status := h.ended(id)
			require.Equal(
				t,
				append([]contract.EventKind{contract.EventRequested, contract.EventApproved}, lost.kinds...),
				h.kindsOf(id),
			)
			story := h.story(id)
			require.Equal(t, len(story), status.Seq)
			require.True(t, story[len(story)-1].At.Equal(*status.EndedAt), "the workflow says the same")
			require.Empty(t, h.alarms(contract.AlarmNotRecorded))
		})
	}
}

// signalRevoke revokes without waiting for an answer.
func (h *house) signalRevoke(id string) {
	require.NoError(h.t, h.client.SignalWorkflow(h.t.Context(), contract.RequestWorkflowID(id), "",
		contract.SignalRevoke, contract.RevokeSignal{By: bob, Reason: "enough"}))
}

// signalDrifted says what a grant says whose access somebody has removed.
func (h *house) signalDrifted(id string) {
	require.NoError(h.t, h.client.SignalWorkflow(h.t.Context(), contract.RequestWorkflowID(id), "",
		contract.SignalNoticed, contract.Notice{Kind: contract.EventDrifted, Target: "orders-db"}))
}

// grantAgain opens the holding anew, by another request of the same person.
func (h *house) grantAgain(string) {
	again := h.ask(alice, "orders", time.Hour)
	h.approve(bob, again.ID)
	h.await(again.ID, contract.StateActive)
}

// dropped loses one answer of a worker to Temporal: that of the first workflow task of a request which has recorded
// something itself and has a command besides.
type dropped struct {
	looked bool
	lost   atomic.Bool
}

// lose has access asked for until an answer is lost: while the machine is so busy that the ledger takes more than a second,
// no workflow task records anything itself.
func (d *dropped) lose(h *house, lasts time.Duration) (id string) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		id = h.ask(alice, "orders", lasts).ID
		h.approve(bob, id)
		return d.awaited(h, id)
	}, 10*patience, time.Millisecond, "no workflow task has recorded anything itself")
	return id
}

// awaited waits until an answer is lost, and is false when the workflow of the request has completed before. What the
// ledger says is no sign of that: it has the end before the answer is sent.
func (d *dropped) awaited(h *house, id string) bool {
	require.Eventually(h.t, func() bool {
		described, err := h.client.DescribeWorkflowExecution(h.t.Context(), contract.RequestWorkflowID(id), "")
		completed := enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
		return d.lost.Load() || err == nil && described.GetWorkflowExecutionInfo().GetStatus() == completed
	}, patience, 10*time.Millisecond)
	return d.lost.Load()
}

func (d *dropped) client(h *house) client.Client {
	h.t.Helper()
	c, err := client.DialContext(h.t.Context(), client.Options{
		HostPort: h.temporal.Address, Namespace: contract.Namespace,
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{
			DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(d.intercept)},
		},
	})
	require.NoError(h.t, err)
	h.t.Cleanup(c.Close)
	return c
}

func (d *dropped) intercept(
	ctx context.Context, method string, in, out any, connection *grpc.ClientConn, call grpc.UnaryInvoker,
	options ...grpc.CallOption,
) error {
	answer, is := in.(*workflowservice.RespondWorkflowTaskCompletedRequest)
	if is && d.matches(answer.GetCommands()) && d.lost.CompareAndSwap(false, true) {
		return status.Error(codes.InvalidArgument, "lost by the test")
	}
	return call(ctx, method, in, out, connection, options...)
}

// matches is true of a task that has recorded something itself: beside a timer until the deadline when it has granted,
// and beside a look when it has seen the access gone.
func (d *dropped) matches(commands []*commandpb.Command) bool {
	has := map[enumspb.CommandType]int{}
	for _, command := range commands {
		has[command.GetCommandType()]++
	}
	markers := has[enumspb.COMMAND_TYPE_RECORD_MARKER]
	switch {
	case has[enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES] == 0:
		return false
	case d.looked:
		return markers == 2
	}
	return markers == 1 && has[enumspb.COMMAND_TYPE_START_TIMER] == 1
}
