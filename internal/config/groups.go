package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// Group is who belongs together: people who are listed here, or the members of a group elsewhere.
type Group struct {
	Directory string `yaml:"directory" doc:"The directory that knows the members; the other keys are those of its kind's entitlements, and say which group there."`
	Claim     string `yaml:"claim" doc:"What the provider's tokens call the group: its members are those whose last sign-in named it."`

	People []string        `yaml:"-"` // when they are listed
	Spec   json.RawMessage `yaml:"-"` // the group in the directory, as Kind.Normalize returned it
}

// Listed is true when all members are in the configuration.
func (g Group) Listed() bool { return g.Directory == "" && g.Claim == "" }

// Directory is a system that knows who belongs to a group. Nothing is granted there.
type Directory struct {
	Kind     string `yaml:"kind" doc:"What sort of system it is; required. All keys but kind and accounts are the kind's own."`
	Accounts string `yaml:"accounts" otherwise:"the directory's own name" doc:"The target or system on which people have the accounts that the directory knows them by."`

	// Settings are the kind's own, as those of a target. They are nil where this process asks no directory.
	Settings any `yaml:"-"`
}

// AccountsIn are the people who have an account that a directory knows, by their accounts.
func (c *Config) AccountsIn(directory string) map[string]string {
	people := map[string]string{}
	for id, person := range c.People {
		if account := person.Accounts[c.Directories[directory].Accounts]; account != "" {
			people[account] = id
		}
	}
	return people
}

// Claimed are the names of groups at the provider that groups of the configuration are made of.
func (c *Config) Claimed() []string {
	var names []string
	for _, group := range c.Groups {
		if group.Claim != "" {
			names = append(names, group.Claim)
		}
	}
	return names
}

// Members are those who are listed in a group; nobody when its members are elsewhere, or when there is no such group.
func (c *Config) Members(group string) []string { return c.Groups[group].People }

// group reads a list of people, or where the members are.
func (r *reading) group(node *yaml.Node, into *Group, at path) {
	switch {
	case node.Kind == yaml.SequenceNode:
		r.List(node, reflect.ValueOf(&into.People).Elem(), at)
	case node.Kind == yaml.MappingNode && slices.ContainsFunc(r.Entries(node, at), func(e strictyaml.Entry) bool { return e.Key.Value == "claim" }):
		r.Fields(node, reflect.ValueOf(into).Elem(), at)
	case node.Kind == yaml.MappingNode:
		spec, err := json.Marshal(r.Plain(r.Apart(node, "directory", &into.Directory, at), at))
		if err != nil {
			r.Unusable(at, contract.Invalid("can't be written as JSON: %v", err).Advise("write ordinary numbers"))
			return
		}
		into.Spec = spec
	default:
		r.Unusable(
			at,
			contract.Invalid("is no group").Advise("list people like [ada, grace], or write directory or claim"),
		)
	}
}

// directory reads the kind and everything else into the settings of that kind, where this process asks directories.
func (r *reading) directory(node *yaml.Node, into *Directory, at path) {
	rest := r.Apart(r.Apart(node, "kind", &into.Kind, at), "accounts", &into.Accounts, at)
	kind, known := r.kinds.Targets[into.Kind]
	if !known || !kind.KnowsHolders {
		var able []string
		for name, kind := range r.kinds.Targets {
			if kind.KnowsHolders {
				able = append(able, name)
			}
		}
		r.Unusable(
			at.Key("kind"),
			contract.Invalid("%s", unknownDirectory(into.Kind)).Advise(strictyaml.Suggest(into.Kind, able)),
		)
		return
	}
	into.Settings = kind.Settings()
	before := len(r.Mistakes)
	if !r.directories {
		_ = r.credentials(false, func() { r.Decode(rest, reflect.ValueOf(into.Settings).Elem(), at) }) // none is read
		into.Settings = nil
		return
	}
	r.Decode(rest, reflect.ValueOf(into.Settings).Elem(), at)
	r.validate(into.Settings, before, at)
}

func unknownDirectory(kind string) string {
	if kind == "" {
		return "is missing"
	}
	return "there is no kind of directory " + strconv.Quote(strictyaml.Shorten(kind))
}

func (r *reading) groups(c *Config, at path) {
	r.names(at, maps.Keys(c.Groups))
	for _, name := range slices.Sorted(maps.Keys(c.Groups)) {
		group, here := c.Groups[name], at.Key(name)
		switch {
		case group.Listed() && group.Spec != nil:
			r.wrong(here.Key("directory"), "is missing", "name one of directories, or write claim")
		case group.Listed():
			r.listed(group.People, here, r.isPerson(c))
		case group.Claim != "":
			r.claimed(c, group, here)
		default:
			group.Spec = r.groupThere(c, group, here)
			c.Groups[name] = group
		}
	}
}

// claimed holds that what a sign-in names can be known.
func (r *reading) claimed(c *Config, group Group, at path) {
	switch {
	case group.Directory != "":
		r.wrong(at.Key("claim"), "stands beside directory", "keep one of them")
	case len(group.Claim) > longestLogin:
		r.wrong(at.Key("claim"), fmt.Sprintf("is longer than %d bytes", longestLogin),
			"copy it from the provider again")
	case c.OIDC == nil || c.OIDC.Groups.Claim == "":
		r.wrong(at.Key("claim"), "is known by nobody: tokens tell no groups",
			"write in oidc.groups.claim which claim has a person's groups")
	}
}

// groupThere checks a group of a directory, and returns it as its kind writes it.
func (r *reading) groupThere(c *Config, group Group, at path) json.RawMessage {
	if !known(r, at.Key("directory"), "directory", group.Directory, path{"directories"}, c.Directories,
		"write how it is reached in directories") {
		return nil
	}
	kind, able := r.kinds.Targets[c.Directories[group.Directory].Kind]
	if !able || group.Spec == nil {
		return nil
	}
	spec, err := kind.Normalize(group.Spec)
	if err != nil {
		r.Refused(at, err)
	}
	return spec
}

// accountsOf puts in on what people have the accounts that directories know them by.
func (r *reading) accountsOf(c *Config, at path) {
	r.names(at, maps.Keys(c.Directories))
	for _, name := range slices.Sorted(maps.Keys(c.Directories)) {
		directory, here := c.Directories[name], at.Key(name)
		directory.Accounts = cmp.Or(directory.Accounts, name)
		if directory.Accounts != name && !slices.Contains(c.Systems(), directory.Accounts) {
			known(r, here.Key("accounts"), "target", directory.Accounts, path{"targets"}, c.Targets, "")
		}
		c.Directories[name] = directory
	}
}
