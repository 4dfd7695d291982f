package grant

import (
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// validateIssue lets only the subject have a certificate, and only through a request that holds this grant up.
func (g *run) validateIssue(in contract.IssueInput) error {
	ask := in.Ask.Fact
	_, holds := g.leases.Find(ask.Request)
	switch {
	case ask.Target != g.access.Target || ask.Person != g.access.Person:
		return contract.Forbidden("only the subject gets a certificate").
			Advise("ask for access of your own").
			Application()
	case !holds || g.held.IsZero():
		return contract.Conflict("the access is not there").Advise("make a new request").Application()
	case g.standing:
		return contract.Conflict("the access was there before, and is not Curfew's to certify").
			Advise("use it as you did before").
			Application()
	}
	return nil
}

// handleIssue has a certificate made. It changes nothing of the grant, so it need not wait for the main loop.
func (g *run) handleIssue(ctx workflow.Context, in contract.IssueInput) (contract.Certificate, error) {
	var certificate contract.Certificate
	command := contract.IssueCommand{Access: g.access, Ask: in.Ask}
	if err := issueOnTarget(ctx, command).Get(ctx, &certificate); err != nil {
		return certificate, contract.AsProblem(err).Application()
	}
	workflow.SignalExternalWorkflow(
		ctx,
		contract.RequestWorkflowID(in.Ask.Fact.Request),
		"",
		contract.SignalNoticed,
		contract.Notice{
			Kind:   contract.EventCertified,
			Target: g.access.Target,
			Detail: "until " + clock(certificate.Until),
			Ask:    in.Ask,
		},
	)
	return certificate, nil
}
