package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is set by the linker for releases: -X main.release=v1.2.3.
var release string

// version is the release, or what Go knows of the source.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Show which Curfew this is",
		Example: "  curfew version -o json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if p.output == outputJSON {
				return p.object(map[string]string{"version": version()})
			}
			page := newPage()
			page.row("curfew " + version())
			return page.print(p.stdout)
		},
	}
}
