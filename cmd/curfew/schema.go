package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"curfew/activities/kinds"
	"curfew/internal/configdoc"
)

func (p *program) configSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print a JSON Schema of the configuration, for editors",
		Long: `Print a JSON Schema of the configuration, for editors.

With it an editor completes the keys of curfew.yaml, shows what each means, and marks unknown keys and wrong types while you write.
curfew config check finds more: keys that contradict each other, and names of things that do not exist.

Put the editor's modeline into the first line of curfew.yaml, with the path of the schema.`,
		Example: `  curfew config schema > curfew.schema.json
  # yaml-language-server: $schema=curfew.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			schema, err := configdoc.Schema(configdoc.Describe(kinds.ForConfig()))
			if err != nil {
				return fmt.Errorf("write the schema: %w", err)
			}
			_, err = p.stdout.Write(schema)
			return err
		},
	}
}
