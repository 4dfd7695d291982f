package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"curfew/activities/kinds"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

// anyUse says how access is used whose kind this program does not know.
const anyUse = "as {account} on {target}"

// hint is what to do next.
type hint struct{ name, text string }

// hints say how active access is used, lengthened and given back.
func (p *program) hints(ctx context.Context, remote *client.Client, status contract.Status) []hint {
	if status.State != contract.StateActive {
		return nil
	}
	used := p.kindsOf(ctx, remote, status.Template)
	var hints []hint
	for _, hold := range status.Holds {
		hints = append(hints, hint{"use it", useText(used[hold.Access.Target], hold.Access, status.ID)})
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
	return strings.NewReplacer("{account}", access.Account, "{target}", access.Target, "{request}", id).
		Replace(cmp.Or(kinds.Targets()[kind].Use, anyUse))
}

// kindsOf are the kinds of a template's targets, as far as the server tells: access can be used without them.
func (p *program) kindsOf(ctx context.Context, remote *client.Client, template string) map[string]string {
	used := map[string]string{}
	list, err := remote.Templates(ctx)
	if err != nil {
		return used
	}
	for _, one := range list.Value.Templates {
		if one.Name != template {
			continue
		}
		for _, entitlement := range one.Entitlements {
			used[entitlement.Target] = entitlement.Kind
		}
	}
	return used
}
