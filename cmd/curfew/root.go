package main

import (
	"github.com/spf13/cobra"
)

// program is one run of the command.
type program struct {
	surroundings

	server    string
	tokenFile string
	output    string
	noInput   bool
	// understood is true once the arguments made sense: errors from then on are about what was asked, not how.
	understood bool
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "curfew",
		Short: "Access to production for a while",
		Long: `Curfew gives people access to production for a while and takes it away again, on time.

The server is found by --server or $CURFEW_SERVER. Sign in with curfew login, or keep your token in $CURFEW_TOKEN or in the
file that --token-file names. There is no flag for the token itself: everybody on the machine could read it in the list of processes.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if p.output != outputText && p.output != outputJSON {
				return usageError("output", "choose text or json", "there is no output %q", p.output)
			}
			p.understood = true
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&p.server, "server", "", "where Curfew is (default $CURFEW_SERVER, or "+defaultServer+")")
	flags.StringVar(&p.tokenFile, "token-file", "", "`file` that holds your token (default: the token is in $CURFEW_TOKEN, or curfew login got it)")
	flags.StringVarP(&p.output, "output", "o", outputText, "text, or json: what the API answered")
	flags.BoolVar(&p.noInput, "no-input", false, "never ask anything, also on a terminal")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		p.requestCommand(), p.ensureCommand(), p.approveCommand(), p.denyCommand(), p.extendCommand(), p.revokeCommand(), p.cancelCommand(),
		p.showCommand(), p.listCommand(), p.watchCommand(), p.templatesCommand(),
		p.loginCommand(), p.logoutCommand(), p.tokensCommand(), p.certificateCommand(), p.stuckCommand(), p.alarmsCommand(), p.sweepCommand(),
		p.configCommand(), p.policyCommand(), p.keysCommand(), p.serverCommand(), p.workerCommand(), p.versionCommand(), exitCodesTopic(),
	)
	return root
}
