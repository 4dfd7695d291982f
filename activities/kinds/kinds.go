// Package kinds lists the kinds of systems that this build can use: targets, trackers, incident systems and channels. A
// company with a kind of its own builds its own main with longer lists.
package kinds

import (
	"curfew/activities/incident"
	"curfew/activities/incident/pagerduty"
	"curfew/activities/incident/servicenow"
	"curfew/activities/notify"
	"curfew/activities/notify/slack"
	"curfew/activities/notify/smtp"
	"curfew/activities/notify/teams"
	notifywebhook "curfew/activities/notify/webhook"
	"curfew/activities/target"
	"curfew/activities/target/kubernetes"
	"curfew/activities/target/ldap"
	"curfew/activities/target/lightrun"
	"curfew/activities/target/postgres"
	"curfew/activities/target/scim"
	"curfew/activities/target/ssh"
	"curfew/activities/target/webhook"
	"curfew/activities/ticket"
	"curfew/activities/ticket/jira"
	"curfew/activities/ticket/zephyr"
)

// Targets are the kinds of targets, by their names in the configuration.
func Targets() map[string]target.Kind {
	return byName(func(kind target.Kind) string { return kind.Name },
		lightrun.Kind(), lightrun.GroupKind(),
		postgres.Kind(),
		ldap.Kind(), ldap.EntryKind(),
		scim.Kind(),
		ssh.Kind(),
		kubernetes.Kind(),
		webhook.Kind(),
	)
}

// Trackers are the kinds of trackers.
func Trackers() map[string]ticket.Kind {
	return byName(func(kind ticket.Kind) string { return kind.Name },
		jira.Kind(),
	)
}

// References are the kinds of systems whose references stand for tickets.
func References() map[string]ticket.ReferencesKind {
	return byName(func(kind ticket.ReferencesKind) string { return kind.Name },
		zephyr.Kind(),
	)
}

// Incidents are the kinds of incident systems.
func Incidents() map[string]incident.Kind {
	return byName(func(kind incident.Kind) string { return kind.Name },
		pagerduty.Kind(),
		servicenow.Kind(),
	)
}

// Channels are the kinds of channels.
func Channels() map[string]notify.Kind {
	return byName(func(kind notify.Kind) string { return kind.Name },
		slack.Kind(),
		smtp.Kind(),
		teams.Kind(),
		notifywebhook.Kind(),
	)
}

func byName[Kind any](name func(Kind) string, all ...Kind) map[string]Kind {
	kinds := make(map[string]Kind, len(all))
	for _, kind := range all {
		kinds[name(kind)] = kind
	}
	return kinds
}
