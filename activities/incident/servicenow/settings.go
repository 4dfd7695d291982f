package servicenow

import (
	"errors"

	"curfew/activities/incident"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// name is what the kind is called in the configuration, and what people's accounts at ServiceNow are called.
const name = "servicenow"

// Kind describes ServiceNow: the kind "servicenow". Its business rules send orders of their own, so that Curfew reads
// no webhooks of it.
func Kind() incident.Kind {
	return incident.Kind{
		Name:         name,
		Title:        "ServiceNow",
		Settings:     func() incident.Settings { return new(Settings) },
		CheckAccount: checkAccountForm,
	}
}

// Settings describe one instance, and Curfew's own account there: OAuth client credentials, or a user with a password.
type Settings struct {
	URL          string        `yaml:"url" required:"write it like https://example.service-now.com" doc:"The address of the instance, like https://example.service-now.com."`
	ClientID     string        `yaml:"clientId" doc:"The id of an OAuth client with the grant of client credentials; this with clientSecret, or user with password."`
	ClientSecret config.Secret `yaml:"clientSecret" doc:"The secret of the OAuth client."`
	User         string        `yaml:"user" doc:"The name of Curfew's own user, where it signs in with a password."`
	Password     config.Secret `yaml:"password" doc:"The password of that user."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	if s.URL == "" {
		return s.checkSignIn()
	}
	address, err := outbound.CheckAddress(
		"url", s.URL, "https://example.service-now.com", "credentials and incidents",
	)
	s.URL = address
	return errors.Join(err, s.checkSignIn())
}

// checkSignIn wants one way to sign in, and all of it.
func (s *Settings) checkSignIn() error {
	client := s.ClientID != "" || !s.ClientSecret.IsZero()
	user := s.User != "" || !s.Password.IsZero()
	switch {
	case client && user:
		return contract.Invalid("signs in in two ways").
			Advise("keep clientId and clientSecret, or user and password")
	case client:
		return pair("clientId", s.ClientID, "clientSecret", s.ClientSecret)
	case user:
		return pair("user", s.User, "password", s.Password)
	}
	return contract.Invalid("does not say how to sign in").
		Advise("write the clientId and clientSecret of an OAuth client, or a user and password")
}

// pair holds that a name has its secret, and a secret its name.
func pair(whoKey, who, secretKey string, secret config.Secret) error {
	switch {
	case who == "":
		return contract.Invalid("is missing").At(whoKey).Advise("write whose secret it is")
	case secret.IsZero():
		return contract.Invalid("is missing").At(secretKey).Advise("write env:NAME or file:/path")
	}
	return nil
}

// Open makes a client for the instance; it calls nobody.
func (s *Settings) Open() (incident.System, error) { return New(*s) }

// checkAccountForm takes ids alone: with a name, a person would just never be recognized.
func checkAccountForm(account string) error {
	if sysIDPattern.MatchString(account) {
		return nil
	}
	return contract.Invalid("is no sys_id of a ServiceNow user").
		Advise("copy the sys_id of the user's record, which has 32 of 0-9 a-f")
}
