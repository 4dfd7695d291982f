package starter

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

const (
	// takenWithin bounds how long a source waits: Slack gives three seconds, PagerDuty five.
	takenWithin = 2500 * time.Millisecond
	// deliverWithin is how long a delivery may still be acted on. It is shorter than Temporal remembers anything, so
	// that nobody can make an old one happen again.
	deliverWithin = 72 * time.Hour
	// deliveryPriority is below that of requests, which have Temporal's own, 3: who asks or decides passes what sources
	// have sent, however much that is.
	deliveryPriority = 4
)

// Deliver lets into Temporal what a source has told, sealed. When it returns without an error, nothing can lose it any
// more; it is not fresh when the same was let in before.
func (s *Starter) Deliver(ctx context.Context, delivery contract.Delivery) (fresh bool, err error) {
	sealedFact, err := sealed(s.shared, seal.OfDelivery(delivery), delivery)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, takenWithin)
	defer cancel()
	_, err = s.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       contract.DeliveryWorkflowID(delivery.Source, delivery.ID),
		TaskQueue:                                contract.TaskQueue,
		WorkflowTaskTimeout:                      workflowTaskTimeout,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            delivery.Event + " from " + delivery.Source,
		Priority: temporal.Priority{
			PriorityKey: deliveryPriority,
			FairnessKey: delivery.Source,
		},
	}, contract.WorkflowDelivery, contract.DeliveryInput{Delivery: sealedFact})
	switch {
	case err == nil:
		return true, nil
	case isA[*serviceerror.WorkflowExecutionAlreadyStarted](err):
		return false, s.isSameOrder(ctx, delivery)
	case noAnswer(err):
		return false, unavailable(err, "Temporal has not answered yet")
	}
	return false, problemOf(err, "")
}

// isSameOrder refuses an order under the id of another one: whoever sent it would take it for done.
func (s *Starter) isSameOrder(ctx context.Context, again contract.Delivery) error {
	if again.Order == nil {
		return nil
	}
	var first contract.DeliveryInput
	workflow := contract.DeliveryWorkflowID(again.Source, again.ID)
	if found, err := s.firstInput(ctx, workflow, &first); err != nil || !found {
		return unavailable(err, "what was sent first under this id can't be read")
	}
	known := first.Delivery.Fact
	if known.Order != nil && known.Event == again.Event && *known.Order == *again.Order {
		return nil
	}
	return contract.Conflict("it is that of another order: %s", contract.Shorten(known.Event, maxEvent)).
		At("id").
		Advise("give each order an id of its own, the same when it is sent again")
}

// maxEvent bounds what is repeated of an event's name, in bytes.
const maxEvent = 64

// Delivered waits until a delivery that was let in is done, and returns what came of it.
func (s *Starter) Delivered(ctx context.Context, delivery contract.Delivery) (done contract.Delivered, err error) {
	if err := s.temporal.GetWorkflow(ctx, contract.DeliveryWorkflowID(delivery.Source, delivery.ID), "").
		Get(ctx, &done); err != nil {
		return contract.Delivered{}, problemOf(err, "")
	}
	return done, nil
}

// VerifyDelivery is a delivery that this server, or another one of Curfew's, has let in. Others are refused, and so are
// those that are too old.
func (s *Starter) VerifyDelivery(in contract.DeliveryInput) (contract.Delivery, error) {
	delivery := in.Delivery.Fact
	if s.verifier != nil {
		if _, err := s.verifier.Verify(seal.OfDelivery(delivery), delivery, in.Delivery.Seal); err != nil {
			return contract.Delivery{}, err
		}
	}
	if age := now().Sub(delivery.At); age > deliverWithin {
		return contract.Delivery{}, contract.Overdue("it came %s ago; after %s nothing is done any more", age.Round(time.Hour), deliverWithin).
			At("delivery").
			Advise("see in its source what has become of it")
	}
	return delivery, nil
}
