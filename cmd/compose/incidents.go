package compose

import (
	"errors"

	"curfew/activities/incident"
	"curfew/activities/incident/pagerduty"
	"curfew/activities/incident/servicenow"
	"curfew/internal/config"
)

// incidents opens the incident systems that are configured.
func incidents(settings config.Incidents) (systems incident.Systems, err error) {
	err = errors.Join(
		add(&systems, settings.PagerDuty, pagerduty.New),
		add(&systems, settings.ServiceNow, servicenow.New),
	)
	return systems, err
}

// add opens an incident system, if there are settings for it.
func add[Settings any, System incident.System](
	to *incident.Systems,
	settings *Settings,
	open func(Settings) (System, error),
) error {
	if settings == nil {
		return nil
	}
	system, err := open(*settings)
	if err == nil {
		*to = append(*to, system)
	}
	return err
}
