package worker

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"curfew/activities"
	"curfew/workflows/contract"
)

// DeliverFunc acts on a delivery of a source of webhooks.
type DeliverFunc func(context.Context, contract.DeliveryInput) (contract.Delivered, error)

// deliveries is how many a server acts on at once; the others wait in Temporal.
const deliveries = 64

// Deliver runs in a server, and acts on deliveries until the context ends.
func Deliver(ctx context.Context, temporal client.Client, act DeliverFunc, log *zap.Logger) {
	for ctx.Err() == nil {
		w := sdkworker.New(temporal, contract.TaskQueueServer, sdkworker.Options{
			DisableWorkflowWorker: true, DisableRegistrationAliasing: true,
			MaxConcurrentActivityExecutionSize: deliveries, WorkerStopTimeout: stopTimeout,
		})
		registerDeliver(w, act)
		err := w.Start()
		if err == nil {
			<-ctx.Done()
			w.Stop()
			return
		}
		log.Error("deliveries wait: the server can't take them from Temporal; it tries again", zap.Error(err))
		select {
		case <-ctx.Done():
		case <-time.After(startAgain):
		}
	}
}

func registerDeliver(r Registry, act DeliverFunc) {
	register(r, map[string]any{
		contract.ActivityDeliver: func(ctx context.Context, in contract.DeliveryInput) (contract.Delivered, error) {
			done, err := alive(ctx, func() (contract.Delivered, error) { return act(ctx, in) })
			return done, activities.Error(err)
		},
	})
}

// beat is how often a server says that it still acts on a delivery. Most are done before the first time.
const beat = 2 * time.Second

// alive does something, and sends Temporal heartbeats meanwhile.
func alive[T any](ctx context.Context, do func() (T, error)) (T, error) {
	done := make(chan struct{})
	var beside sync.WaitGroup
	defer beside.Wait()
	defer close(done)
	beside.Go(func() {
		every := time.NewTicker(beat)
		defer every.Stop()
		for {
			select {
			case <-done:
				return
			case <-every.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	})
	return do()
}
