package config

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

func (r *reading) people(c *Config, at path) {
	r.names(at, maps.Keys(c.People))
	if _, taken := c.People[contract.ActorCurfew]; taken {
		r.wrong(at.Key(contract.ActorCurfew), "is the name that Curfew's own doings have in the ledger",
			"choose another")
	}
	tokens := map[[sha256.Size]byte]string{}
	for _, id := range slices.Sorted(maps.Keys(c.People)) {
		token := c.People[id].Token
		if token.IsZero() {
			continue
		}
		digest := sha256.Sum256([]byte(token.Reveal()))
		if owner, taken := tokens[digest]; taken {
			r.wrong(at.Key(id).Key("token"), fmt.Sprintf("is the same as that of %s", owner),
				"give each person a token of their own")
			continue
		}
		tokens[digest] = id
	}
	r.accounts(c, at)
}

// accounts holds that nobody is two persons on a target: they could approve their own request.
func (r *reading) accounts(c *Config, at path) {
	if r.Lost(path{"targets"}) {
		return
	}
	type account struct{ target, name string }
	owners := map[account]string{}
	for _, id := range slices.Sorted(maps.Keys(c.People)) {
		for _, target := range slices.Sorted(maps.Keys(c.People[id].Accounts)) {
			name, here := c.People[id].Accounts[target], at.Key(id).Key("accounts").Key(target)
			if _, found := c.Targets[target]; !found && !slices.Contains(c.Systems(), target) {
				r.wrong(here, "there is no such target",
					strictyaml.Suggest(target, slices.Collect(maps.Keys(c.Targets))))
				continue
			}
			if strings.TrimSpace(name) == "" {
				r.wrong(here, "is empty", "write the person's name there, or take the line out")
				continue
			}
			if strings.TrimSpace(name) != name {
				r.wrong(here, "has space around it", "copy it from there again")
				continue
			}
			key := account{target, alike(name)}
			if owner, taken := owners[key]; taken {
				r.wrong(here, fmt.Sprintf("is the account of %s already", owner),
					"give each person one account, and each account one person")
				continue
			}
			owners[key] = id
		}
	}
}

// Names are what people are called, by their ids; whoever has no name is left out.
func (c *Config) Names(people ...string) map[string]string {
	names := map[string]string{}
	for _, id := range people {
		if name := c.Name(id); name != id {
			names[id] = name
		}
	}
	return names
}
