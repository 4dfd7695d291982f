package identity

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"curfew/internal/people"
	"curfew/workflows/contract"
)

// algorithms are those that only the holder of a private key can sign with. A provider that offers others is not asked.
var algorithms = []string{oidc.RS256, oidc.ES256, oidc.EdDSA}

// askAgainAfter is how long a provider that could not be asked is left alone.
const askAgainAfter = 3 * time.Second

// Provider is the OpenID Connect provider of the configuration. It is looked up when it is first needed, and again
// until it answers, so that Curfew starts and works on without it; nobody can sign in meanwhile.
type Provider struct {
	settings people.OIDC
	http     *http.Client
	now      func() time.Time

	mu     sync.Mutex // held while the provider is asked: one caller does it for all
	found  *discovered
	failed time.Time // when it was last asked in vain
}

// discovered is what the provider says of itself.
type discovered struct {
	provider *oidc.Provider
	keys     oidc.KeySet
}

func newProvider(settings people.OIDC) *Provider {
	return &Provider{settings: settings, http: Client(), now: time.Now}
}

// Session is how long a sign-in at the pages lasts.
func (p *Provider) Session() time.Duration { return p.settings.Session.Duration }

// discover returns what the provider says of itself, and asks it if that is not known yet.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.now().Sub(p.failed) < askAgainAfter {
		return nil, p.unavailable()
	}
	// Others wait for the answer too, so it does not matter whether this caller goes away.
	found, err := p.ask(oidc.ClientContext(context.WithoutCancel(ctx), p.http))
	if err != nil {
		p.failed = p.now()
		return nil, err
	}
	p.found = found
	return found, nil
}

func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	provider, err := oidc.NewProvider(ctx, p.settings.Issuer)
	if err != nil {
		return nil, p.unavailable()
	}
	var offers struct {
		Keys       string   `json:"jwks_uri"`
		Challenges []string `json:"code_challenge_methods_supported"`
	}
	if err := provider.Claims(&offers); err != nil || offers.Keys == "" {
		return nil, p.unavailable()
	}
	// Some providers that can do it don't say so; one that says it can only do less is not trusted with a sign-in.
	if len(offers.Challenges) > 0 && !slices.Contains(offers.Challenges, "S256") {
		return nil, contract.Unavailable("the provider %s offers no safe way to sign in", p.settings.Issuer).
			Advise("have an administrator switch PKCE with S256 on there")
	}
	return &discovered{provider: provider, keys: oidc.NewRemoteKeySet(ctx, offers.Keys)}, nil
}

func (p *Provider) unavailable() error {
	problem := contract.Unavailable("the provider %s can't be asked", p.settings.Issuer).
		Advise("try again; the other means of signing in work on")
	problem.RetryAfter.Duration = askAgainAfter
	return problem
}
