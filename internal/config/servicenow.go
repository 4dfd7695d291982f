package config

import (
	"regexp"

	"curfew/workflows/contract"
)

// sysID is the id of a user, and of everything else at ServiceNow.
var sysID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// serviceNow checks that there is an instance, and one way to sign in there.
func (r *reading) serviceNow(c *Config, at path) {
	instance := c.Incidents.ServiceNow
	if instance.URL == "" {
		r.wrong(at.key("url"), contract.Invalid("is missing").Advise("write it like https://example.service-now.com"))
	} else {
		instance.URL = r.address(at.key("url"), instance.URL)
		r.behindTLS(at.key("url"), instance.URL, "credentials and incidents")
	}
	client := instance.ClientID != "" || !instance.ClientSecret.IsZero() || r.lost(at.key("clientSecret"))
	user := instance.User != "" || !instance.Password.IsZero() || r.lost(at.key("password"))
	switch {
	case client && user:
		r.wrong(
			at,
			contract.Invalid("signs in in two ways").Advise("keep clientId and clientSecret, or user and password"),
		)
	case client:
		r.pair(at, "clientId", instance.ClientID, "clientSecret", instance.ClientSecret)
	case user:
		r.pair(at, "user", instance.User, "password", instance.Password)
	default:
		r.wrong(
			at,
			contract.Invalid("does not say how to sign in").
				Advise("write the clientId and clientSecret of an OAuth client, or a user and password"),
		)
	}
	r.accountIDs(
		c,
		SystemServiceNow,
		sysID,
		contract.Invalid("is no sys_id of a ServiceNow user").
			Advise("copy the sys_id of the user's record, which has 32 of 0-9 a-f"),
	)
}

// pair holds that a name has its secret, and a secret its name.
func (r *reading) pair(at path, nameKey, name, secretKey string, secret Secret) {
	if name == "" {
		r.wrong(at.key(nameKey), contract.Invalid("is missing").Advise("write whose secret it is"))
	}
	if secret.IsZero() {
		r.wrong(at.key(secretKey), contract.Invalid("is missing").Advise("write env:NAME or file:/path"))
	}
}
