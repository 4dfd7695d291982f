package starter

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"curfew/workflows/contract"
)

func TestEveryAnswerOfTemporalsHasARemedy(t *testing.T) {
	t.Parallel()
	for says, tc := range map[string]struct {
		err  error
		kind contract.Kind
	}{
		"no worker is at work": {serviceerror.NewFailedPrecondition("no poller seen for task queue recently, worker may be down"), contract.KindUnavailable},
		"take this now":        {serviceerror.NewFailedPrecondition("Workflow is paused. Cannot update the workflow."), contract.KindUnavailable},
		"there is no request":  {serviceerror.NewNotFound("no execution"), contract.KindNotFound},
		"came to its end first": {temporal.NewApplicationErrorWithOptions("Workflow Update failed because the Workflow completed before the Update completed.",
			updateOutlived, temporal.ApplicationErrorOptions{NonRetryable: true}), contract.KindConflict},
		"the worker does not know": {errors.Join(temporal.NewApplicationError("unknown update extend. KnownUpdates=[]", "wrapError")), contract.KindUnavailable},
		"was ended in Temporal":    {fmt.Errorf("the update: %w", &temporal.TerminatedError{}), contract.KindConflict},
		"has not answered yet":     {context.DeadlineExceeded, contract.KindUnavailable},
		"can't be reached":         {serviceerror.NewUnavailable("connection refused"), contract.KindUnavailable},
		"too much to do":           {serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, "limit"), contract.KindUnavailable},
		"does not let the server":  {serviceerror.NewPermissionDenied("no", ""), contract.KindUnavailable},
		"not have the namespace":   {serviceerror.NewNamespaceNotFound("curfew"), contract.KindUnavailable},
		"this Temporal can't":      {serviceerror.NewUnimplemented("update"), contract.KindUnavailable},
		"could not answer":         {serviceerror.NewQueryFailed("the workflow panicked"), contract.KindUnavailable},
		"Temporal has failed":      {serviceerror.NewInternal("shard lost"), contract.KindUnavailable},
	} {
		problem, known := contract.ProblemOf(problemOf(tc.err, "01J"))
		require.True(t, known, says)
		require.Equal(t, tc.kind, problem.Kind, says)
		require.Contains(t, problem.Fault, says)
		require.NotEmpty(t, problem.Fix, says)
	}
	unknown, _ := contract.ProblemOf(problemOf(errors.New("a nil map"), "01J"))
	require.Equal(t, contract.KindInternal, unknown.Kind, "what is no answer of Temporal's is Curfew's own fault")
}

func TestNoCodeOfTemporalsIsLeftOut(t *testing.T) {
	t.Parallel()
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		problem, known := contract.ProblemOf(problemOf(status.Error(code, "no"), "01J"))
		require.True(t, known, code)
		require.NotEmpty(t, problem.Fix, code)
		if own := code == codes.InvalidArgument || code == codes.OutOfRange || code == codes.AlreadyExists; !own {
			require.NotEqual(t, contract.KindInternal, problem.Kind, code)
		}
	}
}
