package kinds

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"curfew/activities/incident"
	"curfew/activities/notify"
	"curfew/activities/target"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/workflows/contract"
)

// OpenTargets connects to those configured targets that the process serves, and does not wait for them to be up. One
// that can't be connected to is among the faults, by its name, and keeps nobody from the others.
func OpenTargets(
	targets map[string]config.Target,
) (open map[string]target.Target, faults map[string]error) {
	kinds := Targets()
	open, faults = map[string]target.Target{}, map[string]error{}
	for name, configured := range targets {
		connector, err := connect(configured)
		switch {
		case err != nil:
			faults[name] = err
		case connector != nil:
			open[name] = target.Target{Connector: connector, Limits: kinds[configured.Kind].Limits}
		}
	}
	return open, faults
}

// OpenDirectories connects to the systems that know who belongs to a group, and does not wait for them to be up.
func OpenDirectories(directories map[string]people.GroupSystem) (map[string]target.HolderTeller, error) {
	open := map[string]target.HolderTeller{}
	for name, configured := range directories {
		connector, err := connect(config.Target{Kind: configured.Kind, Settings: configured.Settings})
		if err != nil {
			return nil, fmt.Errorf("directory %s: %w", name, err)
		}
		teller, ok := connector.(target.HolderTeller)
		if !ok {
			return nil, fmt.Errorf("directory %s: a %s can't tell who is in a group", name, configured.Kind)
		}
		open[name] = teller
	}
	return open, nil
}

// connect returns nothing for a target that other processes serve.
func connect(configured config.Target) (target.Connector, error) {
	if configured.Fault != nil || configured.Settings == nil {
		return nil, configured.Fault
	}
	settings, ok := configured.Settings.(target.Settings)
	if !ok {
		return nil, notOf(configured.Kind)
	}
	return settings.Open()
}

// OpenTickets opens the tracker, and what leads to its tickets. Both are nil where none is configured.
func OpenTickets(tickets config.Tickets) (ticket.System, ticket.References, error) {
	if tickets.Tracker == nil {
		return nil, nil, nil
	}
	settings, ok := tickets.Tracker.Settings.(ticket.Settings)
	if !ok {
		return nil, nil, notOf(tickets.Tracker.Kind)
	}
	tracker, err := settings.Open()
	if err != nil || tickets.References == nil {
		return tracker, nil, err
	}
	beside, ok := tickets.References.Settings.(ticket.ReferencesSettings)
	if !ok {
		return nil, nil, notOf(tickets.References.Kind)
	}
	references, err := beside.OpenBeside(tracker)
	return tracker, references, err
}

// OpenIncidents opens the incident systems that are configured. An error leaves out just the system that it is about.
func OpenIncidents(configured config.Incidents) (systems incident.Systems, err error) {
	var faults []error
	for _, kind := range slices.Sorted(maps.Keys(configured)) {
		settings, ok := configured[kind].Settings.(incident.Settings)
		if !ok {
			faults = append(faults, notOf(kind))
			continue
		}
		system, err := settings.Open()
		if err != nil {
			faults = append(faults, err)
			continue
		}
		systems = append(systems, system)
	}
	return systems, errors.Join(faults...)
}

// OpenChannels opens channels by their names, and calls nobody; server is where people reach Curfew. One that can't be
// opened is among the faults, by its name, and keeps nobody from the others.
func OpenChannels(
	channels map[string]config.System, server string,
) (open map[string]notify.Channel, faults map[string]error) {
	open, faults = map[string]notify.Channel{}, map[string]error{}
	for name, configured := range channels {
		settings, ok := configured.Settings.(notify.Settings)
		if !ok {
			faults[name] = notOf(configured.Kind)
			continue
		}
		channel, err := settings.Open(server)
		if err != nil {
			faults[name] = err
			continue
		}
		open[name] = channel
	}
	return open, faults
}

// notOf is about settings that no file was read into: the program has made them.
func notOf(kind string) error {
	return contract.Invalid("its settings are not those of %q", kind).Advise("write one of the kinds that there are")
}
