package target

import (
	"context"

	"curfew/activities"
	"curfew/workflows/contract"
)

// Issue is the activity contract.ActivityIssue: it has a certificate made for access that is live.
func (a *Activities) Issue(ctx context.Context, command contract.IssueCommand) (contract.Certificate, error) {
	certificate, err := a.issue(ctx, command, startedAt(ctx))
	return certificate, activities.Error(err)
}

func (a *Activities) issue(ctx context.Context, command contract.IssueCommand, clock serverClock) (contract.Certificate, error) {
	found, err := a.find(command.Access.Target)
	if err != nil {
		return contract.Certificate{}, err
	}
	issuer, ok := found.Connector.(CertificateIssuer)
	if !ok {
		return contract.Certificate{}, contract.Problemf(contract.KindInvalid, "target", "name a target of the kind ssh",
			"%s issues no certificates", command.Access.Target)
	}
	// The lock keeps an end from passing by: after it nothing is issued, and it revokes what was issued before.
	locked, err := a.holdings.Lock(ctx, command.Access.GrantID())
	if err != nil {
		return contract.Certificate{}, contract.Problemf(contract.KindUnavailable, "", "", "the holding can't be locked, so nothing is issued: %v", err)
	}
	defer locked.Unlock()
	holding := locked.Holding()
	if !holding.Open || !holding.Until.After(clock.now()) {
		return contract.Certificate{}, contract.Problemf(contract.KindConflict, "", "make a new request", "the access has ended")
	}
	line, err := issuer.Issue(ctx, access(command.Access, holding.Leases), []byte(command.PublicKey))
	if err != nil {
		return contract.Certificate{}, err
	}
	return contract.Certificate{Certificate: string(line), Until: holding.Until}, nil
}
