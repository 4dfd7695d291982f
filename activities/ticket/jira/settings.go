package jira

import (
	"errors"
	"regexp"

	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// name is what the kind is called in the configuration, and what people's accounts at Jira are called.
const name = "jira"

// The deployments of Jira, which differ in how Curfew says who it is.
const (
	Cloud      = "cloud"
	DataCenter = "datacenter"
)

// Both are stricter than Jira is: a key becomes a part of a path.
var (
	projectPattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,19}$`)
	keyPattern     = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,19}-[1-9][0-9]{0,9}$`)
)

// Kind describes Jira Cloud and Jira Data Center: the kind "jira".
func Kind() ticket.Kind {
	return ticket.Kind{
		Name:         name,
		Title:        "Jira",
		Settings:     func() ticket.Settings { return new(Settings) },
		CheckProject: checkProject,
		Webhooks: &ticket.Webhooks{
			Opened: "jira:issue_created", Changed: "jira:issue_updated", Verifier: verifier, Read: readWebhook,
		},
	}
}

// Settings describe one Jira site, and Curfew's own account on it.
type Settings struct {
	URL        string        `yaml:"url" required:"write it like https://example.atlassian.net" doc:"The address of the site, like https://example.atlassian.net."`
	Deployment string        `yaml:"deployment" required:"" enum:"cloud,datacenter" doc:"Where the site runs: at Atlassian, or in a data center of your own."`
	User       string        `yaml:"user" doc:"The e-mail address of Curfew's own account; needed in the cloud, and for it alone."`
	Token      config.Secret `yaml:"token" required:"write env:NAME or file:/path" doc:"An API token in the cloud, a personal access token in a data center."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	if s.URL == "" {
		return s.checkUser()
	}
	address, err := outbound.CheckAddress("url", s.URL, "https://example.atlassian.net", "")
	s.URL = address
	return errors.Join(err, s.checkUser())
}

func (s *Settings) checkUser() error {
	switch {
	case s.Deployment == Cloud && s.User == "":
		return contract.Invalid("is missing").At("user").Advise("write the e-mail address of Curfew's own account")
	case s.Deployment == DataCenter && s.User != "":
		return contract.Invalid("is for cloud only").
			At("user").
			Advise("take it out: a personal access token says whose it is")
	}
	return nil
}

// Open makes a client for the site; it calls nobody.
func (s *Settings) Open() (ticket.System, error) { return New(*s) }

func checkProject(key string) error {
	if projectPattern.MatchString(key) {
		return nil
	}
	return contract.Invalid("is no project").Advise("write what its tickets' keys begin with, like OPS")
}
