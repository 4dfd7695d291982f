package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"curfew/activities/story"
	"curfew/internal/seal"
	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

func (p *program) approveCommand() *cobra.Command {
	body := api.ReviewBody{Verdict: contract.VerdictApprove}
	var yes bool
	c := p.changeCommand(
		"approve",
		"Approve a request, an extension, or break-glass access that was used",
		"  curfew approve 01KAS3T4M5X6Y7Z8A9B0C1D2E3\n  curfew approve 01KAS3T4M5X6Y7Z8A9B0C1D2E3 --for 30m --reason \"go ahead\"",
		func(ctx context.Context, remote *client.Client, id string) (client.Answer[contract.Status], error) {
			return p.approve(ctx, remote, id, body, yes)
		},
	)
	c.Long = `Approve a request, an extension, or break-glass access that was used.

On a terminal, curfew shows what you approve and asks you to confirm. The approval applies to exactly what was shown: if the
request has changed meanwhile, Curfew refuses it. --yes shows the same summary and approves without asking. In scripts, with
--no-input and with -o json, the approval applies to the request as it stands at that moment.`
	c.ValidArgsFunction = p.completeRequests(client.Filter{ToReview: true})
	flags := c.Flags()
	flags.StringVar(&body.Reason, "reason", "", "why you approve, as `text`")
	flags.StringVar(&body.Duration, "for", "", "longest `duration` that you approve, if less than requested: 30m")
	flags.BoolVar(&yes, "yes", false, "show the summary and approve without asking")
	return c
}

func (p *program) denyCommand() *cobra.Command {
	body := api.ReviewBody{Verdict: contract.VerdictDeny}
	c := p.changeCommand("deny", "Deny a request, or the extension that waits for your review",
		`  curfew deny 01KAS3T4M5X6Y7Z8A9B0C1D2E3 --reason "use the staging copy"`,
		func(ctx context.Context, remote *client.Client, id string) (client.Answer[contract.Status], error) {
			return p.deny(ctx, remote, id, body)
		})
	c.ValidArgsFunction = p.completeRequests(client.Filter{ToReview: true})
	c.Flags().StringVar(&body.Reason, "reason", "", "why you deny; on a terminal, curfew prompts for it, as `text`")
	return c
}

func (p *program) approve(
	ctx context.Context, remote *client.Client, id string, body api.ReviewBody, yes bool,
) (status client.Answer[contract.Status], err error) {
	if !p.interactive() {
		return remote.Review(ctx, id, body)
	}
	matter, err := p.showMatter(ctx, remote, id, body.Duration)
	if err != nil {
		return status, err
	}
	body.Digest = matter.digest
	if !yes {
		question, answer := "Approve this?", "Approve"
		if matter.postReview {
			question, answer = "Was the break-glass access in order?", "It was in order"
		}
		if err := p.confirm(ctx, question, "", answer); err != nil {
			return status, err
		}
	}
	return remote.Review(ctx, id, body)
}

func (p *program) deny(
	ctx context.Context, remote *client.Client, id string, body api.ReviewBody,
) (status client.Answer[contract.Status], err error) {
	if body.Reason != "" || !p.interactive() {
		return remote.Review(ctx, id, body)
	}
	matter, err := p.showMatter(ctx, remote, id, "")
	if err != nil {
		return status, err
	}
	body.Digest = matter.digest
	if err := p.fill(ctx, reasonInput("Why do you deny it?").Value(&body.Reason)); err != nil {
		return status, err
	}
	return remote.Review(ctx, id, body)
}

// matter is what somebody reviews.
type matter struct {
	digest     string // of exactly that
	postReview bool   // break-glass access that a second person has to review
}

// showMatter prints what is to be reviewed.
func (p *program) showMatter(ctx context.Context, remote *client.Client, id, longest string) (matter, error) {
	status, err := remote.Show(ctx, id)
	if err != nil {
		return matter{}, err
	}
	shown, err := remote.ReviewSubject(ctx, id)
	if err != nil {
		return matter{}, err
	}
	extension := status.Value.Extension
	if err := checkDigest(shown.Value, extension); err != nil {
		return matter{}, err
	}
	page := newPage()
	p.matterText(page, status.Value.Names, shown.Value.Request, extension, longest)
	page.row("")
	return matter{shown.Value.Digest, extension == nil && status.Value.NeedsPostReview()}, page.print(p.stdout)
}

// checkDigest refuses what is not all that the digest stands for: something has changed between two answers of the
// server, or the server knows of more than this program can show.
func checkDigest(shown api.ReviewSubject, extension *contract.Extension) error {
	var fact any = shown.Request
	if extension != nil {
		fact = *extension
	}
	digest, err := seal.Digest(fact)
	if err != nil {
		return fmt.Errorf("read what is to be reviewed: %w", err)
	}
	if digest != shown.Digest {
		return contract.Conflict("it has just changed, or can't be shown in full").
			At("digest").
			Advise("try again; if that changes nothing, use the curfew of the server's version")
	}
	return nil
}

// matterText is what is to be reviewed, in full.
func (p *program) matterText(
	page *page,
	names map[string]string,
	request contract.Request,
	extension *contract.Extension,
	longest string,
) {
	page.row("request", request.ID)
	page.row("requester", story.Person(names, request.Requester))
	page.row("subject", story.Person(names, request.Subject))
	page.row("template", request.Template)
	for _, access := range request.Terms.Accesses {
		text := fmt.Sprintf("%s on %s: %s", access.Account, access.Target, access.Entitlement)
		if access.ReadBack == contract.ReadBackNone {
			text += ", without a read-back: nobody can see it go"
		}
		page.row("access", text)
	}
	page.row("duration", fmt.Sprintf("%s of at most %s", request.Duration, request.MaxDuration()))
	if !request.StartAt.IsZero() {
		page.row("begins", p.appointment(request.StartAt))
	}
	page.facts(request.Facts())
	page.facts(request.Prose())
	page.row("asked", p.moment(request.AskedAt)+", through "+request.Source)
	if request.BreakGlass {
		page.row("break-glass", "Opened without approval (break-glass by "+story.Person(names, request.Requester)+")")
	}
	if extension != nil {
		page.row(
			"extension",
			fmt.Sprintf(
				"%s asks for %s more%s",
				story.Person(names, extension.By),
				extension.Duration,
				because(extension.Reason),
			),
		)
	}
	if longest != "" {
		page.row("you approve", "at most "+longest)
	}
}

// changeCommand is a verb that does something to one request and shows what became of it.
func (p *program) changeCommand(
	verb, short, example string,
	change func(context.Context, *client.Client, string) (client.Answer[contract.Status], error),
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
