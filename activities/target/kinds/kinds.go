// Package kinds lists the kinds of targets that this build can connect to. A company with a kind of its own builds its
// own main with a longer list.
package kinds

import (
	"fmt"

	"curfew/activities/target"
	"curfew/activities/target/lightrun"
	"curfew/activities/target/postgres"
	"curfew/internal/config"
)

// All returns the kinds by their names in the configuration.
func All() map[string]target.Kind {
	kinds := map[string]target.Kind{}
	for _, kind := range []target.Kind{lightrun.Kind(), postgres.Kind()} {
		kinds[kind.Name] = kind
	}
	return kinds
}

// ForConfig returns what the configuration must know of each kind.
func ForConfig() map[string]config.Kind {
	kinds := map[string]config.Kind{}
	for name, kind := range All() {
		kinds[name] = config.Kind{
			Settings:    func() any { return kind.Settings() },
			Normalize:   kind.Normalize,
			MaxDuration: kind.Limits.MaxDuration,
		}
	}
	return kinds
}

// Open connects to the configured targets. It does not wait for them to be up.
func Open(targets map[string]config.Target) (map[string]target.Target, error) {
	kinds, open := All(), map[string]target.Target{}
	for name, configured := range targets {
		settings, ok := configured.Settings.(target.Settings)
		if !ok {
			return nil, fmt.Errorf("target %s: its settings are not those of a %s", name, configured.Kind)
		}
		connector, err := settings.Open()
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", name, err)
		}
		open[name] = target.Target{Connector: connector, Limits: kinds[configured.Kind].Limits}
	}
	return open, nil
}
