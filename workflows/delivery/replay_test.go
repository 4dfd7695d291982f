package delivery_test

import (
	"testing"

	"curfew/workflows/contract"
	"curfew/workflows/delivery"
	"curfew/workflows/replaytest"
)

func TestDeliveriesOfEveryReleaseGoOn(t *testing.T) {
	t.Parallel()
	replaytest.Corpus(t, contract.WorkflowDelivery, delivery.Delivery)
}
