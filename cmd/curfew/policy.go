package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"curfew/activities/kinds"
	"curfew/internal/config"
	"curfew/internal/policy/rehearsal"
	"curfew/workflows/contract"
)

func (p *program) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "policy", Short: "Test the policy, and explain its decisions", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.policyTestCommand(), p.policyExplainCommand())
	return c
}

func (p *program) policyTestCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "test FILE",
		Short: "Test the policy with a table of cases",
		Long: `Test the policy with a table of cases.

FILE is a table of cases in YAML; docs/policy.md shows one. The test needs no server and reads no secret. The exit code is 1 if
the policy decides a case differently from what FILE expects.`,
		Example: "  curfew policy test --config curfew.yaml policy-cases.yaml",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return p.testPolicy(file, args[0]) },
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	return c
}

// tried is what `policy test -o json` prints of a case.
type tried struct {
	Name        string                 `json:"name"`
	Right       bool                   `json:"right"`
	Differences []rehearsal.Difference `json:"differences,omitempty"`
	Decision    contract.Decision      `json:"decision"`
}

func (p *program) testPolicy(file, table string) error {
	configured, err := config.LoadRules(file, kinds.ForConfig())
	if err != nil {
		return err
	}
	cases, err := rehearsal.Read(table)
	if err != nil {
		return err
	}
	all, wrong := make([]tried, len(cases)), 0
	for i, one := range cases {
		outcome, err := rehearsal.Play(configured, one, p.now())
		if err != nil {
			return err
		}
		all[i] = tried{one.Name, len(outcome.Differences) == 0, outcome.Differences, outcome.Explanation.Decision}
		if !all[i].Right {
			wrong++
		}
	}
	var failed error
	if wrong > 0 {
		failed = fmt.Errorf("%d of %d cases are not decided as they should be", wrong, len(cases))
	}
	if p.output == outputJSON {
		return errors.Join(p.object(all), failed)
	}
	page := triedText(all)
	return errors.Join(page.print(p.stdout), failed)
}

func triedText(all []tried) *page {
	page := newPage()
	for _, one := range all {
		if one.Right {
			page.row("right  " + one.Name)
			continue
		}
		page.row("WRONG  " + one.Name)
		for _, difference := range one.Differences {
			page.row("       - " + difference.Field + ": " + difference.Want)
			page.row("       + " + difference.Field + ": " + difference.Got)
		}
	}
	return page
}
