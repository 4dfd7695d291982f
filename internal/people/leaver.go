package people

import (
	"maps"
	"slices"
)

// Dismiss takes those who have left out of everything by which somebody may do something. The file may still name them,
// so that one line is all that it takes when somebody leaves.
func (d *Directory) Dismiss() {
	for id, person := range d.People {
		if !person.Left {
			continue
		}
		if d.Leavers == nil {
			d.Leavers = map[string]Person{}
		}
		d.Leavers[id] = person
	}
	if len(d.Leavers) == 0 {
		return
	}
	maps.DeleteFunc(d.People, func(id string, _ Person) bool { return d.HasLeft(id) })
	maps.DeleteFunc(d.ServiceTokens, func(_ string, token ServiceToken) bool { return d.HasLeft(token.Person) })
	for name, group := range d.Groups {
		group.People = slices.DeleteFunc(group.People, d.HasLeft)
		d.Groups[name] = group
	}
	for role, members := range d.Roles.lists() {
		had := len(*members)
		*members = slices.DeleteFunc(*members, d.HasLeft)
		if had > 0 && len(*members) == 0 {
			d.Vacated = append(d.Vacated, "roles."+role)
		}
	}
	slices.Sort(d.Vacated)
}

// HasLeft is true for a person of whom the file says so.
func (d *Directory) HasLeft(person string) bool {
	_, left := d.Leavers[person]
	return left
}
