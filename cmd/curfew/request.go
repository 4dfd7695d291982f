package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

func (p *program) requestCommand() *cobra.Command {
	var body api.AskBody
	var start string
	var how asking
	var wait, noWait bool
	c := &cobra.Command{
		Use:   "request [TEMPLATE]",
		Short: "Ask for access",
		Long: `Ask for access.

On a terminal you are asked for what is missing, and then see what the request waits for until there is access, or there will
be none. Ctrl-C leaves the request standing. Elsewhere, and with --no-input or -o json, nothing is asked, and it only waits with
--wait.`,
		Example: `  curfew request
  curfew request debug-prod --for 2h --ticket OPS-7 --reason "the checkout hangs"
  curfew request debug-prod --start "tomorrow 22:00" --ticket OPS-7 --reason "the migration"
  curfew request debug-prod --break-glass --incident Q2XYZ --reason "orders are lost"`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: p.completeTemplates(),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if len(args) > 0 {
				body.Template = args[0]
			}
			if body.StartAt, err = p.startTime(start); err != nil {
				return err
			}
			how.patience = patience{wait: (wait || p.interactive()) && !noWait, throughSchedule: wait}
			return p.request(c.Context(), body, how)
		},
	}
	askFlags(c, &body, &how)
	flags := c.Flags()
	flags.StringVar(&start, "start", "", `when it is to `+"`begin`"+`: 22:00, "tomorrow 22:00", "2027-01-31 22:00" or 2027-01-31T22:00:00Z`)
	flags.BoolVar(&wait, "wait", false, "wait until access is granted, or the request has ended without (exit code 4)")
	flags.BoolVar(&noWait, "no-wait", false, "don't wait, also on a terminal")
	c.MarkFlagsMutuallyExclusive("wait", "no-wait")
	return c
}

// askFlags are those of all verbs that ask for access.
func askFlags(c *cobra.Command, body *api.AskBody, how *asking) {
	flags := c.Flags()
	flags.StringVar(&body.Duration, "for", "", "how `long`: 30m, 2h, 1h30m (default: the template's)")
	flags.StringVar(&body.Reason, "reason", "", "what it is for")
	flags.StringVar(&body.Ticket, "ticket", "", "`key` of the ticket that it is for")
	flags.StringVar(&body.Zephyr, "zephyr", "", "`key` of the test cycle or execution that it is for, in the place of the ticket")
	flags.StringVar(&body.Incident, "incident", "", "`id` of the incident that it is for")
	flags.StringVar(&body.Subject, "subject", "", "`person` who gets the access (default: you)")
	flags.BoolVar(&body.BreakGlass, "break-glass", false, "open at once, without approval; a second person has to review it afterwards")
	flags.BoolVar(&how.yes, "yes", false, "break glass without being asked to confirm")
}

func (p *program) request(ctx context.Context, body api.AskBody, how asking) error {
	remote, err := p.remote()
	if err != nil {
		return err
	}
	how.send = remote.Ask
	status, err := p.ask(ctx, remote, body, how)
	if err != nil || !how.wait {
		return answer(p, status, err, p.statusText)
	}
	status, err = p.await(ctx, remote, status, how.patience)
	return cmp.Or(p.tellOutcome(ctx, remote, status), err, everAccess(status.Value))
}

// everAccess is nil unless a request has ended without access.
func everAccess(status contract.Status) error {
	if status.State == contract.StateEnded && status.GrantedAt == nil {
		return errNoAccess
	}
	return nil
}

// tellOutcome prints a request that was waited for, and what to do with the access.
func (p *program) tellOutcome(ctx context.Context, remote *client.Client, status client.Answer[contract.Status]) error {
	hints := p.hints(ctx, remote, status.Value)
	return answer(p, status, nil, func(page *page, status contract.Status) {
		p.statusText(page, status)
		for _, hint := range hints {
			page.row(hint.name, hint.text)
		}
	})
}
