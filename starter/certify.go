package starter

import (
	"context"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// maxPublicKey is more than the longest key that is accepted takes, in bytes.
const maxPublicKey = 16 << 10

// Certify has a certificate made that lets the actor use active access of their own. target may be empty when the
// request is about one target.
func (s *Snapshot) Certify(ctx context.Context, actor, id, target, publicKey string) (contract.Certificate, error) {
	if len(publicKey) > maxPublicKey || strings.TrimSpace(publicKey) == "" {
		return contract.Certificate{}, contract.Invalid("is empty or too long").
			At("publicKey").
			Advise("give the one line of a .pub file")
	}
	status, err := s.open(ctx, actor, id, OperationCertify)
	if err != nil {
		return contract.Certificate{}, err
	}
	if status.State != contract.StateActive {
		return contract.Certificate{}, contract.Conflict("the request is %s", status.State).
			Advise("wait until it is active")
	}
	access, err := accessOn(status, target)
	if err != nil {
		return contract.Certificate{}, err
	}
	return s.issue(ctx, access, contract.CertificateAsk{
		Request: id, Person: actor, Target: access.Target, PublicKey: strings.TrimSpace(publicKey), At: now(),
	})
}

// accessOn finds what a request gives on one target.
func accessOn(status contract.Status, target string) (contract.Access, error) {
	var found []contract.Access
	var names []string
	for _, hold := range status.Holds {
		names = append(names, hold.Access.Target)
		if target == "" || hold.Access.Target == target {
			found = append(found, hold.Access)
		}
	}
	if len(found) != 1 {
		return contract.Access{}, contract.Invalid("%q is not one thing that the request gives", shortened(target)).
			At("target").
			Advise("choose one of " + strings.Join(distinct(names), ", "))
	}
	return found[0], nil
}

func (s *Snapshot) issue(
	ctx context.Context,
	access contract.Access,
	ask contract.CertificateAsk,
) (certificate contract.Certificate, err error) {
	sealedFact, err := sealed(s.shared, seal.OfCertificate(ask), ask)
	if err != nil {
		return certificate, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	handle, err := s.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   access.GrantID(),
		UpdateName:   contract.UpdateIssue,
		Args:         []any{contract.IssueInput{Ask: sealedFact}},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &certificate)
	}
	switch {
	case err == nil:
		return certificate, nil
	case isA[*serviceerror.NotFound](err):
		return certificate, contract.Conflict("the access is not there any more").Advise("ask for a new one")
	}
	return certificate, problemOf(err, ask.Request)
}
