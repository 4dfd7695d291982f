package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"curfew/workflows/contract"
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
		Short: "Just-in-time access to production",
		Long: `Curfew grants just-in-time access to production and revokes it on time.

Set the server with --server or $CURFEW_SERVER. Sign in with curfew login, or put your token into $CURFEW_TOKEN or into the file
that --token-file names. No flag takes the token itself, because every process on the machine could read it.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if p.output != outputText && p.output != outputJSON {
				return contract.Invalid("there is no output %q", p.output).At("output").Advise("choose text or json")
			}
			p.understood = true
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	p.addFlags(root.PersistentFlags())
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		p.requestCommand(),
		p.ensureCommand(),
		p.approveCommand(),
		p.denyCommand(),
		p.extendCommand(),
		p.revokeCommand(),
		p.cancelCommand(),
		p.showCommand(),
		p.listCommand(),
		p.watchCommand(),
		p.templatesCommand(),
		p.loginCommand(),
		p.logoutCommand(),
		p.tokensCommand(),
		p.certificateCommand(),
		p.stuckCommand(),
		p.alarmsCommand(),
		p.sweepCommand(),
		p.endCommand(),
		p.freezeCommand(),
		p.thawCommand(),
		p.configCommand(),
		p.policyCommand(),
		p.keysCommand(),
		p.serverCommand(),
		p.workerCommand(),
		p.versionCommand(),
		exitCodesTopic(),
	)
	return root
}

// addFlags are those of every command.
func (p *program) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(
		&p.server,
		"server",
		"",
		"`address` of the Curfew server (default $CURFEW_SERVER, or "+defaultServer+")",
	)
	flags.StringVar(
		&p.tokenFile,
		"token-file",
		"",
		"`file` that holds your token (default: $CURFEW_TOKEN, or the token of curfew login)",
	)
	flags.StringVarP(&p.output, "output", "o", outputText, "output `format`: text, or json as the API answered")
	flags.BoolVar(&p.noInput, "no-input", false, "never prompt, even on a terminal")
}
