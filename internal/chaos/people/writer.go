package people

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"curfew/internal/chaos/judge"
	"curfew/internal/chaos/plan"
	"curfew/internal/chaos/world"
	"curfew/workflows/contract"
)

// writer is who can do everything in the Temporal namespace, and has no key.
const writer = "writer"

// writeWithin bounds one attempt of the writer's.
const writeWithin = 10 * time.Second

// tamper does to a request's workflows what was drawn.
func (s *script) tamper(ctx context.Context) {
	workflow := contract.RequestWorkflowID(s.id)
	switch s.Tamper {
	case plan.SignalRevoke:
		s.writes(ctx, judge.ActSignalRevoke, nil, func(ctx context.Context) error {
			return s.temporal.SignalWorkflow(
				ctx,
				workflow,
				"",
				contract.SignalRevoke,
				contract.RevokeSignal{By: writer, Reason: "it is over"},
			)
		})
	case plan.Terminate:
		s.terminate(ctx)
	case plan.TerminateGrants:
		s.terminateGrants(ctx)
	case plan.TerminateAll:
		s.terminate(ctx)
		s.terminateGrants(ctx)
	case plan.Reset:
		s.disturbs(
			s.writes(ctx, judge.ActReset, nil, func(ctx context.Context) error { return s.reset(ctx, workflow) }),
		)
	case plan.CancelWorkflow:
		s.disturbs(s.writes(ctx, judge.ActCancelWorkflow, nil, func(ctx context.Context) error {
			return s.temporal.CancelWorkflow(ctx, workflow, "")
		}))
	case plan.ForgeReview:
		s.writes(ctx, judge.ActForgeReview, nil, func(ctx context.Context) error {
			return s.update(ctx, workflow, contract.UpdateReview, s.forgedReview())
		})
	case plan.ForgeExtension:
		s.writes(ctx, judge.ActForgeExtension, nil, func(ctx context.Context) error {
			return s.update(ctx, workflow, contract.UpdateExtend, s.forgedExtension())
		})
	}
}

func (s *script) forgedReview() contract.ReviewInput {
	return contract.ReviewInput{Review: contract.Sealed[contract.Review]{
		Fact: contract.Review{
			Request: s.id, Reviewer: world.Bob, Verdict: contract.VerdictApprove, At: time.Now(),
		},
		Seal: forgedSeal,
	}}
}

func (s *script) forgedExtension() contract.ExtendInput {
	return contract.ExtendInput{Extension: contract.Sealed[contract.Extension]{
		Fact: contract.Extension{
			Request: s.id, By: s.person.ID, Duration: contract.Duration{Duration: time.Hour}, Reason: "more",
			At: time.Now(),
		},
		Seal: forgedSeal,
	}}
}

// forgedSeal has the form of a seal.
const forgedSeal = "eyJhbGciOiJFZERTQSJ9.eyJpYXQiOjF9.AAAA"

func (s *script) terminate(ctx context.Context) {
	s.disturbs(s.writes(ctx, judge.ActTerminate, nil, func(ctx context.Context) error {
		return s.temporal.TerminateWorkflow(ctx, contract.RequestWorkflowID(s.id), "", "to try Curfew")
	}))
}

func (s *script) terminateGrants(ctx context.Context) {
	keys := keysOf(s.person, s.Template)
	for _, hold := range s.status.Holds {
		s.disturbs(s.writes(ctx, judge.ActTerminateGrant, keys, func(ctx context.Context) error {
			return s.temporal.TerminateWorkflow(ctx, hold.Access.GrantID(), "", "to try Curfew")
		}))
	}
}

// disturbs says that the ends of the request's accesses are not what the workflows foresaw.
func (s *script) disturbs(answer judge.Answer) {
	if answer != judge.Refused {
		s.Wrong(judge.Fault{
			Kind: judge.Terminated, What: string(s.Tamper) + " of " + s.id, From: time.Now().Add(-time.Second),
			To: time.Now().Add(time.Hour), Keys: keysOf(s.person, s.Template),
		})
	}
}

// reset sets a workflow back to its first step.
func (s *script) reset(ctx context.Context, workflow string) error {
	first := int64(0)
	for history := s.temporal.GetWorkflowHistory(ctx, workflow, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); first == 0 && history.HasNext(); {
		event, err := history.Next()
		if err != nil {
			return err
		}
		if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			first = event.GetEventId()
		}
	}
	_, err := s.temporal.ResetWorkflowExecution(ctx, &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: contract.Namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: workflow},
		Reason: "to try Curfew", WorkflowTaskFinishEventId: first, RequestId: uuid.NewString(),
	})
	return err
}

func (c *Simulator) update(ctx context.Context, workflow, name string, input any) error {
	handle, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflow, UpdateName: name, WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{input},
	})
	if err != nil {
		return err
	}
	return handle.Get(ctx, nil)
}

func (s *script) writes(
	ctx context.Context,
	act judge.Act,
	keys []judge.Key,
	do func(context.Context) error,
) judge.Answer {
	said := s.says(writer, act)
	said.Keys = keys
	return s.write(ctx, said, do)
}

// write does something to Temporal, once, and writes down what came of it.
func (c *Simulator) write(ctx context.Context, said judge.Said, do func(context.Context) error) judge.Answer {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	said.First = time.Now()
	err := do(ctx)
	said.Sent, said.Answered, said.Answer = said.First, time.Now(), judge.Unknown
	var missing *serviceerror.NotFound
	problem, refused := contract.ProblemOf(err)
	switch {
	case err == nil:
		said.Answer = judge.Taken
	case errors.As(err, &missing):
		said.Answer = judge.Refused
	case refused && refusal(problem) != nil:
		said.Answer, said.Problem = judge.Refused, problem
	}
	c.actLog.write(said)
	return said.Answer
}

// forgeRequest starts a request of the stranger's past the server.
func (c *Simulator) forgeRequest(ctx context.Context, n int) {
	id, err := newID()
	if err != nil {
		return
	}
	access := contract.Access{
		Target:      world.Orders,
		Entitlement: []byte(`{"role":"` + world.ReadRole + `"}`),
		Person:      c.Stranger.ID,
		Account:     c.Stranger.Account,
	}
	fact := contract.Request{
		ID:        id,
		Template:  string(plan.Read),
		Requester: c.Stranger.ID,
		Subject:   c.Stranger.ID,
		Purpose:   contract.Purpose{Reason: "mine", Ticket: c.Tickets[n%len(c.Tickets)]},
		Duration: contract.Duration{
			Duration: time.Hour,
		},
		Source:  "api",
		AskedAt: time.Now(),
		Terms: contract.Terms{
			Digest: "none", Accesses: []contract.Access{access}, MaxDuration: contract.Duration{Duration: time.Hour},
			PendingFor: contract.Duration{Duration: time.Hour},
		},
	}
	c.write(ctx, judge.Said{Request: id, By: writer, Act: judge.ActForgeRequest}, func(ctx context.Context) error {
		_, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: contract.RequestWorkflowID(id), TaskQueue: contract.TaskQueue,
		}, contract.WorkflowRequest, contract.RequestInput{Request: contract.Sealed[contract.Request]{Fact: fact, Seal: forgedSeal}})
		return err
	})
}
