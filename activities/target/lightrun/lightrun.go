// Package lightrun gives temporary access to agent pools of Lightrun, a live debugger.
//
// Lightrun knows neither an idempotency key nor a way to change a temporary access. So its name says which grant it
// belongs to and when it ends, "curfew-<key>-<end>": a repeated attempt finds what an earlier one has made, and a new
// end is a new access, made before the former one is removed. Accesses with other names are never touched. Lightrun
// ends each access by itself a little after its deadline, so an attempt that lands late does not stay.
package lightrun

import (
	"net/netip"
	"net/url"
	"time"

	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

// What the vendor documents.
const (
	maxDuration = 31 * 24 * time.Hour
	maxPools    = 20
	// companyLimit is how many temporary accesses of all users may live at once.
	companyLimit = 100
)

// settles is how long a call can take effect after it was made: our own time-out, and as long again twice for Lightrun
// to finish what it had begun.
const settles = 3 * callTimeout

// Kind describes Lightrun's temporary accesses: the kind "lightrun".
func Kind() target.Kind {
	return target.Kind{
		Name:      "lightrun",
		Settings:  func() target.Settings { return &Settings{} },
		Normalize: normalize,
		Limits:    target.Limits{MaxDuration: maxDuration, EnforcesExpiry: true, Settles: settles},
	}
}

// Settings connects to one Lightrun company.
type Settings struct {
	// URL is where people reach Lightrun: https://app.lightrun.com, or a host of one's own.
	URL string `yaml:"url"`
	// Token is an API key of the company with the scope DEV.
	Token config.Secret `yaml:"token"`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	_, err := s.base()
	return err
}

// Open makes the connector; it calls nobody.
func (s *Settings) Open() (target.Connector, error) {
	base, err := s.base()
	if err != nil {
		return nil, err
	}
	return &connector{newAPI(base, s.Token)}, nil
}

func (s *Settings) base() (*url.URL, error) {
	base, err := url.Parse(s.URL)
	switch {
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, contract.Problemf(contract.KindInvalid, "url", "write it like https://app.lightrun.com", "is not the address of a server")
	case base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())):
		return nil, contract.Problemf(contract.KindInvalid, "url", "use https", "would send the API key in the clear")
	case s.Token.IsZero():
		return nil, contract.Problemf(contract.KindInvalid, "token", "refer to an API key with the scope DEV", "is missing")
	}
	return base, nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
