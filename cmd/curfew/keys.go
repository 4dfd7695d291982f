package main

import (
	"cmp"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

const defaultKeySet = "keys.json"

func (p *program) keysCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "keys", Short: "Create, list and retire sealing keys", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.keysNewCommand(), p.keysListCommand(), p.keysRetireCommand())
	return c
}

func (p *program) keysNewCommand() *cobra.Command {
	var role, private, public string
	c := &cobra.Command{
		Use:   "new",
		Short: "Create a key",
		Long: `Create a key. The command writes the private key to a new file that only you can read: give it to the server, or
to the workers that decide, and to nobody else. It adds the public key to the key set, which every process gets.`,
		Example: "  curfew keys new --role server --private server-key.pem --public keys.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return p.makeKey(seal.Role(role), cmp.Or(private, role+"-key.pem"), public)
		},
	}
	flags := c.Flags()
	flags.StringVar(&role, "role", "", "`role` of the key, which says what it may seal: server or decider")
	flags.StringVar(&private, "private", "", "new `file` for the private key (default ROLE-key.pem)")
	flags.StringVar(&public, "public", defaultKeySet, "`file` of the key set; created if it does not exist")
	return c
}

func (p *program) keysListCommand() *cobra.Command {
	var public string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the keys of a set",
		Example: "  curfew keys list --public keys.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			keys, err := seal.ReadKeys(public)
			if err != nil {
				return err
			}
			return p.showKeys(keys)
		},
	}
	c.Flags().StringVar(&public, "public", defaultKeySet, "`file` of the key set")
	return c
}

func (p *program) keysRetireCommand() *cobra.Command {
	var public, at string
	c := &cobra.Command{
		Use:   "retire KEY",
		Short: "Retire a key",
		Long: `Retire a key. Curfew refuses new seals by this key, and accepts existing ones until --at, so that open requests
can finish. Retire a stolen key at once, without --at.`,
		Example: `  curfew keys retire 90facafea9b15566 --public keys.json --at 2026-12-24T18:00:00Z`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return p.retireKey(args[0], public, at)
		},
	}
	c.Flags().StringVar(&public, "public", defaultKeySet, "`file` of the key set")
	c.Flags().
		StringVar(&at, "at", "", "`time` until which its seals stay valid, like 2026-12-24T18:00:00Z (default: now)")
	return c
}

// makeKey writes the private half first: a key in the set that nobody holds would look as if it were in use.
func (p *program) makeKey(role seal.Role, private, public string) error {
	key, half, err := seal.NewKey(role, p.now())
	if err != nil {
		return err
	}
	keys, err := seal.ReadKeys(public)
	if problem, ok := contract.ProblemOf(err); err != nil && (!ok || problem.Kind != contract.KindNotFound) {
		return err
	}
	if err := seal.WritePrivate(private, half); err != nil {
		return err
	}
	if err := append(keys, key).WriteFile(public); err != nil {
		return errors.Join(err, os.Remove(private)) // so that the same command can be given again
	}
	if p.output == outputJSON {
		return p.object(madeKey{keyView: p.keyView(key), Private: private, Public: public})
	}
	page := newPage()
	page.row("key", key.ID)
	page.row("role", string(key.Role))
	page.row("private half", private)
	page.row("public half", public)
	return page.print(p.stdout)
}

func (p *program) retireKey(id, public, at string) error {
	from := p.now()
	if at != "" {
		var err error
		if from, err = time.Parse(time.RFC3339, at); err != nil {
			return contract.Invalid("%q is no time", contract.Shorten(at, 64)).
				At("at").
				Advise("write it like 2026-12-24T18:00:00Z")
		}
	}
	keys, err := seal.ReadKeys(public)
	if err != nil {
		return err
	}
	if keys, err = keys.Retire(id, from, p.now()); err != nil {
		return err
	}
	if err := keys.WriteFile(public); err != nil {
		return err
	}
	return p.showKeys(keys)
}

// keyView is what `keys list -o json` prints of a key.
type keyView struct {
	ID        string     `json:"id"`
	Role      seal.Role  `json:"role"`
	Phase     seal.Phase `json:"phase"`
	NotBefore time.Time  `json:"notBefore,omitzero"`
	NotAfter  time.Time  `json:"notAfter,omitzero"`
	Retired   time.Time  `json:"retired,omitzero"`
}

// madeKey is what `keys new -o json` prints.
type madeKey struct {
	keyView
	Private string `json:"private"`
	Public  string `json:"public"`
}

func (p *program) keyView(key seal.Key) keyView {
	return keyView{
		ID: key.ID, Role: key.Role, Phase: key.Phase(p.now()),
		NotBefore: key.NotBefore, NotAfter: key.NotAfter, Retired: key.Retired,
	}
}

func (p *program) showKeys(keys seal.Keys) error {
	views := make([]keyView, 0, len(keys))
	for _, key := range keys {
		views = append(views, p.keyView(key))
	}
	if p.output == outputJSON {
		return p.object(map[string][]keyView{"keys": views})
	}
	page := newPage()
	if len(views) == 0 {
		page.row("no keys")
		return page.print(p.stdout)
	}
	page.row("KEY", "ROLE", "PHASE", "VALID FROM", "SEALS UNTIL", "COUNTS UNTIL")
	for _, view := range views {
		page.row(
			view.ID,
			string(view.Role),
			string(view.Phase),
			p.day(view.NotBefore),
			p.day(view.NotAfter),
			p.day(view.Retired),
		)
	}
	return page.print(p.stdout)
}

// day is a time in a list, or a dash when it never comes.
func (p *program) day(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.In(p.zone).Format("2006-01-02 15:04 MST")
}
