package identity

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/internal/reload"
	"curfew/workflows/contract"
)

// maxToken is more than any provider's tokens have, and less than what a header may.
const maxToken = 12 << 10

// Authenticator recognizes callers by their bearer tokens.
type Authenticator struct {
	config   *reload.Live
	provider *Provider
	now      func() time.Time
}

// New makes an authenticator that goes by the configuration of the moment. It asks the provider nothing yet.
func New(configured *reload.Live) *Authenticator {
	a := &Authenticator{config: configured, now: time.Now}
	if configured.Current().OIDC != nil {
		a.provider = newProvider(configured)
	}
	return a
}

// Provider is where people sign in; nil when none is configured.
func (a *Authenticator) Provider() *Provider { return a.provider }

// Directory is the configuration of this moment, which says who people are.
func (a *Authenticator) Directory() *config.Config { return a.config.Current() }

// Authenticate recognizes the caller who has a bearer token. The error is an *Unproven when the token is nobody's, and
// otherwise a *contract.Problem: Forbidden when the provider knows the caller and Curfew doesn't, Unavailable when the
// provider can't be asked.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (Caller, error) {
	const another = "send a token that is yours, or sign in again with curfew login"
	switch {
	case token == "":
		return Caller{}, unproven(
			contract.Forbidden("no bearer token came with the call").
				Advise("send one as Authorization: Bearer …, or sign in with curfew login"),
		)
	case len(token) > maxToken:
		return Caller{}, unproven(
			contract.Forbidden("the bearer token is longer than %d KiB", maxToken>>10).Advise(another),
		)
	}
	if person, ok := a.config.Current().PersonByToken(token); ok {
		return Caller{Person: person, Scopes: people.Scopes(), Means: MeansToken}, nil
	}
	if strings.HasPrefix(token, serviceTokenPrefix) {
		return a.byServiceToken(token)
	}
	if a.provider == nil || strings.Count(token, ".") != 2 {
		return Caller{}, unproven(contract.Forbidden("the bearer token is nobody's").Advise(another))
	}
	return a.provider.recognize(ctx, token, "")
}

// byServiceToken knows a token that is in the configuration and has not expired.
func (a *Authenticator) byServiceToken(token string) (Caller, error) {
	const another = "have an administrator make a new one with curfew tokens new"
	known, ok := a.config.Current().ServiceTokenBy(sha256.Sum256([]byte(token)))
	switch {
	case !ok:
		return Caller{}, unproven(contract.Forbidden("the service token is not in the configuration").Advise(another))
	case !a.now().Before(known.Until):
		return Caller{}, unproven(contract.Forbidden("the service token has expired").Advise(another))
	}
	return Caller{Person: known.Person, Scopes: slices.Clone(known.Scopes), Means: MeansServiceToken}, nil
}
