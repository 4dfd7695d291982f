// Package people says who people are: the sections of the configuration that name them, their accounts, their groups and
// their roles, how their sign-ins and tokens name them, and who has left. It checks these sections, and finds people in
// them; it authenticates nobody.
package people

import (
	"cmp"
	"encoding/json"

	"curfew/internal/strictyaml"
)

// Directory is what the configuration says of people.
type Directory struct {
	Roles         Roles                   `yaml:"roles" doc:"Who may do more than ask and review."`
	OIDC          *OIDC                   `yaml:"oidc" doc:"The OpenID Connect provider where people and machines sign in. Without it people have the tokens of the file alone."`
	People        map[string]Person       `yaml:"people" doc:"The directory: everybody who requests access, approves it or gets it, by opaque ids of your choice."`
	ServiceTokens map[string]ServiceToken `yaml:"serviceTokens" doc:"Tokens with which programs act as persons, by names of your choice."`
	Groups        map[string]Group        `yaml:"groups" doc:"Who belongs to a group, by its name: a list of people, a group of a directory, or a group that sign-ins name."`
	Directories   map[string]GroupSystem  `yaml:"directories" doc:"Systems that know who belongs to groups, by the names that groups refer to."`

	// Leavers are the people of the file who have left. They are not among People, nor in any group or role.
	Leavers map[string]Person `yaml:"-"`
	// Vacated are the roles that have lost everybody whom the file names.
	Vacated []string `yaml:"-"`
}

// Beside is what people's sections refer to in the rest of the configuration.
type Beside struct {
	Targets strictyaml.Section
	// Systems are those beside the targets on which people may have accounts.
	Systems []string
	// AccountForms refuse what can't be an account on one of these systems.
	AccountForms map[string]func(account string) error
	// NormalizeGroup checks a group of a kind of system, and returns it as canonical JSON; nil for a kind that is not known.
	NormalizeGroup func(kind string, spec json.RawMessage) (json.RawMessage, error)
}

// Complete puts in what depends on other values.
func (d *Directory) Complete() {
	for name, system := range d.Directories {
		system.Accounts = cmp.Or(system.Accounts, name)
		d.Directories[name] = system
	}
	if d.OIDC != nil {
		d.OIDC.CLIClientID = cmp.Or(d.OIDC.CLIClientID, d.OIDC.ClientID)
	}
}

// Check looks for what is wrong between values that are right in themselves, and decodes those that have a form of their
// own. The directory is complete.
func (d *Directory) Check(r *strictyaml.Reader, beside Beside) {
	c := check{Reader: r, directory: d, beside: beside}
	c.roles(strictyaml.Path{"roles"})
	c.people(strictyaml.Path{"people"})
	c.accounts(strictyaml.Path{"people"})
	c.accountForms(strictyaml.Path{"people"})
	c.logins(strictyaml.Path{"people"})
	c.groups(strictyaml.Path{"groups"})
	c.groupSystems(strictyaml.Path{"directories"})
	c.serviceTokens(strictyaml.Path{"serviceTokens"})
	if d.OIDC != nil {
		c.oidc(d.OIDC, strictyaml.Path{"oidc"})
	}
}

// check is one look at a directory.
type check struct {
	*strictyaml.Reader
	directory *Directory
	beside    Beside
}

// PersonNames are what others refer to a person by.
func (d *Directory) PersonNames() strictyaml.Section {
	return strictyaml.SectionOf("person", "people", d.People, "add them to people")
}

// GroupNames are what others refer to a group by.
func (d *Directory) GroupNames() strictyaml.Section {
	return strictyaml.SectionOf("group", "groups", d.Groups, "list its members in groups")
}
