package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

func (p *program) requestCommand() *cobra.Command {
	var body api.AskBody
	var wait bool
	c := &cobra.Command{
		Use:     "request TEMPLATE",
		Short:   "Ask for access",
		Example: `  curfew request debug-prod --for 2h --ticket OPS-7 --reason "the checkout hangs"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			body.Template = args[0]
			return p.request(c.Context(), body, wait)
		},
	}
	flags := c.Flags()
	flags.StringVar(&body.Duration, "for", "", "how `long`: 30m, 2h, 1h30m (default: the template's)")
	flags.StringVar(&body.Reason, "reason", "", "what it is for")
	flags.StringVar(&body.Ticket, "ticket", "", "`key` of the ticket that it is for")
	flags.StringVar(&body.Zephyr, "zephyr", "", "`key` of the test cycle or execution that it is for, in the place of the ticket")
	flags.StringVar(&body.Incident, "incident", "", "`id` of the incident that it is for")
	flags.StringVar(&body.Subject, "subject", "", "`person` who gets the access (default: you)")
	flags.BoolVar(&wait, "wait", false, "wait until access is granted, or the request has ended without (exit code 4)")
	return c
}

func (p *program) request(ctx context.Context, body api.AskBody, wait bool) error {
	remote, err := p.remote()
	if err != nil {
		return err
	}
	status, err := remote.Ask(ctx, body)
	if err == nil && wait {
		return p.awaitAccess(ctx, remote, status.Value.ID)
	}
	return answer(p, status, err, p.statusText)
}

// errGranted stops following a request's events.
var errGranted = errors.New("access is granted")

// awaitAccess prints the request once there is access, or there will be none. On the way it tells people what happens.
func (p *program) awaitAccess(ctx context.Context, remote *client.Client, id string) error {
	ended, err := remote.Follow(ctx, id, 0, func(event client.Answer[contract.Event]) error {
		if p.output == outputText {
			if err := p.tellEvent(event); err != nil {
				return err
			}
		}
		if event.Value.Kind == contract.EventGranted {
			return errGranted
		}
		return nil
	})
	if errors.Is(err, errGranted) {
		ended, err = remote.Show(ctx, id)
	}
	if err := answer(p, ended, err, p.statusText); err != nil {
		return err
	}
	if ended.Value.State == contract.StateEnded && ended.Value.GrantedAt == nil {
		return errNoAccess
	}
	return nil
}
