package grant

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// show publishes to Temporal's Web UI what this grant is doing.
func (g *run) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, g.details())
	shown, _ := workflow.GetTypedSearchAttributes(ctx).GetTime(contract.KeyDeadline)
	if !g.held.IsZero() && !shown.Equal(g.held) {
		upsert(ctx, contract.KeyDeadline.ValueSet(g.held))
	}
}

func (g *run) details() string {
	var text strings.Builder
	switch {
	case g.stuck:
		fmt.Fprintf(&text, "**Stuck**: the access could not be taken away. %s\n", g.problem)
	case g.standing:
		fmt.Fprintf(&text, "**Standing access**: it was there before and stays. Leases end %s\n", clock(g.held))
	case !g.held.IsZero():
		fmt.Fprintf(&text, "**Held** until %s\n", clock(g.held))
	default:
		text.WriteString("**Not held**\n")
	}
	if g.trying != "" {
		fmt.Fprintf(&text, "\nCurfew keeps trying to grant: %s\n", g.trying)
	}
	fmt.Fprintf(&text, "\n%s as `%s`\n", g.access.Target, g.access.Account)
	for _, lease := range g.leases {
		fmt.Fprintf(&text, "- lease of request %s until %s\n", lease.Request, clock(lease.Until))
	}
	return text.String()
}

// status is the grant for those who ask.
func (g *run) status() contract.GrantStatus {
	return contract.GrantStatus{
		ID: g.access.GrantID(), Access: g.access, Leases: g.leases, Held: g.held, Standing: g.standing,
		Stuck: g.stuck, Since: g.since, Requests: g.requests, Problem: g.problem, Trying: g.trying, Over: !g.open,
	}
}

func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }
