package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"curfew/activities/story"
	"curfew/starter"
	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

func (p *program) endCommand() *cobra.Command {
	var body api.EndBody
	var yes bool
	c := &cobra.Command{
		Use:   "end",
		Short: "Kill switch: end many requests and their access at once (operators)",
		Long: `Kill switch: end all requests of a person, of a target or of a template, or all there are, and the access that they gave.

It ends live access, and requests that wait for a review, a start or a target. Open sessions end too, whatever the templates say.
The workers of the targets carry it out within two seconds, whatever state Temporal is in.

On a terminal, curfew lists what will end and asks you to confirm; scripts confirm with --yes. Standing access stays.
To keep people from asking again, use curfew freeze first.`,
		Example: `  curfew end --person mallory --reason "the laptop was stolen"
  curfew end --target orders-db --reason "the credentials of Curfew leaked" --dry-run
  curfew end --all --reason "an intruder is in the network" --yes`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			report, err := p.end(c, remote, body, yes)
			return answer(p, report, err, endText)
		},
	}
	flags := c.Flags()
	flags.StringVar(&body.Person, "person", "", "end all that this `person` has or waits for, by id")
	flags.StringVar(&body.Target, "target", "", "end all requests that give access to this `target`")
	flags.StringVar(&body.Template, "template", "", "end all requests for this `template`")
	flags.BoolVar(&body.All, "all", false, "end everything")
	flags.StringVar(&body.Reason, "reason", "", "why you end it, as `text`")
	flags.BoolVar(&body.DryRun, "dry-run", false, "list what would end, and end nothing")
	flags.BoolVar(&yes, "yes", false, "end it without asking")
	return c
}

// end lists what will end and has it confirmed, unless that is done already.
func (p *program) end(
	c *cobra.Command,
	remote *client.Client,
	body api.EndBody,
	yes bool,
) (report client.Answer[starter.EndReport], err error) {
	if yes || body.DryRun {
		return remote.End(c.Context(), body)
	}
	if !p.interactive() {
		return report, contract.Invalid("nobody is there to confirm what will end").
			At("yes").
			Advise("add --yes, or look first with --dry-run")
	}
	dry := body
	dry.DryRun = true
	if report, err = remote.End(c.Context(), dry); err != nil || len(report.Value.Requests) == 0 {
		return report, err
	}
	page := newPage()
	endText(page, report.Value)
	page.row("")
	if err := page.print(p.stdout); err != nil {
		return report, err
	}
	question := fmt.Sprintf("End %s?", requestCount(len(report.Value.Requests)))
	if err := p.confirm(
		c.Context(),
		question,
		"Their access ends within seconds. This cannot be undone.",
		"End them",
	); err != nil {
		return report, err
	}
	return remote.End(c.Context(), body)
}

func requestCount(n int) string {
	if n == 1 {
		return "1 request"
	}
	return fmt.Sprintf("%d requests", n)
}

func endText(page *page, report starter.EndReport) {
	if len(report.Requests) == 0 {
		page.row("nothing to end")
		return
	}
	page.row("ID", "STATE", "TEMPLATE", "SUBJECT", "TARGETS")
	for _, request := range report.Requests {
		page.row(
			request.ID,
			string(request.State),
			request.Template,
			story.Person(report.Names, request.Subject),
			strings.Join(request.Targets, ", "),
		)
	}
	done := "ended"
	if report.DryRun {
		done = "would end"
	}
	page.row(requestCount(len(report.Requests)) + " " + done)
}

func (p *program) freezeCommand() *cobra.Command {
	var body api.ReasonBody
	c := &cobra.Command{
		Use:   "freeze",
		Short: "Freeze Curfew: grant nothing until curfew thaw (operators)",
		Long: `Freeze Curfew: grant nothing until curfew thaw, neither new access nor a later end of live access.

Live access goes on until its end; use curfew end to end it. People can still request and review. Approved requests wait
until somebody thaws Curfew, for as long as their template lets them (pending).`,
		Example: `  curfew freeze --reason "an intruder is in the network"`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			freeze, err := remote.Freeze(c.Context(), body)
			return answer(p, freeze, err, p.freezeText)
		},
	}
	c.Flags().StringVar(&body.Reason, "reason", "", "why you freeze Curfew, as `text`")
	return c
}

func (p *program) thawCommand() *cobra.Command {
	var body api.ReasonBody
	c := &cobra.Command{
		Use:     "thaw",
		Short:   "Thaw Curfew: grant again after a freeze (operators)",
		Example: `  curfew thaw --reason "the intruder is out"`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			freeze, err := remote.Thaw(c.Context(), body)
			return answer(p, freeze, err, p.freezeText)
		},
	}
	c.Flags().StringVar(&body.Reason, "reason", "", "why you thaw Curfew, as `text`")
	return c
}

func (p *program) freezeText(page *page, freeze api.Freeze) {
	state := "not frozen"
	if freeze.Frozen {
		state = "frozen: nothing is granted"
	}
	page.row("curfew", state)
	if freeze.By != "" {
		page.row("by", story.Person(freeze.Names, freeze.By)+", "+p.moment(freeze.At)+because(freeze.Reason))
	}
}
