package main

import (
	"github.com/spf13/cobra"

	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

func (p *program) watchCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "watch ID",
		Short:   "Follow a request until it has ended",
		Example: "  curfew watch 01KAS3T4M5X6Y7Z8A9B0C1D2E3",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: p.completeRequests(client.Filter{}),
		RunE: func(c *cobra.Command, args []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			_, err = remote.Follow(c.Context(), requestID(args[0]), 0, p.tellEvent)
			if c.Context().Err() != nil {
				return nil //nolint:nilerr // whoever presses Ctrl-C has seen enough
			}
			return err
		},
	}
}

// tellEvent prints one event on one line.
func (p *program) tellEvent(event client.Answer[contract.Event]) error {
	return answer(p, event, nil, p.eventText)
}
