// Package scim gives and takes membership in groups of a service that speaks SCIM 2.0 (RFC 7644): one user, one group.
//
// Servers differ in what they make of a change to a group's members: some list a member twice who is added twice, some
// drop all members when one is to be removed. So a group is read before each change and after it, nobody is added who
// is there, and a change that moved anybody else is an error that names them.
package scim

import (
	"net/netip"
	"net/url"
	"time"

	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// settles is how long a call can take effect after it was made: our own time-out, and five times as long for the server
// to finish what it had begun.
const settles = 30 * time.Second

// How an account names a user of the server.
const (
	accountsUserName = "userName"
	accountsID       = "id"
)

// How the server is told whom to remove from a group.
const (
	removeByFilter = "filter"
	removeByValue  = "value"
)

// Kind describes services that offer SCIM 2.0: the kind "scim".
func Kind() target.Kind {
	return target.Kind{
		Name:        "scim",
		Use:         "sign in as {account} where the groups of {target} count",
		Settings:    func() target.Settings { return new(Settings) },
		Entitlement: entitlement{},
		Normalize:   normalize,
		Names:       groupOf,
		Limits:      target.Limits{Settles: settles},

		KnowsHolders: true,
	}
}

// Settings connect to one service.
type Settings struct {
	URL       string        `yaml:"url" required:"write the service's SCIM base URL, like https://api.example.com/scim/v2" doc:"What the service calls its SCIM base URL: /Users and /Groups come below it."`
	Token     config.Secret `yaml:"token" doc:"A bearer token; this or oauth."`
	OAuth     *OAuth        `yaml:"oauth" doc:"How a bearer token is gotten with client credentials."`
	AccountIs string        `yaml:"accountIs" default:"userName" enum:"userName,id" doc:"What a person's account on this target is."`
	RemoveBy  string        `yaml:"removeBy" default:"filter" enum:"filter,value" doc:"How a member is named who is removed: in a filter, as RFC 7644 has it, or as a value beside the path."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	if err := strictyaml.Complete(s); err != nil {
		return err
	}
	if _, err := s.base(); err != nil {
		return err
	}
	switch {
	case s.Token.IsZero() && s.OAuth == nil:
		return contract.Invalid("is missing").At("token").Advise("refer to a bearer token, or write oauth")
	case !s.Token.IsZero() && s.OAuth != nil:
		return contract.Invalid("stands beside a token").At("oauth").Advise("keep one of token and oauth")
	case s.OAuth != nil:
		return s.OAuth.validate()
	}
	return nil
}

// Open makes the connector; it calls nobody.
func (s *Settings) Open() (target.Connector, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	base, err := s.base()
	if err != nil {
		return nil, err
	}
	client := outbound.NewClient()
	var credentials bearer = fixed{s.Token}
	if s.OAuth != nil {
		credentials = s.OAuth.open(client)
	}
	return &connector{
		api:        newAPI(base, client, credentials),
		accountsID: s.AccountIs == accountsID,
		removal:    removalBy(s.RemoveBy),
		turns:      newTurns(),
	}, nil
}

func (s *Settings) base() (*url.URL, error) {
	return addressOf("url", s.URL, "write the service's SCIM base URL, like https://api.example.com/scim/v2")
}

// addressOf reads an address that credentials are sent to.
func addressOf(field, text, fix string) (*url.URL, error) {
	address, err := url.Parse(text)
	switch {
	case err != nil || address.Host == "" || address.User != nil || address.RawQuery != "" || address.Fragment != "":
		return nil, contract.Invalid("is not the address of a server").At(field).Advise(fix)
	case address.Scheme != "https" && (address.Scheme != "http" || !loopback(address.Hostname())):
		return nil, contract.Invalid("would send credentials in the clear").At(field).Advise("use https")
	}
	return address, nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
