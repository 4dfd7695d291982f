package compose

import (
	"cmp"
	"context"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"curfew/internal/config"
	"curfew/internal/metrics"
	temporalmetrics "curfew/internal/metrics/temporal"
	"curfew/workflows/contract"
)

// dial prepares the connection to Temporal, in a namespace, as its environment and profile say; what curfew.yaml says
// comes first.
func dial(
	settings config.Temporal, measured *metrics.Metrics, log *zap.Logger,
) (temporal client.Client, namespace string, err error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, "", contract.Invalid("%v", err).
			At("temporal").
			Advise("mend Temporal's profile or its TEMPORAL_* variables")
	}
	options.HostPort = cmp.Or(settings.Address, options.HostPort, client.DefaultHostPort)
	options.Namespace = cmp.Or(settings.Namespace, options.Namespace, contract.Namespace)
	options.Logger = temporalLog{log.Sugar()}
	options.MetricsHandler = temporalmetrics.New(measured.Registry())
	options.ConnectionOptions.DialOptions = append(
		options.ConnectionOptions.DialOptions,
		grpc.WithChainUnaryInterceptor(byOwnClock),
	)
	temporal, err = client.NewLazyClient(options)
	if err != nil {
		return nil, "", contract.Invalid("%v", err).
			At("temporal").
			Advise("mend Temporal's profile or its TEMPORAL_* variables")
	}
	return temporal, options.Namespace, nil
}

// byOwnClock dates the activities that a worker is given by the worker's own clock. The SDK compares the time when an
// activity was scheduled, by Temporal's clock, with the machine's, and drops what seems to have timed out: a worker
// whose clock is ahead would end nothing. When an activity was started stays as Temporal has it; ends are measured from
// there.
func byOwnClock(
	ctx context.Context,
	method string,
	request, reply any,
	conn *grpc.ClientConn,
	call grpc.UnaryInvoker,
	options ...grpc.CallOption,
) error {
	if err := call(ctx, method, request, reply, conn, options...); err != nil {
		return err
	}
	switch given := reply.(type) {
	case *workflowservice.PollActivityTaskQueueResponse:
		dateByOwnClock(given)
	case *workflowservice.RespondWorkflowTaskCompletedResponse:
		for _, task := range given.GetActivityTasks() { // at once, to save a poll
			dateByOwnClock(task)
		}
	}
	return nil
}

func dateByOwnClock(task *workflowservice.PollActivityTaskQueueResponse) {
	if task.GetScheduledTime().IsValid() && task.GetStartedTime().IsValid() {
		waited := task.GetStartedTime().AsTime().Sub(task.GetScheduledTime().AsTime())
		task.ScheduledTime = timestamppb.New(time.Now().Add(-waited))
	}
}
