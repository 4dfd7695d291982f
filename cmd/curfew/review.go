package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"curfew/internal/seal"
	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

func (p *program) approveCommand() *cobra.Command {
	body := api.ReviewBody{Verdict: contract.VerdictApprove}
	var yes bool
	c := p.changeCommand("approve", "Approve a request, or the extension that it waits for",
		"  curfew approve 01KAS3T4M5X6Y7Z8A9B0C1D2E3\n  curfew approve 01KAS3T4M5X6Y7Z8A9B0C1D2E3 --for 30m --reason \"go ahead\"",
		func(ctx context.Context, remote *client.Client, id string) (client.Answer[contract.Status], error) {
			return p.approve(ctx, remote, id, body, yes)
		})
	c.Long = `Approve a request, or the extension that it waits for.

On a terminal you see what you approve and are asked whether you do. The approval counts for exactly that: when something else is
there meanwhile, it is refused. Elsewhere, and with --no-input or -o json, it counts for what is there now.`
	c.ValidArgsFunction = p.completeRequests(client.Filter{ToReview: true})
	flags := c.Flags()
	flags.StringVar(&body.Reason, "reason", "", "why")
	flags.StringVar(&body.Duration, "for", "", "the `longest` that you approve, when that is less than was asked: 30m")
	flags.BoolVar(&yes, "yes", false, "approve without being asked")
	return c
}

func (p *program) denyCommand() *cobra.Command {
	body := api.ReviewBody{Verdict: contract.VerdictDeny}
	c := p.changeCommand("deny", "Deny a request, or the extension that it waits for",
		`  curfew deny 01KAS3T4M5X6Y7Z8A9B0C1D2E3 --reason "use the staging copy"`,
		func(ctx context.Context, remote *client.Client, id string) (client.Answer[contract.Status], error) {
			return p.deny(ctx, remote, id, body)
		})
	c.ValidArgsFunction = p.completeRequests(client.Filter{ToReview: true})
	c.Flags().StringVar(&body.Reason, "reason", "", "why; on a terminal you are asked for it")
	return c
}

func (p *program) approve(
	ctx context.Context, remote *client.Client, id string, body api.ReviewBody, yes bool,
) (status client.Answer[contract.Status], err error) {
	if p.interactive() {
		if body.Shown, err = p.showMatter(ctx, remote, id, body.Duration); err != nil {
			return status, err
		}
		if !yes {
			if err := p.confirm(ctx, "Approve this?", "", "Approve"); err != nil {
				return status, err
			}
		}
	}
	return remote.Review(ctx, id, body)
}

func (p *program) deny(
	ctx context.Context, remote *client.Client, id string, body api.ReviewBody,
) (status client.Answer[contract.Status], err error) {
	if body.Reason == "" && p.interactive() {
		if body.Shown, err = p.showMatter(ctx, remote, id, ""); err != nil {
			return status, err
		}
		if err := p.fill(ctx, reasonInput("Why do you deny it?").Value(&body.Reason)); err != nil {
			return status, err
		}
	}
	return remote.Review(ctx, id, body)
}

// showMatter prints what is to be reviewed and returns the digest of exactly that.
func (p *program) showMatter(ctx context.Context, remote *client.Client, id, longest string) (string, error) {
	status, err := remote.Show(ctx, id)
	if err != nil {
		return "", err
	}
	shown, err := remote.Shown(ctx, id)
	if err != nil {
		return "", err
	}
	if err := checkDigest(shown.Value, status.Value.Extension); err != nil {
		return "", err
	}
	page := newPage()
	p.matterText(page, shown.Value.Request, status.Value.Extension, longest)
	page.row("")
	return shown.Value.Digest, page.print(p.stdout)
}

// checkDigest refuses what is not all that the digest stands for: something has changed between two answers of the server,
// or the server knows of more than this program can show.
func checkDigest(shown api.Shown, extension *contract.Extension) error {
	var matter any = shown.Request
	if extension != nil {
		matter = *extension
	}
	digest, err := seal.Digest(matter)
	if err != nil {
		return fmt.Errorf("read what is to be reviewed: %w", err)
	}
	if digest != shown.Digest {
		return contract.Problemf(contract.KindConflict, "shown", "try again; if that changes nothing, use the curfew of the server's version",
			"it has just changed, or can't be shown in full")
	}
	return nil
}

// matterText is what is to be reviewed, in full.
func (p *program) matterText(page *page, request contract.Request, extension *contract.Extension, longest string) {
	page.row("request", request.ID)
	page.row("requester", request.Requester)
	page.row("subject", request.Subject)
	page.row("template", request.Template)
	for _, access := range request.Terms.Accesses {
		page.row("access", fmt.Sprintf("%s on %s: %s", access.Account, access.Target, access.Entitlement))
	}
	page.row("duration", fmt.Sprintf("%s of at most %s", request.Duration, request.Terms.MaxDuration))
	if !request.StartAt.IsZero() {
		page.row("begins", p.appointment(request.StartAt))
	}
	page.fact("ticket", request.Ticket)
	page.fact("incident", request.Incident)
	page.row("reason", request.Reason)
	page.row("asked", p.moment(request.AskedAt)+", door "+request.Door)
	if request.BreakGlass {
		page.row("break glass", "without the reviews that are asked for otherwise")
	}
	if extension != nil {
		page.row("extension", fmt.Sprintf("%s asks for %s more%s", extension.By, extension.Duration, because(extension.Reason)))
	}
	if longest != "" {
		page.row("you approve", "at most "+longest)
	}
}

// changeCommand is a verb that does something to one request and shows what became of it.
func (p *program) changeCommand(
	verb, short, example string, change func(context.Context, *client.Client, string) (client.Answer[contract.Status], error),
) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ID", Short: short, Example: example, Args: cobra.ExactArgs(1),
		ValidArgsFunction: p.completeRequests(client.Filter{}),
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
