package main

import (
	"context"

	"github.com/spf13/cobra"

	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

func (p *program) approveCommand() *cobra.Command {
	return p.reviewCommand(contract.VerdictApprove, "Approve a request, or the extension that it waits for",
		"  curfew approve 01KAS3T4M5X6Y7Z8A9B0C1D2E3")
}

func (p *program) denyCommand() *cobra.Command {
	return p.reviewCommand(contract.VerdictDeny, "Deny a request, or the extension that it waits for",
		`  curfew deny 01KAS3T4M5X6Y7Z8A9B0C1D2E3 --reason "use the staging copy"`)
}

func (p *program) reviewCommand(verdict contract.Verdict, short, example string) *cobra.Command {
	body := api.ReviewBody{Verdict: verdict}
	c := p.changeCommand(string(verdict), short, example,
		func(ctx context.Context, remote *client.Client, id string) (client.Answer[contract.Status], error) {
			return remote.Review(ctx, id, body)
		})
	c.Flags().StringVar(&body.Reason, "reason", "", "why")
	return c
}

// changeCommand is a verb that does something to one request and shows what became of it.
func (p *program) changeCommand(
	verb, short, example string, change func(context.Context, *client.Client, string) (client.Answer[contract.Status], error),
) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ID", Short: short, Example: example, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			status, err := change(c.Context(), remote, requestID(args[0]))
			return answer(p, status, err, p.statusText)
		},
	}
}
