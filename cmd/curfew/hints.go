package main

import (
	"context"
	"fmt"
	"time"

	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

// uses say for each kind of target how access to it is used, by account and target.
var uses = map[string]string{
	"kubernetes":     "use kubectl as %s, on %s",
	"ldap":           "sign in as %s where the groups of %s count",
	"ldap-entry":     "sign in as %s where the entries of %s count",
	"lightrun":       "sign in as %s at %s",
	"lightrun-group": "sign in as %s at %s",
	"postgres":       "connect as %s to %s",
	"scim":           "sign in as %s where the groups of %s count",
}

const anyUse = "as %s on %s"

// hint is what to do next.
type hint struct{ name, text string }

// hints say how active access is used, lengthened and given back.
func (p *program) hints(ctx context.Context, remote *client.Client, status contract.Status) []hint {
	if status.State != contract.StateActive {
		return nil
	}
	kinds := p.kindsOf(ctx, remote, status.Template)
	var hints []hint
	for _, hold := range status.Holds {
		hints = append(hints, hint{"use it", useText(kinds[hold.Access.Target], hold.Access, status.ID)})
	}
	if left := p.leftToExtend(status); left > 0 {
		more := contract.Duration{Duration: min(left, 30*time.Minute)}
		hints = append(
			hints,
			hint{
				"longer",
				fmt.Sprintf(
					"curfew extend %s --for %s --reason … (at most %s more)",
					status.ID,
					more,
					contract.Duration{Duration: left},
				),
			},
		)
	}
	return append(hints, hint{"done", fmt.Sprintf("curfew revoke %s --reason done", status.ID)})
}

// leftToExtend is how much longer access may last, in whole minutes.
func (p *program) leftToExtend(status contract.Status) time.Duration {
	if status.GrantedAt == nil || status.Until == nil {
		return 0
	}
	return status.GrantedAt.Add(status.MaxDuration.Duration).Sub(*status.Until).Truncate(time.Minute)
}

func useText(kind string, access contract.Access, id string) string {
	if kind == "ssh" {
		return fmt.Sprintf("curfew ssh-cert %s --target %s, then ssh", id, access.Target)
	}
	use, known := uses[kind]
	if !known {
		use = anyUse
	}
	return fmt.Sprintf(use, access.Account, access.Target)
}

// kindsOf are the kinds of a template's targets, as far as the server tells: access can be used without them.
func (p *program) kindsOf(ctx context.Context, remote *client.Client, template string) map[string]string {
	kinds := map[string]string{}
	list, err := remote.Templates(ctx)
	if err != nil {
		return kinds
	}
	for _, one := range list.Value.Templates {
		if one.Name != template {
			continue
		}
		for _, entitlement := range one.Entitlements {
			kinds[entitlement.Target] = entitlement.Kind
		}
	}
	return kinds
}
