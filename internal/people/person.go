package people

import (
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"slices"
	"strings"

	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// Person is an entry of the directory. The key in Directory.People is the person's opaque id.
type Person struct {
	Name     string            `yaml:"name" otherwise:"the id" doc:"What the person is called."`
	Token    strictyaml.Secret `yaml:"token" doc:"The bearer token that stands for the person at the API."`
	Login    string            `yaml:"login" doc:"What the claim oidc.personClaim says of the person; this or subject lets them sign in."`
	Subject  string            `yaml:"subject" doc:"What the claim sub says of the person; safer than login, because a provider gives none away twice."`
	Accounts map[string]string `yaml:"accounts" doc:"The person's name on each target and system. Nobody shares one."`
	Left     bool              `yaml:"left" doc:"Whether the person has left: then they may do nothing any more, and all their access ends at once."`
}

// PersonByToken finds whose bearer token this is. It takes the same time whether and whomever it finds: every token
// is compared, by its digest.
func (d *Directory) PersonByToken(token string) (id string, ok bool) {
	presented := sha256.Sum256([]byte(token))
	for candidate, person := range d.People {
		if person.Token.IsZero() {
			continue
		}
		digest := sha256.Sum256([]byte(person.Token.Reveal()))
		if subtle.ConstantTimeCompare(presented[:], digest[:]) == 1 {
			id = candidate
		}
	}
	return id, id != ""
}

// Account is the name that a person has on a target; false when the directory knows none.
func (d *Directory) Account(person, target string) (string, bool) {
	account := d.People[person].Accounts[target]
	return account, account != ""
}

// PersonByAccount finds whose account this is on a target or system.
func (d *Directory) PersonByAccount(system, account string) (id string, ok bool) {
	for candidate, person := range d.People {
		if account != "" && fold(person.Accounts[system]) == fold(account) {
			return candidate, true // nobody shares an account
		}
	}
	return "", false
}

// Name is what a person is called, also one who has left; the id of anybody else.
func (d *Directory) Name(person string) string {
	known, found := d.People[person]
	if !found {
		known = d.Leavers[person]
	}
	if known.Name == "" {
		return person
	}
	return known.Name
}

// Names are what people are called, by their ids; whoever has no name is left out.
func (d *Directory) Names(people ...string) map[string]string {
	names := map[string]string{}
	for _, id := range people {
		if name := d.Name(id); name != id {
			names[id] = name
		}
	}
	return names
}

func (c check) people(at strictyaml.Path) {
	everybody := c.directory.People
	c.IDs(maps.Keys(everybody), at)
	if _, taken := everybody[contract.ActorCurfew]; taken {
		c.Wrong(at.Key(contract.ActorCurfew),
			contract.Invalid("is the name that Curfew's own doings have in the ledger").Advise("choose another"))
	}
	tokens := map[[sha256.Size]byte]string{}
	for _, id := range slices.Sorted(maps.Keys(everybody)) {
		token := everybody[id].Token
		if token.IsZero() {
			continue
		}
		digest := sha256.Sum256([]byte(token.Reveal()))
		if owner, taken := tokens[digest]; taken {
			c.Wrong(at.Key(id).Key("token"),
				contract.Invalid("is the same as that of %s", owner).Advise("give each person a token of their own"))
			continue
		}
		tokens[digest] = id
	}
}

// accounts holds that nobody is two persons on a target: they could approve their own request.
func (c check) accounts(at strictyaml.Path) {
	if c.Lost(strictyaml.Path{"targets"}) {
		return
	}
	type account struct{ target, name string }
	owners := map[account]string{}
	for _, id := range slices.Sorted(maps.Keys(c.directory.People)) {
		accounts := c.directory.People[id].Accounts
		for _, target := range slices.Sorted(maps.Keys(accounts)) {
			name, here := accounts[target], at.Key(id).Key("accounts").Key(target)
			if !c.account(target, name, here) {
				continue
			}
			key := account{target, alike(name)}
			if owner, taken := owners[key]; taken {
				c.Wrong(here, contract.Invalid("is the account of %s already", owner).
					Advise("give each person one account, and each account one person"))
				continue
			}
			owners[key] = id
		}
	}
}

// account checks one, for itself.
func (c check) account(target, name string, at strictyaml.Path) bool {
	switch {
	case !slices.Contains(c.beside.Systems, target) && !c.Refer(target, at, c.beside.Targets):
		return false
	case strings.TrimSpace(name) == "":
		c.Wrong(at, contract.Invalid("is empty").Advise("write the person's name there, or take the line out"))
	case strings.TrimSpace(name) != name:
		c.Wrong(at, contract.Invalid("has space around it").Advise("copy it from there again"))
	default:
		return true
	}
	return false
}

// accountForms holds that people's accounts on systems beside the targets are of the form that they have there.
func (c check) accountForms(at strictyaml.Path) {
	for id, person := range c.directory.People {
		for system, form := range c.beside.AccountForms {
			if account := person.Accounts[system]; account != "" {
				c.Refused(at.Key(id).Key("accounts").Key(system), form(account))
			}
		}
	}
}
