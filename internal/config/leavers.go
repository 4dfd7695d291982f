package config

import (
	"fmt"
	"maps"
	"slices"

	"curfew/workflows/contract"
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
	for name, role := range map[string]*[]string{
		"roles.auditors": &c.Roles.Auditors, "roles.operators": &c.Roles.Operators, "roles.admins": &c.Roles.Admins,
	} {
		had := len(*role)
		*role = slices.DeleteFunc(*role, left)
		if had > 0 && len(*role) == 0 {
			c.Vacated = append(c.Vacated, name)
		}
	}
	slices.Sort(c.Vacated)
}

// Vacancies say what nobody can do any more because those who could have left. They are no mistakes: somebody's access
// has to end at once when they leave, whoever takes their place.
func (c *Config) Vacancies() (vacancies []Mistake) {
	for _, role := range c.Vacated {
		vacancies = append(vacancies, Mistake{
			Field: role, Fault: "everybody whom it names has left", Fix: "name somebody who takes their place",
		})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Hooks)) {
		if c.HasLeft(c.Hooks[name].Person) {
			vacancies = append(vacancies, Mistake{
				Field: "hooks." + name + ".person", Fault: "has left, and what this source asks for is refused",
				Fix: "name somebody who takes their place",
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Templates)) {
		for i, rule := range c.Templates[name].ApprovalRules() {
			if could, all := c.reviewersOf(rule); all && could < rule.Count && c.namesLeavers(rule) {
				vacancies = append(vacancies, Mistake{
					Field: fmt.Sprintf("templates.%s.approvals[%d]", name, i),
					Fault: fmt.Sprintf(
						"it takes %d approvals, and %d of those who could give one have not left",
						rule.Count,
						could,
					),
					Fix: "name somebody who takes their place; until then requests for it are refused, and pending ones are denied or lapse",
				})
			}
		}
	}
	return vacancies
}

// reviewersOf is how many may give a rule's approvals; all is false when a directory or a provider knows of more.
func (c *Config) reviewersOf(rule contract.ApprovalRule) (could int, all bool) {
	people := slices.Clone(rule.From)
	for _, name := range rule.Groups {
		group := c.Groups[name]
		if !group.Listed() {
			return 0, false
		}
		people = append(people, group.People...)
	}
	slices.Sort(people)
	people = slices.DeleteFunc(slices.Compact(people), c.HasLeft)
	return len(people), true
}

func (c *Config) namesLeavers(rule contract.ApprovalRule) bool {
	return slices.ContainsFunc(rule.From, c.HasLeft) || len(rule.Groups) > 0
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
