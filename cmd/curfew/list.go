package main

import (
	"github.com/spf13/cobra"

	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

func (p *program) listCommand() *cobra.Command {
	var filter client.Filter
	var state string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the requests that you can see, newest first",
		Example: "  curfew list --to-review --state pending",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			filter.State = contract.State(state)
			list, err := remote.List(c.Context(), filter)
			return answer(p, list, err, p.pageText)
		},
	}
	flags := c.Flags()
	kindFlag(c, &state, "state", "only in this `state`", contract.States())
	flags.StringVar(&filter.Template, "template", "", "only for this `template`")
	flags.StringVar(&filter.Ticket, "ticket", "", "only with this ticket `key`")
	flags.BoolVar(&filter.Mine, "mine", false, "only my requests: those that you made or that are for you")
	flags.BoolVar(
		&filter.ToReview,
		"to-review",
		false,
		"only requests to review: those that wait for a review that you may give",
	)
	flags.BoolVar(&filter.Stuck, "stuck", false, "only requests with a stuck revoke")
	flags.StringVar(&filter.Before, "before", "", "only requests older than the one with this `id`")
	flags.IntVar(&filter.Limit, "limit", 0, "`number` of requests at most (default 50)")
	return c
}

func (p *program) templatesCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "templates",
		Short:   "List the templates that you can request",
		Example: "  curfew templates -o json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			list, err := remote.Templates(c.Context())
			return answer(p, list, err, templatesText)
		},
	}
}
