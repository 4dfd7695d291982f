package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/spf13/cobra"

	"curfew/activities/story"
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
	var wait bool
	c := &cobra.Command{
		Use: "revoke ID", Short: "Revoke access now, before its end",
		Long: `Revoke access now, before its end.

The access ends within seconds, and curfew waits a few seconds to see it gone. The exit code is 0 when Curfew has seen it
gone, and 8 while it is still there, for example because the target does not answer, or because another request gives the
same access. --wait waits until it is gone, however long that takes.`,
		Example: `  curfew revoke 01KAS3T4M5X6Y7Z8A9B0C1D2E3 --reason "done"
  curfew revoke 01KAS3T4M5X6Y7Z8A9B0C1D2E3 --reason "done" --wait`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: p.completeRequests(client.Filter{}),
		RunE: func(c *cobra.Command, args []string) error {
			return p.revoke(c.Context(), requestID(args[0]), body, wait)
		},
	}
	c.Flags().StringVar(&body.Reason, "reason", "", "why the access ends now, as `text`")
	c.Flags().BoolVar(&wait, "wait", false, "wait until the access is gone")
	return c
}

func (p *program) revoke(ctx context.Context, id string, body api.RevocationBody, wait bool) error {
	remote, err := p.remote()
	if err != nil {
		return err
	}
	status, err := remote.Revoke(ctx, id, body)
	if wait && already(err) {
		status, err = remote.Show(ctx, id)
	}
	if err == nil && wait {
		status, err = p.awaitEnd(ctx, remote, status)
	}
	return cmp.Or(answer(p, status, err, p.statusText), p.remaining(status.Value))
}

// already is true of the refusal of an end of what is being ended.
func already(err error) bool {
	problem, known := contract.ProblemOf(err)
	return known && problem.Kind == contract.KindConflict
}

// awaitEnd follows a request until it has ended. Whoever stops waiting sees how it stands then.
func (p *program) awaitEnd(
	ctx context.Context, remote *client.Client, status client.Answer[contract.Status],
) (client.Answer[contract.Status], error) {
	ended, err := remote.Follow(
		ctx,
		status.Value.ID,
		status.Value.Seq,
		func(event client.Answer[contract.Event]) error {
			if p.output == outputJSON {
				return nil
			}
			return p.tellEvent(event)
		},
	)
	switch {
	case ctx.Err() != nil:
		return status, nil
	case err != nil:
		return status, err
	}
	return remote.Show(ctx, ended.Value.ID) // it knows what has become of access that another request held up
}

// remaining is nil when all of a request's access was seen to be gone.
func (p *program) remaining(status contract.Status) error {
	gone := status.State == contract.StateEnded &&
		!slices.ContainsFunc(status.Holds, func(hold contract.HoldState) bool {
			return hold.GoneAt == nil && (status.GrantedAt != nil || hold.Problem != "")
		})
	if gone || status.ID == "" {
		return nil
	}
	says := story.Standing(p.caseOf(status))
	if status.State != contract.StateEnded {
		says += " curfew watch " + status.ID + " follows it."
	}
	return &ending{exitRemains, says}
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
