package people

import (
	"slices"

	"curfew/internal/strictyaml"
)

// Roles says who may do more than ask and review.
type Roles struct {
	Auditors  []string `yaml:"auditors" doc:"People who read everything, and change nothing."`
	Operators []string `yaml:"operators" doc:"People who read everything, see to stuck revokes and sweeps, and end access early."`
	Admins    []string `yaml:"admins" doc:"People who do that too, and take over stuck access, by name."`
}

// lists are the roles' members, by the keys that the roles have in the file.
func (r *Roles) lists() map[string]*[]string {
	return map[string]*[]string{"auditors": &r.Auditors, "operators": &r.Operators, "admins": &r.Admins}
}

func (c check) roles(at strictyaml.Path) {
	for role, members := range c.directory.Roles.lists() {
		c.ReferEach(*members, at.Key(role), c.directory.PersonNames())
	}
}

// IsAuditor is true for those who may read everything.
func (d *Directory) IsAuditor(person string) bool { return slices.Contains(d.Roles.Auditors, person) }

// IsOperator is true for those who may see to stuck revokes, sweep and end any access early. Admins are operators too.
func (d *Directory) IsOperator(person string) bool {
	return slices.Contains(d.Roles.Operators, person) || d.IsAdmin(person)
}

// IsAdmin is true for those who may take stuck access over.
func (d *Directory) IsAdmin(person string) bool { return slices.Contains(d.Roles.Admins, person) }
