package target

import (
	"context"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Issue is the activity contract.ActivityIssue: it has a certificate made for access that is live.
func (a *Activities) Issue(ctx context.Context, command contract.IssueCommand) (contract.Certificate, error) {
	certificate, err := a.issue(ctx, command, startedAt(ctx))
	return certificate, activities.Error(err)
}

func (a *Activities) issue(
	ctx context.Context,
	command contract.IssueCommand,
	clock serverClock,
) (contract.Certificate, error) {
	found, err := a.find(command.Access.Target)
	if err != nil {
		return contract.Certificate{}, err
	}
	ask := command.Ask.Fact
	if a.verifier != nil {
		if _, err := a.verifier.Verify(seal.OfCertificate(ask), ask, command.Ask.Seal); err != nil {
			return contract.Certificate{}, err
		}
	}
	if ask.Person != command.Access.Person || ask.Target != command.Access.Target {
		return contract.Certificate{}, contract.Forbidden("only the subject gets a certificate").
			Advise("ask for access of your own")
	}
	issuer, ok := as[CertificateIssuer](found.Connector)
	if !ok {
		return contract.Certificate{}, contract.Invalid("%s issues no certificates", command.Access.Target).
			At("target").
			Advise("name a target of the kind ssh")
	}
	// The lock keeps an end from passing by: after it nothing is issued, and it revokes what was issued before.
	locked, err := a.holdings.Lock(ctx, command.Access.GrantID())
	if err != nil {
		return contract.Certificate{}, contract.Unavailable(
			"the holding can't be locked, so nothing is issued: %v",
			err,
		)
	}
	defer locked.Unlock()
	ctx, done := whileHeld(ctx)
	defer done()
	holding := locked.Holding()
	if !holding.Open || !holding.Until.After(clock.now()) {
		return contract.Certificate{}, contract.Conflict("the access has ended").Advise("make a new request")
	}
	stops, err := locked.Stops(ctx, ask.Request)
	if err != nil {
		return contract.Certificate{}, contract.Unavailable(
			"what has ended can't be read, so nothing is issued: %v",
			err,
		)
	}
	if by, ended := stops.Ended[ask.Request]; ended {
		return contract.Certificate{}, ledger.Over(by)
	}
	line, err := issuer.Issue(ctx, access(command.Access, holding.Leases), []byte(ask.PublicKey))
	if err != nil {
		return contract.Certificate{}, err
	}
	return contract.Certificate{Certificate: string(line), Until: holding.Until}, nil
}
