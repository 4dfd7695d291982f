package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"curfew/workflows/contract"
)

// renamedFlags are the flags that have another name now, so that a script of before learns it from the error.
var renamedFlags = map[string]string{"because": "reason"}

// flagError names the new flag where somebody uses an old one.
func flagError(_ *cobra.Command, err error) error {
	for old, now := range renamedFlags {
		if strings.HasSuffix(err.Error(), "unknown flag: --"+old) {
			return fmt.Errorf("%w, which is called --%s now", err, now)
		}
	}
	return err
}

// renamedCommand answers for a command that has another name now.
func renamedCommand(old, now string) *cobra.Command {
	return &cobra.Command{
		Use: old, Hidden: true, DisableFlagParsing: true,
		RunE: func(c *cobra.Command, _ []string) error {
			return contract.Invalid("%s has another name now", c.CommandPath()).Advise("use " + now)
		},
	}
}
