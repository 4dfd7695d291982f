package identity_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// rewriting changes the provider's answers on the way.
func rewriting(change func(r *http.Request, answer string) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.Code)
			_, _ = w.Write([]byte(change(r, answer.Body.String())))
		})
	}
}

// signIn lets somebody sign in, and returns the code that the provider's answer has.
func (w *world) signIn(t *testing.T, signIn identity.SignIn, subject string) string {
	t.Helper()
	address, err := w.callers.Provider().Address(t.Context(), signIn)
	require.NoError(t, err)
	answer := w.provider.SignIn(t, address, subject).Query()
	require.Equal(t, signIn.State, answer.Get("state"))
	return answer.Get("code")
}

func TestWhoSignsInAtTheProviderIsRecognized(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signIn := identity.NewSignIn(callback)

	caller, err := w.callers.Provider().Redeem(t.Context(), w.directory, signIn, w.signIn(t, signIn, "alice"))

	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), caller.At, time.Minute)
	require.Equal(t, identity.Caller{
		Person: "alice",
		Groups: []string{"sre", "on-call"},
		At:     caller.At,
		Scopes: people.Scopes(),
		Means:  identity.MeansOIDC,
	}, caller)
}

func TestWhoSignsInAndIsNotKnownStaysOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for subject, fault := range map[string]string{"mallory": "nobody in the directory", "bob": "verified", "nogroups": "no claim groups"} {
		signIn := identity.NewSignIn(callback)
		_, err := w.callers.Provider().Redeem(t.Context(), w.directory, signIn, w.signIn(t, signIn, subject))
		require.Contains(t, requireProblem(t, err, contract.KindForbidden).Fault, fault)
	}
}

func TestAnAnswerToAnotherSignInIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*identity.SignIn){
		"another nonce":    func(s *identity.SignIn) { s.Nonce = identity.NewSecret() },
		"another verifier": func(s *identity.SignIn) { s.Verifier = identity.NewSecret() + "-and-more" },
		"another address":  func(s *identity.SignIn) { s.Redirect = "https://curfew.example.com/elsewhere" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signIn := identity.NewSignIn(callback)
			code := w.signIn(t, signIn, "alice")
			change(&signIn)
			caller, err := w.callers.Provider().Redeem(t.Context(), w.directory, signIn, code)
			unproven(t, err, "answer")
			require.Zero(t, caller)
		})
	}
}

func TestACodeCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signIn := identity.NewSignIn(callback)
	code := w.signIn(t, signIn, "alice")
	_, err := w.callers.Provider().Redeem(t.Context(), w.directory, signIn, code)
	require.NoError(t, err)

	_, err = w.callers.Provider().Redeem(t.Context(), w.directory, signIn, code)

	unproven(t, err, "answer")
}

// Who can change the address on the way takes the challenge out of it, gets a code that belongs to no verifier, and
// hands it to somebody else's sign-in.
func TestACodeThatWasAskedForWithoutAChallengeIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signIn := identity.NewSignIn(callback)
	address, err := w.callers.Provider().Address(t.Context(), signIn)
	require.NoError(t, err)
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	query := parsed.Query()
	require.Equal(t, "S256", query.Get("code_challenge_method"))
	require.NotContains(t, address, signIn.Verifier)
	query.Del("code_challenge")
	query.Del("code_challenge_method")
	parsed.RawQuery = query.Encode()
	code := w.provider.SignIn(t, parsed.String(), "alice").Query().Get("code")
	require.NotEmpty(t, code)

	_, err = w.callers.Provider().Redeem(t.Context(), w.directory, signIn, code)

	unproven(t, err, "answer")
}

func TestWhatIsWrongWithCurfewItselfIsTheAdministratorsToMend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *people.Directory) { c.OIDC.ClientSecret = strictyaml.SecretOf("canary-secret") })
	signIn := identity.NewSignIn(callback)

	_, err := w.callers.Provider().Redeem(t.Context(), w.directory, signIn, w.signIn(t, signIn, "alice"))

	problem := requireProblem(t, err, contract.KindInternal)
	require.Contains(t, problem.Fix, "oidc.clientSecret")
	require.NotContains(t, problem.Error(), "canary")
}

func TestSignInsShareNothing(t *testing.T) {
	t.Parallel()
	one, other := identity.NewSignIn(callback), identity.NewSignIn(callback)
	secrets := map[string]bool{
		one.State:      true,
		one.Nonce:      true,
		one.Verifier:   true,
		other.State:    true,
		other.Nonce:    true,
		other.Verifier: true,
	}
	require.Len(t, secrets, 6)
	for secret := range secrets {
		require.GreaterOrEqual(t, len(secret), 43, "256 bits")
	}
}
