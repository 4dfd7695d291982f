package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"curfew/activities/kinds"
	"curfew/activities/target"
	"curfew/workflows/contract"
)

// kindText is what `config kinds -o json` prints of a kind.
type kindText struct {
	Kind           string         `json:"kind"`
	Entitlement    []target.Field `json:"entitlement"`
	MaxDuration    string         `json:"maxDuration,omitempty"`
	EnforcesExpiry bool           `json:"enforcesExpiry"`
}

func (p *program) configKindsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "kinds",
		Short:   "List the kinds of targets, and what an entitlement of each is made of",
		Example: "  curfew config kinds",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return p.listKinds() },
	}
}

func (p *program) listKinds() error {
	all := kinds.Targets()
	var list []kindText
	for _, name := range slices.Sorted(maps.Keys(all)) {
		kind := all[name]
		text := kindText{
			Kind:           name,
			Entitlement:    target.FieldsOf(kind.Entitlement),
			EnforcesExpiry: kind.Limits.EnforcesExpiry,
		}
		if kind.Limits.MaxDuration > 0 {
			text.MaxDuration = contract.Duration{Duration: kind.Limits.MaxDuration}.String()
		}
		list = append(list, text)
	}
	if p.output == outputJSON {
		return p.object(list)
	}
	page := newPage()
	for _, kind := range list {
		page.row(
			kind.Kind,
			"",
			fmt.Sprintf(
				"at most %s; the target ends access by itself: %s",
				cmp.Or(kind.MaxDuration, "any duration"),
				yesNo(kind.EnforcesExpiry),
			),
		)
		for _, field := range kind.Entitlement {
			page.row("  "+field.Name, field.Type+optional(field.Optional), field.Meaning)
		}
	}
	return page.print(p.stdout)
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func optional(is bool) string {
	if is {
		return ", optional"
	}
	return ""
}
