package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

func (p *program) alarmsCommand() *cobra.Command {
	var filter client.AlarmFilter
	c := &cobra.Command{
		Use:     "alarms",
		Short:   "List alarms, newest first (operators, auditors)",
		Example: "  curfew alarms --kind reappeared",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			list, err := remote.Alarms(c.Context(), filter)
			return answer(p, list, err, p.alarmsText)
		},
	}
	flags := c.Flags()
	kindFlag(c, &filter.Kind, "kind", "only this `kind`", contract.AlarmKinds())
	flags.StringVar(&filter.Target, "target", "", "only about this `target`")
	flags.StringVar(&filter.Before, "before", "", "only alarms older than this `cursor`, from the page before")
	flags.IntVar(&filter.Limit, "limit", 0, "`number` of alarms at most (default 50)")
	return c
}

func (p *program) alarmsText(page *page, list api.Alarms) {
	if len(list.Alarms) == 0 {
		page.row("no alarms")
		return
	}
	page.row("WHEN", "WHAT", "TARGET", "TEXT")
	for _, alarm := range list.Alarms {
		page.row(p.moment(alarm.At), string(alarm.Kind), alarm.Target, alarm.Text)
	}
	if list.Next != "" {
		page.row("there are more: --before " + list.Next)
	}
}

func (p *program) sweepCommand() *cobra.Command {
	var body api.SweepBody
	c := &cobra.Command{
		Use:   "sweep",
		Short: "Compare every target with the live grants now (operators)",
		Long: `Compare every target with the live grants now.

A sweep reports access that carries Curfew's mark but belongs to no live grant. It removes that access only if the configuration
says sweep.remove: true, and removes nothing if it finds more than sweep.maxRemovals.

It also reports requests that have no workflow in Temporal any more (untracked), and writes the end of those whose access is
gone into the audit log (closed).`,
		Example: "  curfew sweep --dry-run",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			report, err := remote.Sweep(c.Context(), body)
			return answer(p, report, err, sweepText)
		},
	}
	c.Flags().BoolVar(&body.DryRun, "dry-run", false, "report only: remove nothing and raise no alarm")
	return c
}

func sweepText(page *page, report contract.SweepReport) {
	page.row("TARGET", "LIVE", "ORPHANS", "DRIFTED", "REAPPEARED", "PROBLEM")
	for _, result := range report.Targets {
		orphans := fmt.Sprint(len(result.Orphans))
		if !result.Listed {
			orphans = "no marks"
		}
		page.row(
			result.Target,
			fmt.Sprint(result.Live),
			orphans,
			fmt.Sprint(len(result.Drifted)),
			fmt.Sprint(len(result.Reappeared)),
			result.Problem,
		)
	}
	for _, result := range report.Targets {
		for _, orphan := range result.Orphans {
			page.row("orphan", result.Target, orphan.Account, orphan.Key, removedText(orphan.Removed))
		}
		for _, grant := range result.Drifted {
			page.row("drifted", grant)
		}
		for _, grant := range result.Reappeared {
			page.row("reappeared", grant)
		}
	}
	for _, id := range report.Requests.Untracked {
		page.row("untracked", id)
	}
	for _, id := range report.Requests.Closed {
		page.row("closed", id)
	}
	for _, workflow := range report.Requests.Restated {
		page.row("restated", workflow)
	}
	page.fact("requests", report.Requests.Problem)
	page.fact("stopped", report.Stopped)
}

func removedText(removed bool) string {
	if removed {
		return "removed"
	}
	return "left alone"
}
