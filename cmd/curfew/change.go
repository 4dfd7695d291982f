package main

import (
	"context"

	"github.com/spf13/cobra"

	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

func (p *program) extendCommand() *cobra.Command {
	var body api.ExtensionBody
	c := p.changeCommand("extend", "Extend active access",
		`  curfew extend 01KAS3T4M5X6Y7Z8A9B0C1D2E3 --for 30m --reason "the fix is being deployed"`,
		func(ctx context.Context, remote *client.Client, id string) (client.Answer[contract.Status], error) {
			return remote.Extend(ctx, id, body)
		})
	c.Flags().StringVar(&body.Duration, "for", "", "`duration` to add: 30m, 1h")
	c.Flags().StringVar(&body.Reason, "reason", "", "why you need more time, as `text`")
	return c
}

func (p *program) revokeCommand() *cobra.Command {
	var body api.RevocationBody
	c := p.changeCommand("revoke", "Revoke access now, before its end",
		`  curfew revoke 01KAS3T4M5X6Y7Z8A9B0C1D2E3 --reason "done"`,
		func(ctx context.Context, remote *client.Client, id string) (client.Answer[contract.Status], error) {
			return remote.Revoke(ctx, id, body)
		})
	c.Flags().StringVar(&body.Reason, "reason", "", "why the access ends now, as `text`")
	return c
}

func (p *program) cancelCommand() *cobra.Command {
	var body api.CancellationBody
	c := p.changeCommand("cancel", "Withdraw a request before access is granted",
		"  curfew cancel 01KAS3T4M5X6Y7Z8A9B0C1D2E3",
		func(ctx context.Context, remote *client.Client, id string) (client.Answer[contract.Status], error) {
			return remote.Cancel(ctx, id, body)
		})
	c.Flags().StringVar(&body.Reason, "reason", "", "why you withdraw it (optional), as `text`")
	return c
}

func (p *program) showCommand() *cobra.Command {
	return p.changeCommand("show", "Show a request", "  curfew show 01KAS3T4M5X6Y7Z8A9B0C1D2E3",
		func(ctx context.Context, remote *client.Client, id string) (client.Answer[contract.Status], error) {
			return remote.Show(ctx, id)
		})
}
