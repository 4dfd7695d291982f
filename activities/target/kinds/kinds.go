// Package kinds lists the kinds of targets that this build can connect to. A company with a kind of its own builds its
// own main with a longer list.
package kinds

import (
	"fmt"

	"curfew/activities/target"
	"curfew/activities/target/kubernetes"
	"curfew/activities/target/ldap"
	"curfew/activities/target/lightrun"
	"curfew/activities/target/postgres"
	"curfew/activities/target/scim"
	"curfew/activities/target/ssh"
	"curfew/activities/target/webhook"
	"curfew/internal/config"
)

// All returns the kinds by their names in the configuration.
func All() map[string]target.Kind {
	kinds := map[string]target.Kind{}
	for _, kind := range []target.Kind{
		lightrun.Kind(), lightrun.GroupKind(), postgres.Kind(), ldap.Kind(), ldap.EntryKind(), scim.Kind(), ssh.Kind(),
		kubernetes.Kind(), webhook.Kind(),
	} {
		kinds[kind.Name] = kind
	}
	return kinds
}

// ForConfig returns what the configuration must know of each kind.
func ForConfig() map[string]config.Kind {
	kinds := map[string]config.Kind{}
	for name, kind := range All() {
		kinds[name] = config.Kind{
			Settings:     func() any { return kind.Settings() },
			Normalize:    kind.Normalize,
			Names:        kind.Names,
			MaxDuration:  kind.Limits.MaxDuration,
			KnowsHolders: kind.KnowsHolders,
		}
	}
	return kinds
}

// Open connects to those configured targets that the process serves, and does not wait for them to be up. One that
// can't be connected to is among the faults, by its name, and keeps nobody from the others.
func Open(targets map[string]config.Target) (open map[string]target.Target, faults map[string]error) {
	kinds := All()
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
func OpenDirectories(directories map[string]config.Directory) (map[string]target.HolderTeller, error) {
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
		return nil, fmt.Errorf("its settings are not those of a %s", configured.Kind)
	}
	return settings.Open()
}
