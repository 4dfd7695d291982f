package lightrun

import (
	"net/netip"
	"net/url"

	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// Settings connects to the temporary accesses of one Lightrun company.
type Settings struct {
	URL   string        `yaml:"url" required:"write it like https://app.lightrun.com" doc:"The address at which people reach Lightrun: https://app.lightrun.com, or a host of your own."`
	Token config.Secret `yaml:"token" required:"refer to an API key, with the scope DEV for temporary accesses or COMPANY for groups" doc:"An API key of the company, with the scope DEV for temporary accesses and COMPANY for groups."`
}

// GroupSettings connects to the groups of one Lightrun company.
type GroupSettings Settings

// scope is what the vendor calls the permission of an API key.
type scope string

const (
	scopeDev     scope = "DEV"
	scopeCompany scope = "COMPANY"
)

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	_, err := s.api(scopeDev)
	return err
}

// Open makes the connector; it calls nobody.
func (s *Settings) Open() (target.Connector, error) {
	api, err := s.api(scopeDev)
	if err != nil {
		return nil, err
	}
	return &connector{api: api}, nil
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *GroupSettings) Validate() error {
	_, err := (*Settings)(s).api(scopeCompany)
	return err
}

// Open makes the connector; it calls nobody.
func (s *GroupSettings) Open() (target.Connector, error) {
	api, err := (*Settings)(s).api(scopeCompany)
	if err != nil {
		return nil, err
	}
	return &groupConnector{api: api}, nil
}

func (s *Settings) api(needed scope) (*api, error) {
	if err := strictyaml.Complete(s); err != nil {
		return nil, err
	}
	base, err := url.Parse(s.URL)
	switch {
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, contract.Invalid("is not the address of a server").
			At("url").
			Advise("write it like https://app.lightrun.com")
	case base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())):
		return nil, contract.Invalid("would send the API key in the clear").At("url").Advise("use https")
	}
	return newAPI(base, s.Token, needed), nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
