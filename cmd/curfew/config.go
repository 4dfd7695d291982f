package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"curfew/activities/kinds"
	"curfew/cmd/compose"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

func (p *program) configCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "config", Short: "Check the configuration, and what a change of it would end", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.configCheckCommand(), p.configDiffCommand(), p.configConfirmCommand(), p.configKindsCommand(),
		p.configSchemaCommand())
	return c
}

func (p *program) configCheckCommand() *cobra.Command {
	var file string
	var offline bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Check a configuration file, and whether everything that it names works",
		Long: `Check a configuration file, and whether everything that it names works.

The command lists every mistake with its line, its field and the fix. It opens the keys that the file names. It also calls
the targets, the directories, the channels, the sign-in, the tracker and the incident systems with their credentials, and
asks them for the roles, groups, projects, services and accounts that the file names. It changes nothing there and sends
nobody a message. With --offline it calls no system.`,
		Example: "  curfew config check --config curfew.yaml\n  curfew config check --offline",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return p.checkConfig(c.Context(), file, offline) },
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	c.Flags().BoolVar(&offline, "offline", false, "call no other system")
	return c
}

// verdict is what `config check -o json` prints.
type verdict struct {
	File     string        `json:"file"`
	Right    bool          `json:"right"`
	Mistakes config.Errors `json:"mistakes"`
	// Vacancies are what nobody can do any more because those who could have left.
	Vacancies []config.Mistake `json:"vacancies,omitempty"`
	Targets   []compose.Answer `json:"targets,omitempty"`
	// Channels are those on which people are told.
	Channels []compose.ChannelAnswer `json:"channels,omitempty"`
	// Systems are the others, and what is wrong with what the configuration names there.
	Systems []compose.SystemAnswer `json:"systems,omitempty"`
}

func (p *program) checkConfig(ctx context.Context, file string, offline bool) error {
	checked, err := config.Load(file, kinds.ForConfig())
	mistakes := config.Errors{}
	if err != nil && !errors.As(err, &mistakes) {
		return err
	}
	if err == nil {
		if mistakes = compose.OpenKeys(file, checked); len(mistakes) > 0 {
			err = mistakes
		}
	}
	said := verdict{File: file, Right: err == nil, Mistakes: append(config.Errors{}, mistakes...)}
	if err == nil {
		said.Vacancies = checked.Vacancies()
	}
	if err == nil && !offline {
		said.Targets, said.Channels = compose.AskTargets(ctx, checked), compose.AskChannels(ctx, checked)
		said.Systems = compose.AskSystems(ctx, checked)
		err = said.unusable()
	}
	if p.output == outputJSON {
		return errors.Join(p.object(said), err)
	}
	if !said.Right {
		return err
	}
	page := newPage()
	page.row(fmt.Sprintf("%s is right: %d people, %d targets, %d templates",
		file, len(checked.People), len(checked.Targets), len(checked.Templates)))
	for _, vacancy := range said.Vacancies {
		page.row("warning: " + vacancy.Field + ": " + vacancy.Fault + "; " + vacancy.Fix)
	}
	for _, answer := range said.Targets {
		page.row(answer.Target, answer.Kind, answered(answer))
		for _, warning := range answer.Warnings {
			page.row(answer.Target, answer.Kind, "warning: "+warning)
		}
	}
	for _, answer := range said.Channels {
		page.row(answer.Channel, answer.Kind, answered(compose.Answer{Fault: answer.Fault}))
	}
	for _, answer := range said.Systems {
		page.row(answer.Name, answer.Kind, answered(compose.Answer{Fault: answer.Fault}))
	}
	return errors.Join(page.print(p.stdout), err)
}

// answered is a target's answer in words.
func answered(answer compose.Answer) string {
	switch {
	case answer.Fault != "":
		return "can't be used: " + answer.Fault
	case answer.Max > 0:
		return fmt.Sprintf("can be used; %d of %d places are taken", answer.Used, answer.Max)
	}
	return "can be used"
}

// unusable is an error when a target or a channel can't be used.
func (v verdict) unusable() error {
	var names []string
	for _, answer := range v.Targets {
		if answer.Fault != "" {
			names = append(names, answer.Target)
		}
	}
	for _, answer := range v.Channels {
		if answer.Fault != "" {
			names = append(names, answer.Channel)
		}
	}
	for _, answer := range v.Systems {
		if answer.Fault != "" && !slices.Contains(names, answer.Name) {
			names = append(names, answer.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return contract.Unavailable("%s can't be used", strings.Join(names, ", ")).
		Advise("see above; --offline looks at the file alone")
}
