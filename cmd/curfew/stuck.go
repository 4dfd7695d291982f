package main

import (
	"strings"

	"github.com/spf13/cobra"

	"curfew/activities/story"
	"curfew/starter/api"
	"curfew/workflows/contract"
)

func (p *program) stuckCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "stuck",
		Short: "List, retry or take over stuck revokes (operators; auditors may list)",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		p.stuckListCommand(),
		p.stuckRetryCommand(),
		p.stuckTakeOverCommand(),
		renamedCommand("release", "curfew stuck takeover"),
	)
	return c
}

func (p *program) stuckListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List stuck revokes, each with its problem",
		Example: "  curfew stuck list",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			list, err := remote.Stuck(c.Context())
			return answer(p, list, err, p.stuckText)
		},
	}
}

func (p *program) stuckRetryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "retry GRANT", Short: "Retry a stuck revoke now",
		Long: `Retry a stuck revoke now.

If the grant's workflow is gone, or does not answer for ten seconds although workers are running, Curfew starts a new one,
which continues from the ledger. The answer says so, and an alarm names you.`,
		Example: "  curfew stuck retry grant/orders-db/4f1d…/alice", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			status, err := remote.RetryStuck(c.Context(), api.GrantBody{Grant: args[0]})
			return answer(p, status, err, p.grantText)
		},
	}
}

func (p *program) stuckTakeOverCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "takeover GRANT",
		Short: "Take over access that Curfew cannot revoke: Curfew stops retrying (admins)",
		Long: `Take over access that Curfew cannot revoke, for example because its target is gone for good.

Curfew stops retrying. Your name and the reason are recorded in the ledger and on the tickets of the requests that wait for the
revoke, which say that the access may still be there.`,
		Example: `  curfew stuck takeover grant/orders-db/4f1d…/alice --reason "the server was scrapped"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			status, err := remote.TakeOverStuck(c.Context(), api.TakeOverBody{Grant: args[0], Reason: reason})
			return answer(p, status, err, p.grantText)
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why Curfew is to stop, and who removes the access, as `text`")
	return c
}

func (p *program) stuckText(page *page, list api.Stuck) {
	if len(list.Grants) == 0 {
		page.row("no revoke is stuck")
	}
	for i, status := range list.Grants {
		if i > 0 {
			page.row()
		}
		p.grantText(page, status)
	}
}

// grantText is one grant in full.
func (p *program) grantText(page *page, status contract.GrantStatus) {
	page.row("grant", status.ID)
	if status.Unanswered != "" {
		page.row("skipped", "it can't be asked how it stands: "+status.Unanswered)
		return
	}
	page.row("person", story.Person(status.Names, status.Access.Person))
	page.row("access", status.Access.Account+" on "+status.Access.Target+": "+string(status.Access.Entitlement))
	page.fact("requests", strings.Join(status.Requests, ", "))
	page.fact("restarted", status.Restarted)
	switch {
	case status.Stuck:
		page.row("stuck since", p.moment(status.Since))
		page.row("why", status.Problem)
	case status.Over:
		page.row("over", "this grant holds nothing any more")
	case !status.Held.IsZero():
		page.row("held until", p.moment(status.Held))
	}
}
