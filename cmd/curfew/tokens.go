package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"curfew/activities/kinds"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

const (
	usualTokenLife   = 90 * 24 * time.Hour
	longestTokenLife = 366 * 24 * time.Hour
)

func (p *program) tokensCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "tokens",
		Short: "Create and list service tokens, with which programs act as a person (administrators)",
		Args:  cobra.NoArgs,
		Long: `Create and list service tokens, with which programs act as a person (administrators).

The configuration stores only a hash of each token. To revoke a token, remove its lines: the server refuses
it within seconds.`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.newTokenCommand(), p.listTokensCommand())
	return c
}

// newToken is what `tokens new -o json` prints.
type newToken struct {
	Name    string    `json:"name"`
	Token   string    `json:"token"`
	Person  string    `json:"person"`
	Hash    string    `json:"hash"`
	Scopes  []string  `json:"scopes"`
	Expires time.Time `json:"expires"`
}

func (p *program) newTokenCommand() *cobra.Command {
	made := newToken{}
	var life time.Duration
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Create a service token, which curfew shows once and does not store",
		Long: `Create a service token, which curfew shows once and does not store.

Nothing changes yet: the token is valid once the printed lines are in the server's configuration.`,
		Example: "  curfew tokens new ci --person ci-robot --scopes ask,read --for 720h",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			made.Name = args[0]
			if life <= 0 || life > longestTokenLife {
				return contract.Invalid("%s is no life for a token", life).
					At("for").
					Advise("write it like 720h, up to 8784h")
			}
			made.Expires = p.now().UTC().Add(life).Truncate(time.Second)
			return p.showNewToken(made)
		},
	}
	flags := c.Flags()
	flags.StringVar(&made.Person, "person", "", "`id` of the person whom the token acts as (required)")
	flags.StringSliceVar(
		&made.Scopes,
		"scopes",
		nil,
		"`scopes` of the token, separated by commas: "+strings.Join(people.Scopes(), ", ")+" (required)",
	)
	flags.DurationVar(&life, "for", usualTokenLife, "`duration` for which the token is valid")
	return c
}

func (p *program) showNewToken(made newToken) error {
	if len(made.Scopes) == 0 {
		return contract.Invalid("the token would be good for nothing").
			At("scopes").
			Advise("choose from " + strings.Join(people.Scopes(), ", "))
	}
	for _, scope := range made.Scopes {
		if !slices.Contains(people.Scopes(), scope) {
			return contract.Invalid("there is no scope %q", scope).
				At("scopes").
				Advise("choose from " + strings.Join(people.Scopes(), ", "))
		}
	}
	for field, id := range map[string]string{"name": made.Name, "person": made.Person} {
		if !strictyaml.IsID(id) {
			return contract.Invalid("%q is no id", id).
				At(field).
				Advise("use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit")
		}
	}
	token, hash := identity.NewServiceToken()
	made.Token, made.Hash = token.Reveal(), hash
	if p.output == outputJSON {
		return p.object(made)
	}
	page := newPage()
	page.row("token, shown only now: " + made.Token)
	page.row("for the configuration:")
	page.row("serviceTokens:")
	page.row(fmt.Sprintf("  %s: {person: %s, scopes: [%s], expires: %s,", made.Name, made.Person,
		strings.Join(made.Scopes, ", "), made.Expires.Format(time.RFC3339)))
	page.row(fmt.Sprintf("    hash: %q}", made.Hash))
	return page.print(p.stdout)
}

// listedToken is what `tokens list -o json` prints of each.
type listedToken struct {
	Name    string    `json:"name"`
	Person  string    `json:"person"`
	Scopes  []string  `json:"scopes"`
	Expires time.Time `json:"expires"`
	Expired bool      `json:"expired"`
}

func (p *program) listTokensCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the service tokens of a configuration file",
		Example: "  curfew tokens list --config curfew.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			configured, err := config.Source{File: file, Kinds: kinds.ForConfig(), Serves: config.Nothing}.Load()
			if err != nil {
				return err
			}
			return p.showTokens(configured)
		},
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	return c
}

func (p *program) showTokens(configured *config.Config) error {
	tokens := configured.ServiceTokens
	list := []listedToken{}
	for _, name := range slices.Sorted(maps.Keys(tokens)) {
		token := tokens[name]
		list = append(list, listedToken{name, token.Person, token.Scopes, token.Until, !p.now().Before(token.Until)})
	}
	if p.output == outputJSON {
		return p.object(map[string][]listedToken{"serviceTokens": list})
	}
	page := newPage()
	if len(list) == 0 {
		page.row("no service tokens")
		return page.print(p.stdout)
	}
	page.row("NAME", "PERSON", "SCOPES", "EXPIRES")
	for _, token := range list {
		ends := p.moment(token.Expires)
		if token.Expired {
			ends += ", expired"
		}
		page.row(
			token.Name,
			story.Person(configured.Names(token.Person), token.Person),
			strings.Join(token.Scopes, ", "),
			ends,
		)
	}
	return page.print(p.stdout)
}
