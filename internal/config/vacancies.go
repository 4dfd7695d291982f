package config

import (
	"fmt"
	"maps"
	"slices"

	"curfew/workflows/contract"
)

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
	people, all := c.Everybody(rule.From, rule.Groups...)
	return len(slices.DeleteFunc(people, c.HasLeft)), all
}

func (c *Config) namesLeavers(rule contract.ApprovalRule) bool {
	return slices.ContainsFunc(rule.From, c.HasLeft) || len(rule.Groups) > 0
}
