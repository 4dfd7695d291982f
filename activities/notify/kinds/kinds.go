// Package kinds opens the channels that a configuration names. A company with a kind of its own builds its own main
// that adds to them.
package kinds

import (
	"curfew/activities/notify"
	"curfew/activities/notify/slack"
	"curfew/activities/notify/smtp"
	"curfew/activities/notify/teams"
	"curfew/activities/notify/webhook"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

// Open opens channels by their names, and calls nobody; server is where people reach Curfew. One that can't be opened
// is among the faults, by its name, and keeps nobody from the others.
func Open(channels map[string]config.Channel, server string) (open map[string]notify.Channel, faults map[string]error) {
	open, faults = map[string]notify.Channel{}, map[string]error{}
	for name, configured := range channels {
		channel, err := one(configured, server)
		if err != nil {
			faults[name] = err
			continue
		}
		open[name] = channel
	}
	return open, faults
}

func one(configured config.Channel, server string) (notify.Channel, error) {
	switch {
	case configured.Slack != nil:
		return slack.New(*configured.Slack), nil
	case configured.SMTP != nil:
		return smtp.New(*configured.SMTP)
	case configured.Teams != nil:
		return teams.New(*configured.Teams), nil
	case configured.Webhook != nil:
		return webhook.New(*configured.Webhook, server)
	}
	return nil, contract.Invalid("is of no kind").Advise("write slack, smtp, teams or webhook")
}
