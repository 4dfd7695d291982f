package identity

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"curfew/internal/people"
	"curfew/workflows/contract"
)

// maxToken is more than any provider's tokens have, and less than what a header may.
const maxToken = 12 << 10

// Authenticator recognizes callers by their bearer tokens. It lasts as long as the server; who people are, the directory
// of each call says.
type Authenticator struct {
	provider *Provider
	now      func() time.Time
}

// New makes an authenticator; settings are those of the provider, nil when there is none. It asks the provider nothing
// yet.
func New(settings *people.OIDC) *Authenticator {
	a := &Authenticator{now: time.Now}
	if settings != nil {
		a.provider = newProvider(*settings)
	}
	return a
}

// Provider is where people sign in; nil when none is configured.
func (a *Authenticator) Provider() *Provider { return a.provider }

// Authenticate recognizes the caller who has a bearer token, as a person of a directory. The error is an *Unproven when the token is nobody's, and
// otherwise a *contract.Problem: Forbidden when the provider knows the caller and Curfew doesn't, Unavailable when the
// provider can't be asked.
func (a *Authenticator) Authenticate(ctx context.Context, directory *people.Directory, token string) (Caller, error) {
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
	if person, ok := directory.PersonByToken(token); ok {
		return Caller{Person: person, Scopes: people.Scopes(), Means: MeansToken}, nil
	}
	if strings.HasPrefix(token, serviceTokenPrefix) {
		return a.byServiceToken(directory, token)
	}
	if a.provider == nil || strings.Count(token, ".") != 2 {
		return Caller{}, unproven(contract.Forbidden("the bearer token is nobody's").Advise(another))
	}
	return a.provider.recognize(ctx, directory, token, "")
}

// byServiceToken knows a token that is in the configuration and has not expired.
func (a *Authenticator) byServiceToken(directory *people.Directory, token string) (Caller, error) {
	const another = "have an administrator make a new one with curfew tokens new"
	known, ok := directory.ServiceTokenBy(sha256.Sum256([]byte(token)))
	switch {
	case !ok:
		return Caller{}, unproven(contract.Forbidden("the service token is not in the configuration").Advise(another))
	case !a.now().Before(known.Until):
		return Caller{}, unproven(contract.Forbidden("the service token has expired").Advise(another))
	}
	return Caller{Person: known.Person, Scopes: slices.Clone(known.Scopes), Means: MeansServiceToken}, nil
}
