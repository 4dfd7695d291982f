// Package webhook gives and takes access by signed calls to an endpoint of the user's own, the receiver: the kind for
// all that no other kind knows.
//
// Each call is a message of its own after the Standard Webhooks specification. What is asked for stands in the signed
// body and not in the path, which the signature does not cover: a revoke can't be turned into a grant. No message's id
// is ever used twice, so a receiver may refuse the ones that it has seen, and drops neither a second revoke nor a
// read-back.
//
// Only an answer in so many words counts. Whatever stands in the receiver's place (a proxy, a page to sign in, a wrong
// path) never means that access is gone.
package webhook

import (
	"fmt"
	"net/url"
	"time"

	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/internal/signing"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// settles is how long a call can take effect after it was made: our own time-out, and five times as long for the
// receiver to finish what it had begun. The page on this kind asks receivers to keep to it.
const settles = 30 * time.Second

const maxURL = 2048 // in bytes

// Kind describes endpoints of one's own: the kind "webhook". Whether one enforces an end is not known before it is
// called, so no second lock is promised.
func Kind() target.Kind {
	return target.Kind{
		Name:        "webhook",
		Settings:    func() target.Settings { return new(Settings) },
		Entitlement: entitlement{},
		Normalize:   normalize,
		Limits:      target.Limits{Settles: settles},
	}
}

// Settings say where the receiver is, and what it can do.
type Settings struct {
	URL          string          `yaml:"url" required:"write it like https://access.example.com/curfew" doc:"The address of all calls: https, except on a loopback address that allow names."`
	Secrets      []config.Secret `yaml:"secrets" required:"list at least one reference like env:NAME" max:"4" doc:"The secrets that sign each call, whsec_ and 24 to 64 bytes in base64; two while one replaces another."`
	EndsSessions bool            `yaml:"endsSessions" doc:"Whether the receiver can end a subject's sessions."`
	Lists        bool            `yaml:"lists" doc:"Whether the receiver can list what it was asked to grant."`
	Allow        []string        `yaml:"allow" doc:"Ranges of loopback and link-local addresses that may be called all the same."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	_, err := s.endpoint()
	return err
}

// Open makes the connector; it calls nobody. The connector ends sessions and lists accesses where the settings say so.
func (s *Settings) Open() (target.Connector, error) {
	e, err := s.endpoint()
	if err != nil {
		return nil, err
	}
	c := &connector{e}
	switch {
	case s.EndsSessions && s.Lists:
		return struct {
			*connector
			sessions
			marks
		}{c, sessions{e}, marks{e}}, nil
	case s.EndsSessions:
		return struct {
			*connector
			sessions
		}{c, sessions{e}}, nil
	case s.Lists:
		return struct {
			*connector
			marks
		}{c, marks{e}}, nil
	default:
		return c, nil
	}
}

func (s *Settings) endpoint() (*endpoint, error) {
	if err := strictyaml.Complete(s); err != nil {
		return nil, err
	}
	where, err := url.Parse(s.URL)
	switch {
	case len(s.URL) > maxURL:
		return nil, contract.Invalid("is too long").At("url").Advise(fmt.Sprintf("keep it below %d bytes", maxURL))
	case err != nil || where.Hostname() == "" || where.User != nil || where.RawQuery != "" || where.ForceQuery || where.Fragment != "":
		return nil, contract.Invalid("is not the address of an endpoint, with a host and a path alone").
			At("url").
			Advise("write it like https://access.example.com/curfew")
	case where.Scheme != "https" && (where.Scheme != "http" || !outbound.IsLoopback(where.Hostname())):
		return nil, contract.Invalid("would send who gets access in the clear").At("url").Advise("use https")
	}
	allow, err := outbound.Ranges(s.Allow)
	if err != nil {
		return nil, err
	}
	secrets := make([]string, len(s.Secrets))
	for i, secret := range s.Secrets {
		secrets[i] = secret.Reveal()
	}
	signer, err := signing.New(secrets...)
	if err != nil {
		return nil, err
	}
	guard := outbound.Guard{Allow: allow, InTheClear: where.Scheme == "http"}
	if err := guard.CheckHost(where.Hostname()); err != nil {
		return nil, contract.Invalid("%v", err).
			At("url").
			Advise("name the receiver's own address, or open the range with allow")
	}
	return newEndpoint(where, signer, guard), nil
}
