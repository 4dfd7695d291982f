package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"curfew/internal/people"
	"curfew/internal/strictyaml"
)

// System is a system beside the targets: a tracker, an incident system, a channel.
type System struct {
	Kind string // the key that its settings are written below
	// Accounts is what people's accounts on it are called; empty where people have none.
	Accounts string
	// Settings are the kind's own, decoded and checked: what SystemKind.Settings returned.
	Settings any
}

// Tickets says where tickets are.
type Tickets struct {
	Tracker    *System // nil for none
	References *System // what stands for tickets; nil for nothing
}

// Incidents are the systems that hold incidents, by their kinds.
type Incidents map[string]System

// Systems are those beside targets that the configuration names, and so people may have accounts on.
func (c *Config) Systems() []string {
	has := map[string]bool{}
	for _, system := range c.all() {
		has[system.Accounts] = true
	}
	for name, directory := range c.Directories {
		if directory.Accounts == name {
			has[name] = true
		}
	}
	for _, hook := range c.Hooks {
		has[hook.Accounts] = true
	}
	delete(has, "")
	return slices.Sorted(maps.Keys(has))
}

// all are the systems beside targets.
func (c *Config) all() []System {
	all := slices.Concat(
		slices.Collect(maps.Values(c.Incidents)), slices.Collect(maps.Values(c.Notify)),
	)
	for _, system := range []*System{c.Tickets.Tracker, c.Tickets.References} {
		if system != nil {
			all = append(all, *system)
		}
	}
	return all
}

// ChannelNames are the names of all channels, in order.
func (c *Config) ChannelNames() []string { return slices.Sorted(maps.Keys(c.Notify)) }

// ChannelsOf are the channels that notify people of requests for a template: all, unless it says which.
func (c *Config) ChannelsOf(template Template) []string {
	if template.Notify == nil {
		return c.ChannelNames()
	}
	return slices.Sorted(slices.Values(template.Notify))
}

// tickets reads the tracker, and what stands for its tickets.
func (r *reading) tickets(node *yaml.Node, into *Tickets, at path) {
	all := maps.Clone(r.kinds.Trackers)
	maps.Copy(all, r.kinds.References)
	read := r.systems(node, all, at)
	for _, place := range []struct {
		kinds map[string]SystemKind
		into  **System
	}{{r.kinds.Trackers, &into.Tracker}, {r.kinds.References, &into.References}} {
		var named []string
		for name, system := range read {
			if _, here := place.kinds[name]; here {
				named, *place.into = append(named, name), &system
			}
		}
		slices.Sort(named)
		if len(named) > 1 {
			r.wrong(at, fmt.Sprintf("is %s at once", strings.Join(named, " and ")), "keep one of them")
		}
	}
	if into.References == nil {
		return
	}
	tracker := r.kinds.References[into.References.Kind].Beside
	if (into.Tracker == nil || into.Tracker.Kind != tracker) && !r.Lost(at.Key(tracker)) {
		r.wrong(at.Key(into.References.Kind), fmt.Sprintf("has no %s beside it", r.kinds.Trackers[tracker].Title),
			"set "+at.Key(tracker).String()+" to the site that it is in")
	}
}

// systems reads systems by the names of their kinds.
func (r *reading) systems(node *yaml.Node, kinds map[string]SystemKind, at path) map[string]System {
	read := map[string]System{}
	entries := r.Entries(node, at)
	for _, entry := range entries {
		name := entry.Key.Value
		kind, known := kinds[name]
		if !known {
			r.Unknown(entry.Key, slices.Collect(maps.Keys(kinds)), entries, at)
			continue
		}
		read[name] = System{
			Kind: name, Accounts: kind.Accounts, Settings: r.settings(entry.Value, kind.Settings(), at.Key(name)),
		}
	}
	return read
}

// settings reads a kind's own settings, has them completed, and has them check themselves.
func (r *reading) settings(node *yaml.Node, settings any, at path) any {
	before := len(r.Mistakes)
	r.Decode(node, reflect.ValueOf(settings).Elem(), at)
	readable := len(r.Mistakes) == before
	r.Complete(reflect.ValueOf(settings).Elem(), at)
	checked, ok := settings.(interface{ Validate() error })
	if ok && readable && r.Secrets == nil { // otherwise only where secrets are is known
		r.Refused(at, checked.Validate())
	}
	return settings
}

// channel reads one channel, which is of one kind.
func (r *reading) channel(node *yaml.Node, into *System, at path) {
	read := r.systems(node, r.kinds.Channels, at)
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(r.kinds.Channels)) {
		if _, there := read[kind]; there || r.Lost(at.Key(kind)) {
			kinds = append(kinds, kind)
		}
	}
	switch len(kinds) {
	case 0:
		r.wrong(at, "does not say what it is", "write "+choice(slices.Sorted(maps.Keys(r.kinds.Channels))))
	case 1:
		*into = read[kinds[0]]
	default:
		r.wrong(at, fmt.Sprintf("is %s at once", strings.Join(kinds, " and ")), "give each a channel of its own")
	}
}

// choice lists names of which one is to be written.
func choice(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// besidePeople is what people's sections refer to.
func (r *reading) besidePeople(c *Config) people.Beside {
	beside := people.Beside{
		Targets: c.targetNames(), Systems: c.Systems(),
		AccountForms: map[string]func(string) error{},
		NormalizeGroup: func(kind string, spec json.RawMessage) (json.RawMessage, error) {
			if known, ok := r.kinds.Targets[kind]; ok {
				return known.Normalize(spec)
			}
			return nil, nil
		},
	}
	for _, kinds := range []map[string]SystemKind{r.kinds.Trackers, r.kinds.Incidents, r.kinds.Channels} {
		for _, kind := range kinds {
			if kind.CheckAccount != nil && slices.Contains(beside.Systems, kind.Accounts) {
				beside.AccountForms[kind.Accounts] = kind.CheckAccount
			}
		}
	}
	return beside
}

// project refuses what can't be the key of a project at the tracker; where there is no tracker, at any.
func (r *reading) project(c *Config, key string, at path) {
	var refused error
	for name, kind := range r.kinds.Trackers {
		if c.Tickets.Tracker != nil && c.Tickets.Tracker.Kind != name {
			continue
		}
		if refused = kind.CheckProject(key); refused == nil {
			return
		}
	}
	r.Refused(at, refused)
}

// noTracker is true when tickets are nowhere; a section that can't be read may name a tracker.
func (r *reading) noTracker(c *Config) bool {
	if c.Tickets.Tracker != nil {
		return false
	}
	for name := range r.kinds.Trackers {
		if r.Lost(path{"tickets", name}) {
			return false
		}
	}
	return true
}

// setTracker is the remedy where there is no tracker.
func (r *reading) setTracker() string {
	var keys []string
	for _, name := range slices.Sorted(maps.Keys(r.kinds.Trackers)) {
		keys = append(keys, "tickets."+name)
	}
	return "set " + choice(keys)
}

// targetNames are what others refer to a target by.
func (c *Config) targetNames() strictyaml.Section {
	return strictyaml.SectionOf("target", "targets", c.Targets, "add it to targets")
}

// channelNames are what others refer to a channel by.
func (c *Config) channelNames() strictyaml.Section {
	return strictyaml.SectionOf("channel", "notify", c.Notify, "add it to notify")
}

// templateNames are what others refer to a template by.
func (c *Config) templateNames() strictyaml.Section {
	return strictyaml.SectionOf("template", "templates", c.Templates, "name what is asked for")
}
