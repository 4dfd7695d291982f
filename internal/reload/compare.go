package reload

import (
	"reflect"

	"curfew/internal/config"
	"curfew/internal/strictyaml"
)

// followed are the sections that a running process follows. All others need a restart: connections were opened by them.
var followed = map[string]bool{
	"drift":         true,
	"departures":    true,
	"roles":         true,
	"people":        true,
	"serviceTokens": true,
	"groups":        true,
	"defaults":      true,
	"templates":     true,
}

// compare returns the sections that have changed and are followed, and those that need a restart.
func compare(before, after *config.Config) (changed, fixed []string) {
	old, young := reflect.ValueOf(*before), reflect.ValueOf(*after)
	for _, field := range reflect.VisibleFields(old.Type()) {
		section, ok := strictyaml.KeyOf(field)
		if !ok { // made of others
			continue
		}
		if reflect.DeepEqual(old.FieldByIndex(field.Index).Interface(), young.FieldByIndex(field.Index).Interface()) {
			continue
		}
		if followed[section] || section == "hooks" && sameSources(before.Hooks, after.Hooks) {
			changed = append(changed, section)
		} else {
			fixed = append(fixed, section)
		}
	}
	return changed, fixed
}

// sameSources is true when the same sources of webhooks are known by the same secrets. What their deliveries do is
// followed.
func sameSources(before, after map[string]config.Hook) bool {
	if len(before) != len(after) {
		return false
	}
	for name, hook := range before {
		other, found := after[name]
		hook.Routes, hook.Decisions, hook.Person = other.Routes, other.Decisions, other.Person
		if !found || !reflect.DeepEqual(hook, other) {
			return false
		}
	}
	return true
}
