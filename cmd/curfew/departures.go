package main

import (
	"context"
	"fmt"
	"maps"

	"github.com/spf13/cobra"

	"curfew/activities/kinds"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/internal/departure"
	"curfew/starter/api"
)

func (p *program) configDiffCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "diff",
		Short: "Show whose access a changed configuration would end (auditors, operators)",
		Long: `Show whose access a changed configuration would end, before a server reads it.

It asks the server for the access that people have now, and compares it with the people and accounts of the file. It reads
no secret and changes nothing. Give the digest that it prints to curfew config confirm, once the servers have read the
file.`,
		Example: "  curfew config diff --config curfew.yaml.new",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return p.diffConfig(c.Context(), file) },
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the changed configuration `file`")
	return c
}

// difference is what `config diff -o json` prints.
type difference struct {
	File       string                `json:"file"`
	Digest     string                `json:"digest"`
	Departures []departure.Departure `json:"departures"`
	People     int                   `json:"people"` // who would lose access
	Most       int                   `json:"most"`   // who may without a confirmation
	Confirm    bool                  `json:"confirm"`
	// Names are what the people are called, by their ids: as the server knows them, and as the file does.
	Names map[string]string `json:"names,omitempty"`
}

func (p *program) diffConfig(ctx context.Context, file string) error {
	changed, err := config.LoadRules(file, kinds.ForConfig())
	if err != nil {
		return err
	}
	remote, err := p.remote()
	if err != nil {
		return err
	}
	answered, err := remote.Holders(ctx)
	if err != nil {
		return err
	}
	directory, held := departure.Of(changed), answered.Value.Held
	ends := directory.Departures(held)
	found := difference{
		File:       file,
		Digest:     directory.Digest(),
		Departures: ends,
		People:     departure.People(ends),
		Most:       departure.Most(held),
		Confirm:    departure.TooMany(ends, held),
		Names:      map[string]string{},
	}
	for _, one := range ends {
		maps.Copy(found.Names, changed.Names(one.Person))
		if name, known := answered.Value.Names[one.Person]; known {
			found.Names[one.Person] = name
		}
	}
	if p.output == outputJSON {
		return p.object(found)
	}
	page := newPage()
	diffText(page, found, changed.Departures.After.String())
	return page.print(p.stdout)
}

func diffText(page *page, found difference, after string) {
	departuresText(page, found.Departures, found.Names, after)
	page.row("digest", found.Digest)
	if found.Confirm {
		page.row(
			fmt.Sprintf(
				"%d people would lose access, and %d may: nothing ends until somebody confirms it with curfew config confirm",
				found.People,
				found.Most,
			),
		)
	}
}

func departuresText(page *page, ends []departure.Departure, names map[string]string, after string) {
	if len(ends) == 0 {
		page.row("no access would end")
		return
	}
	page.row("REQUEST", "PERSON", "WHY", "WHEN")
	for _, one := range ends {
		why, when := string(one.Why), after+" after it is missed"
		switch one.Why {
		case departure.Left:
			when = "at once"
		case departure.Changed:
			why = "the account " + one.Account + " on " + one.Target
		case departure.Missing:
		}
		page.row(one.Request, story.Person(names, one.Person), why, when)
	}
}

func (p *program) configConfirmCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "confirm DIGEST",
		Short: "Confirm a changed directory that ends the access of many people (operators)",
		Long: `Confirm a changed directory that ends the access of many people.

The directory is the people and accounts of the configuration. If a change of it would end the access of more than three
people, and of more than a tenth of those who have any, Curfew ends nothing and raises the alarm leaving-stopped, which
names the digest to confirm. A confirmation is for that directory alone, until another one takes its place.`,
		Example: "  curfew config confirm 3f1c…",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			confirmed, err := remote.ConfirmDirectory(c.Context(), api.ConfirmationBody{Digest: args[0]})
			return answer(p, confirmed, err, func(page *page, ends api.Confirmed) {
				departuresText(page, ends.Departures, ends.Names, "departures.after")
			})
		},
	}
}
