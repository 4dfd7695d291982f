package people

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v4"

	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// Group is who belongs together: people who are listed here, or the members of a group elsewhere.
type Group struct {
	Directory string `yaml:"directory" doc:"The directory that knows the members; the other keys are those of its kind's entitlements, and say which group there."`
	Claim     string `yaml:"claim" doc:"What the provider's tokens call the group: its members are those whose last sign-in named it."`

	People []string        `yaml:"-"` // when they are listed
	Spec   json.RawMessage `yaml:"-"` // the group in the directory, as its kind writes it
}

// Listed is true when all members are in the configuration.
func (g Group) Listed() bool { return g.Directory == "" && g.Claim == "" }

// GroupSystem is a system that knows who belongs to a group. Nothing is granted there.
type GroupSystem struct {
	Kind     string `yaml:"kind" doc:"What sort of system it is; required. All keys but kind and accounts are the kind's own."`
	Accounts string `yaml:"accounts" otherwise:"the directory's own name" doc:"The target or system on which people have the accounts that the directory knows them by."`

	// Settings are the kind's own, as those of a target. They are nil where this process asks no directory.
	Settings any `yaml:"-"`
}

// DecodeYAML reads a list of people, or where the members are.
func (g *Group) DecodeYAML(r *strictyaml.Reader, node *yaml.Node, at strictyaml.Path) {
	switch {
	case node.Kind == yaml.SequenceNode:
		r.List(node, reflect.ValueOf(&g.People).Elem(), at)
	case node.Kind == yaml.MappingNode && strictyaml.Has(node, "claim"):
		r.Fields(node, reflect.ValueOf(g).Elem(), at)
	case node.Kind == yaml.MappingNode:
		g.Spec = r.JSON(r.Apart(node, "directory", &g.Directory, at), at)
	default:
		r.Unusable(
			at,
			contract.Invalid("is no group").Advise("list people like [ada, grace], or write directory or claim"),
		)
	}
}

// AccountsIn are the people who have an account that a directory knows, by their accounts.
func (d *Directory) AccountsIn(directory string) map[string]string {
	people := map[string]string{}
	for id, person := range d.People {
		if account := person.Accounts[d.Directories[directory].Accounts]; account != "" {
			people[account] = id
		}
	}
	return people
}

// Claimed are the names of groups at the provider that groups of the configuration are made of.
func (d *Directory) Claimed() []string {
	var names []string
	for _, group := range d.Groups {
		if group.Claim != "" {
			names = append(names, group.Claim)
		}
	}
	return names
}

// Members are those who are listed in a group; nobody when its members are elsewhere, or when there is no such group.
func (d *Directory) Members(group string) []string { return d.Groups[group].People }

// GroupsOf are the groups that list a person, in order of their names.
func (d *Directory) GroupsOf(person string) []string {
	var groups []string
	for group := range d.Groups {
		if slices.Contains(d.Members(group), person) {
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	return groups
}

// Everybody are the people whom lists and groups name together; not all are known when members are kept elsewhere.
func (d *Directory) Everybody(named []string, groups ...string) (people []string, known bool) {
	everybody := slices.Clone(named)
	for _, name := range groups {
		if !d.Groups[name].Listed() {
			return nil, false
		}
		everybody = append(everybody, d.Members(name)...)
	}
	slices.Sort(everybody)
	return slices.Compact(everybody), true
}

func (c check) groups(at strictyaml.Path) {
	groups := c.directory.Groups
	c.IDs(maps.Keys(groups), at)
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		group, here := groups[name], at.Key(name)
		switch {
		case group.Listed() && group.Spec != nil:
			c.Wrong(here.Key("directory"),
				contract.Invalid("is missing").Advise("name one of directories, or write claim"))
		case group.Listed():
			c.ReferEach(group.People, here, c.directory.PersonNames())
		case group.Claim != "":
			c.claimed(group, here)
		default:
			group.Spec = c.groupThere(group, here)
			groups[name] = group
		}
	}
}

// claimed holds that what a sign-in names can be known.
func (c check) claimed(group Group, at strictyaml.Path) {
	at = at.Key("claim")
	switch {
	case group.Directory != "":
		c.Wrong(at, contract.Invalid("stands beside directory").Advise("keep one of them"))
	case len(group.Claim) > longestLogin:
		c.Wrong(at, contract.Invalid("is longer than %d bytes", longestLogin).Advise("copy it from the provider again"))
	case c.directory.OIDC == nil || c.directory.OIDC.Groups.Claim == "":
		c.Wrong(at, contract.Invalid("is known by nobody: tokens tell no groups").
			Advise("write in oidc.groups.claim which claim has a person's groups"))
	}
}

// groupThere checks a group of a directory, and returns it as its kind writes it.
func (c check) groupThere(group Group, at strictyaml.Path) json.RawMessage {
	systems := strictyaml.SectionOf("directory", "directories", c.directory.Directories,
		"write how it is reached in directories")
	if !c.Refer(group.Directory, at.Key("directory"), systems) || group.Spec == nil {
		return nil
	}
	spec, err := c.beside.NormalizeGroup(c.directory.Directories[group.Directory].Kind, group.Spec)
	c.Refused(at, err)
	return spec
}

// groupSystems holds that people can have the accounts that a directory knows them by.
func (c check) groupSystems(at strictyaml.Path) {
	systems := c.directory.Directories
	c.IDs(maps.Keys(systems), at)
	for _, name := range slices.Sorted(maps.Keys(systems)) {
		accounts := systems[name].Accounts
		if accounts != name && !slices.Contains(c.beside.Systems, accounts) {
			c.Refer(accounts, at.Key(name).Key("accounts"), c.beside.Targets)
		}
	}
}
