package identity_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/internal/testserver/oidc"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

func TestAMachineComesInWithItsClientCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *people.Directory) { c.OIDC.Groups = people.OIDCGroups{} })

	caller, err := w.callers.Authenticate(t.Context(), w.directory, w.provider.MachineToken(t))

	require.NoError(t, err)
	require.Equal(t, "robot", caller.Person)
}

func TestAMachineThatIsNotListedStaysOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *people.Directory) { c.OIDC.Clients = nil })

	_, err := w.callers.Authenticate(t.Context(), w.directory, w.provider.MachineToken(t))

	unproven(t, err, "a client that is not known")
}

func TestTheProvidersNewKeysAreFetchedAndItsOldOnesForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.provider.Key()
	_, err := w.callers.Authenticate(t.Context(), w.directory, old.Sign(t, w.claims(nil), nil))
	require.NoError(t, err)

	fresh := w.provider.Rotate(t)

	_, err = w.callers.Authenticate(t.Context(), w.directory, fresh.Sign(t, w.claims(nil), nil))
	require.NoError(t, err)
	_, err = w.callers.Authenticate(t.Context(), w.directory, old.Sign(t, w.claims(nil), nil))
	unproven(t, err, "not signed by")
}

func TestMadeUpKeysDontMakeUsAskTheProviderAllTheTime(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	provider := oidc.Start(t, oidc.Options{People: everybody(), Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			next.ServeHTTP(w, r)
		})
	}})
	w := &world{provider: provider, directory: trusting(provider.Issuer)}
	w.callers = identity.New(w.directory.OIDC)
	good := provider.Key().Sign(t, w.claims(nil), nil)
	_, err := w.callers.Authenticate(t.Context(), w.directory, good)
	require.NoError(t, err)
	stranger := oidc.NewKey(t)

	for range 50 {
		_, err := w.callers.Authenticate(t.Context(), w.directory, stranger.Sign(t, w.claims(nil), nil))
		unproven(t, err, "not signed by")
	}

	require.Less(t, asked.Load(), int32(10))
	_, err = w.callers.Authenticate(t.Context(), w.directory, good)
	require.NoError(t, err, "those whose keys are known don't notice")
}

func TestWithoutTheProviderItsTokensAreRefusedUntilItAnswers(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	down.Store(true)
	provider := oidc.Start(t, oidc.Options{People: everybody(), Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if down.Load() {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	w := &world{provider: provider, directory: trusting(provider.Issuer)}
	w.callers = identity.New(w.directory.OIDC)
	token := provider.Key().Sign(t, w.claims(nil), nil)

	_, err := w.callers.Authenticate(t.Context(), w.directory, token)
	problem := requireProblem(t, err, contract.KindUnavailable)
	require.Positive(t, problem.RetryAfter.Duration)
	require.NotContains(t, problem.Error(), token)
	caller, err := w.callers.Authenticate(t.Context(), w.directory, "token-of-alice")
	require.NoError(t, err, "other means work on")
	require.Equal(t, identity.MeansToken, caller.Means)

	down.Store(false)
	require.Eventually(t, func() bool {
		caller, err = w.callers.Authenticate(t.Context(), w.directory, token)
		return err == nil
	}, pace.Patience(), 100*time.Millisecond)
	require.Equal(t, "alice", caller.Person)
}

func TestAProviderThatStopsIsNotNeededForKeysThatAreKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.provider.Key().Sign(t, w.claims(nil), nil)
	_, err := w.callers.Authenticate(t.Context(), w.directory, token)
	require.NoError(t, err)

	w.provider.Stop()

	_, err = w.callers.Authenticate(t.Context(), w.directory, token)
	require.NoError(t, err)
	_, err = w.callers.Authenticate(t.Context(), w.directory, oidc.NewKey(t).Sign(t, w.claims(nil), nil))
	requireProblem(t, err, contract.KindUnavailable)
}

func TestAProviderWhoseDocumentIsNotItsOwnIsNotTrusted(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(issuer, document string) string{
		"another issuer": func(issuer, document string) string {
			return strings.Replace(document, `"issuer":"`+issuer, `"issuer":"https://evil.example.com`, 1)
		},
		"no keys":         func(_, document string) string { return strings.Replace(document, `"jwks_uri"`, `"other"`, 1) },
		"only plain PKCE": func(_, document string) string { return strings.Replace(document, `["S256"]`, `["plain"]`, 1) },
		"no document":     func(_, _ string) string { return "[" },
		"a long document": func(_, document string) string { return strings.Repeat(" ", 1<<20) + document },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider := oidc.Start(
				t,
				oidc.Options{People: everybody(), Wrap: rewriting(func(r *http.Request, answer string) string {
					if !strings.HasSuffix(r.URL.Path, "/openid-configuration") {
						return answer
					}
					changed := change("http://"+r.Host, answer)
					if changed == answer {
						return "the test changes nothing"
					}
					return changed
				})},
			)
			trusted := trusting(provider.Issuer)
			callers := identity.New(trusted.OIDC)
			w := &world{provider: provider}

			_, err := callers.Authenticate(t.Context(), trusted, provider.Key().Sign(t, w.claims(nil), nil))
			requireProblem(t, err, contract.KindUnavailable)
			_, err = callers.Provider().Address(t.Context(), identity.NewSignIn(callback))
			requireProblem(t, err, contract.KindUnavailable)
		})
	}
}
