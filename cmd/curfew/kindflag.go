package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// kindFlag is a flag that takes one of a few kinds: its help names them, and the shell completes them.
func kindFlag[Kind ~string](c *cobra.Command, into *string, name, help string, kinds []Kind) {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = string(kind)
	}
	c.Flags().StringVar(into, name, "", help+": "+strings.Join(names, ", "))
	complete := func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	_ = c.RegisterFlagCompletionFunc(name, complete) // fails for a flag that is not there
}
