package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"curfew/activities/target/kinds"
	"curfew/internal/config"
)

func (p *program) configCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "config", Short: "Look after the configuration", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.configCheckCommand())
	return c
}

func (p *program) configCheckCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:     "check",
		Short:   "Say everything that is wrong with a configuration file",
		Example: "  curfew config check --config curfew.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return p.checkConfig(file) },
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	return c
}

// verdict is what `config check -o json` prints.
type verdict struct {
	File     string        `json:"file"`
	Right    bool          `json:"right"`
	Mistakes config.Errors `json:"mistakes"`
}

func (p *program) checkConfig(file string) error {
	checked, err := config.Load(file, kinds.ForConfig())
	mistakes := config.Errors{}
	if err != nil && !errors.As(err, &mistakes) {
		return err
	}
	if p.output == outputJSON {
		return errors.Join(p.object(verdict{File: file, Right: err == nil, Mistakes: mistakes}), err)
	}
	if err != nil {
		return err
	}
	page := newPage()
	page.row(fmt.Sprintf("%s is right: %d people, %d targets, %d templates",
		file, len(checked.People), len(checked.Targets), len(checked.Templates)))
	return page.print(p.stdout)
}
