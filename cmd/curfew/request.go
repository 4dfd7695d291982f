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
		Short: "Request access",
		Long: `Request access.

On a terminal, curfew prompts for what is missing and then follows the request until the access is granted or the request has
ended. Ctrl-C stops following; the request stays. In scripts, with --no-input and with -o json, curfew never prompts, and it
waits only with --wait.`,
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
	flags.StringVar(
		&start,
		"start",
		"",
		"`time`"+` at which the access begins: 22:00, "tomorrow 22:00", "2027-01-31 22:00" or 2027-01-31T22:00:00Z`,
	)
	flags.BoolVar(
		&wait,
		"wait",
		false,
		"wait until the access is granted, or the request has ended without it (exit code 4)",
	)
	flags.BoolVar(&noWait, "no-wait", false, "do not wait, even on a terminal")
	c.MarkFlagsMutuallyExclusive("wait", "no-wait")
	return c
}

// askFlags are those of all verbs that ask for access.
func askFlags(c *cobra.Command, body *api.AskBody, how *asking) {
	flags := c.Flags()
	flags.StringVar(&body.Duration, "for", "", "`duration` of the access: 30m, 2h, 1h30m (default: the template's)")
	for _, field := range contract.PurposeFields() {
		flags.StringVar(field.In(&body.Purpose), field.Flag, "", field.Help)
	}
	flags.StringVar(&body.Subject, "subject", "", "`person` who gets the access (default: you)")
	flags.BoolVar(
		&body.BreakGlass,
		"break-glass",
		false,
		"use break-glass access: open it at once, without approval; a second person reviews it afterwards",
	)
	flags.BoolVar(&how.yes, "yes", false, "use break-glass access without a prompt")
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
