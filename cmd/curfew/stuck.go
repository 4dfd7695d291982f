package main

import (
	"strings"

	"github.com/spf13/cobra"

	"curfew/starter/api"
	"curfew/workflows/contract"
)

func (p *program) stuckCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "stuck", Short: "See to revokes that are past their alarm time (operators, and auditors to read)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.stuckListCommand(), p.stuckRetryCommand(), p.stuckReleaseCommand())
	return c
}

func (p *program) stuckListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List them, with the reason why", Example: "  curfew stuck list", Args: cobra.NoArgs,
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
		Use: "retry GRANT", Short: "Try one again at once", Example: "  curfew stuck retry grant/orders-db/4f1d…/alice", Args: cobra.ExactArgs(1),
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

func (p *program) stuckReleaseCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "release GRANT",
		Short: "Answer for access that can't be taken away: Curfew stops trying (admins)",
		Long: `Answer for access that can't be taken away, because its target is gone for good, say.

Curfew stops trying. Your name and the reason go into the ledger, and onto the tickets of the requests that wait for it:
they are told that the access may still be there.`,
		Example: `  curfew stuck release grant/orders-db/4f1d…/alice --because "the server was scrapped"`,
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
	c.Flags().StringVar(&reason, "because", "", "`why`, and who takes the access away")
	return c
}

func (p *program) stuckText(page *page, list api.Stuck) {
	if len(list.Grants) == 0 {
		page.row("nothing is stuck")
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
	page.row("access", status.Access.Account+" on "+status.Access.Target+": "+string(status.Access.Entitlement))
	page.fact("requests", strings.Join(status.Requests, ", "))
	switch {
	case status.Stuck:
		page.row("stuck since", p.moment(status.Since))
		page.row("why", status.Problem)
	case status.Over:
		page.row("over", "Curfew looks after nothing here any more")
	case !status.Held.IsZero():
		page.row("held until", p.moment(status.Held))
	}
}
