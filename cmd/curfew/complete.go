package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

// completeWithin is how long somebody who presses Tab is kept waiting.
const completeWithin = 2 * time.Second

// completions offers what fits the one argument of a verb. A server that does not answer offers nothing.
func (p *program) completions(
	offer func(context.Context, *client.Client) ([]cobra.Completion, error),
) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(c.Context(), completeWithin)
		defer cancel()
		remote, err := p.remote()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		offered, err := offer(ctx, remote)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offered, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeTemplates offers what can be asked for.
func (p *program) completeTemplates() cobra.CompletionFunc {
	return p.completions(func(ctx context.Context, remote *client.Client) ([]cobra.Completion, error) {
		list, err := remote.Templates(ctx)
		var offered []cobra.Completion
		for _, template := range list.Value.Templates {
			offered = append(offered, cobra.CompletionWithDesc(template.Name, printable(template.Description)))
		}
		return offered, err
	})
}

// completeRequests offers the newest requests for which there is something left to do.
func (p *program) completeRequests(filter client.Filter) cobra.CompletionFunc {
	return p.completions(func(ctx context.Context, remote *client.Client) ([]cobra.Completion, error) {
		list, err := remote.List(ctx, filter)
		var offered []cobra.Completion
		for _, status := range list.Value.Requests {
			if filter.ToReview || status.State != contract.StateEnded {
				offered = append(offered, cobra.CompletionWithDesc(
					status.ID,
					printable(
						p.stateText(
							status,
						)+" "+status.Template+" "+person(
							status,
							status.Subject,
						)+because(
							beginning(status.Reason),
						),
					),
				))
			}
		}
		return offered, err
	})
}
