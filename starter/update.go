package starter

import (
	"context"
	"crypto/rand"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"curfew/workflows/contract"
)

// message is an update of a request.
type message struct {
	name  string // of the update
	id    string // the same when it is repeated, and nobody else's to know
	input any
	asks  string // what the answer says that was asked
}

// update sends a message to a request and waits for the answer. Under an id that somebody has taken with another
// message comes the answer to that one: then it is sent anew, under an id that is used once.
func (s *Snapshot) update(ctx context.Context, id string, m message) (contract.Status, error) {
	within, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answer, err := s.sendUpdate(within, id, m)
	if m.swallowed(answer, err) {
		m.id = m.name + "/" + rand.Text()
		answer, err = s.sendUpdate(within, id, m)
	}
	switch {
	case err == nil:
		return answer.Status, nil
	case isA[*serviceerror.NotFound](err):
		return contract.Status{}, s.gone(ctx, id)
	}
	return contract.Status{}, s.unanswered(ctx, err, id)
}

// updateShown does so, and answers with what people read.
func (s *Snapshot) updateShown(ctx context.Context, id string, m message) (contract.Status, error) {
	status, err := s.update(ctx, id, m)
	if err != nil {
		return status, err
	}
	return s.shown(ctx, status), nil
}

// swallowed is true when an answer may belong to somebody else's message: it is to something else, or says that nobody
// vouches for what was sent.
func (m message) swallowed(answer contract.Answer, err error) bool {
	if err == nil {
		return answer.Asked != m.asks
	}
	problem, known := contract.ProblemOf(err)
	return known && problem.Kind == contract.KindForbidden
}

func (s *Snapshot) sendUpdate(ctx context.Context, id string, m message) (answer contract.Answer, err error) {
	handle, err := s.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: contract.RequestWorkflowID(id), UpdateName: m.name, UpdateID: m.id, Args: []any{m.input},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &answer)
	}
	return answer, err
}

// gone says why a request that could be seen a moment ago takes no message.
func (s *Snapshot) gone(ctx context.Context, id string) error {
	status, err := s.look(ctx, id)
	if err != nil {
		return err
	}
	switch {
	case status.State == contract.StateEnded:
		return hasEnded(status)
	case status.Untracked:
		return untracked(status)
	}
	return notFound(id)
}
