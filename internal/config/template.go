package config

import (
	"fmt"
	"maps"
	"slices"

	"curfew/workflows/contract"
)

func (r *reading) templates(c *Config, at path) {
	r.constraints(c.Defaults.Constraints, path{"defaults", "constraints"}, true)
	r.IDs(maps.Keys(c.Templates), at)
	for _, id := range slices.Sorted(maps.Keys(c.Templates)) {
		template := c.Templates[id]
		r.template(c, &template, at.Key(id))
		c.Templates[id] = template
	}
}

func (r *reading) template(c *Config, template *Template, at path) {
	r.entitlements(c, template, at.Key("entitlements"))
	r.durations(c, template, at.Key("duration"))
	r.times(template, at)
	r.whoAsks(c, template, at)
	r.evidence(c, template, at)
	r.approvals(c, template, at)
	r.constraints(template.Automatic, at.Key("automatic"), false)
	r.breakGlass(c, template, at.Key("breakGlass"))
	r.ReferEach(template.Notify, at.Key("notify"), c.channelNames())
	r.digest(template, at)
}

func (r *reading) entitlements(c *Config, template *Template, at path) {
	first := map[string]int{}
	for i := range template.Entitlements {
		entitlement := &template.Entitlements[i]
		if entitlement.ReadBack != "" && template.Drift == DriftRestore {
			r.wrong(
				at.Item(i).Key("readBack"),
				"does not go with drift: restore: nobody can see that the access was taken away",
				"leave it out, or write drift: report",
			)
		}
		if !r.normalize(c, entitlement, at.Item(i)) {
			continue
		}
		r.oneSpelling(c, *entitlement, at.Item(i))
		key := entitlement.Target + "\x00" + string(entitlement.Spec)
		if earlier, twice := first[key]; twice {
			r.wrong(at.Item(i), fmt.Sprintf("is the same as %s", at.Item(earlier)), "keep one of them")
			continue
		}
		first[key] = i
	}
}

// oneSpelling refuses entitlements that give the same and are written differently: requests for them would not add up,
// and the first to end would take the access of the other away.
func (r *reading) oneSpelling(c *Config, entitlement Entitlement, at path) {
	names := r.kinds.Targets[c.Targets[entitlement.Target].Kind].Names
	if names == nil {
		return
	}
	key := entitlement.Target + "\x00" + names(entitlement.Spec)
	earlier, there := r.spelled[key]
	if there && earlier.spec != string(entitlement.Spec) {
		r.wrong(at, fmt.Sprintf("gives what %s gives, and is written differently", earlier.at),
			"write it the same in all templates")
		return
	}
	r.spelled[key] = written{at, string(entitlement.Spec)}
}

func (r *reading) normalize(c *Config, entitlement *Entitlement, at path) bool {
	if r.Lost(path{"targets"}) {
		return false
	}
	if entitlement.Target == "" || !r.Refer(entitlement.Target, at.Key("target"), c.targetNames()) {
		return false
	}
	kind, found := r.kinds.Targets[c.Targets[entitlement.Target].Kind]
	if !found || entitlement.Spec == nil {
		return false
	}
	spec, err := kind.Normalize(entitlement.Spec)
	if err != nil {
		r.Refused(at, err)
		return false
	}
	entitlement.Spec = spec
	return true
}

func (r *reading) durations(c *Config, template *Template, at path) {
	longest, usual := template.Duration.Max, template.Duration.Default
	if longest.Duration > 0 && usual.Duration > longest.Duration {
		r.wrong(at.Key("default"), fmt.Sprintf("%s is longer than max", usual),
			"lower it to at most "+longest.String())
	}
	if shortest := template.Duration.Min; usual.Duration > 0 && shortest.Duration > usual.Duration {
		r.wrong(at.Key("min"), fmt.Sprintf("%s is longer than default", shortest),
			"lower it to at most "+usual.String())
	}
	if most := template.Duration.MaxContinuous; most.Duration > 0 && most.Duration < usual.Duration {
		r.wrong(at.Key("maxContinuous"), fmt.Sprintf("%s is shorter than default", most),
			"raise it to at least "+usual.String())
	}
	for _, entitlement := range template.Entitlements {
		kind := c.Targets[entitlement.Target].Kind
		allowed := contract.Duration{Duration: r.kinds.Targets[kind].MaxDuration}
		if allowed.Duration > 0 && longest.Duration > allowed.Duration {
			r.wrong(at.Key("max"), fmt.Sprintf("%s is longer than %s (%s) allows", longest, entitlement.Target, kind),
				"lower it to at most "+allowed.String())
			return
		}
	}
}
