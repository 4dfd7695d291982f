package config

import (
	"maps"
	"slices"
)

// dismiss takes those who have left out of everything by which somebody may do something. The file may still name them,
// so that one line is all that it takes when somebody leaves.
func (c *Config) dismiss() {
	for id, person := range c.People {
		if !person.Left {
			continue
		}
		if c.Leavers == nil {
			c.Leavers = map[string]Person{}
		}
		c.Leavers[id] = person
	}
	if len(c.Leavers) == 0 {
		return
	}
	left := func(id string) bool { return c.HasLeft(id) }
	maps.DeleteFunc(c.People, func(id string, _ Person) bool { return left(id) })
	maps.DeleteFunc(c.ServiceTokens, func(_ string, token ServiceToken) bool { return left(token.Person) })
	for name, group := range c.Groups {
		group.People = slices.DeleteFunc(group.People, left)
		c.Groups[name] = group
	}
	for _, role := range []*[]string{&c.Roles.Auditors, &c.Roles.Operators, &c.Roles.Admins} {
		*role = slices.DeleteFunc(*role, left)
	}
}

// HasLeft is true for a person of whom the file says so.
func (c *Config) HasLeft(person string) bool {
	_, left := c.Leavers[person]
	return left
}

// Name is what a person is called, also one who has left; the id of anybody else.
func (c *Config) Name(person string) string {
	known, found := c.People[person]
	if !found {
		known = c.Leavers[person]
	}
	if known.Name == "" {
		return person
	}
	return known.Name
}
