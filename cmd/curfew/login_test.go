package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/internal/people"
	"curfew/internal/testserver/oidc"
	"curfew/internal/testserver/pace"
	"curfew/starter/api"
	"curfew/starter/startertest"
)

// withProvider is a shell whose server lets people sign in at a provider.
func withProvider(t *testing.T) (*shell, *oidc.Server) {
	t.Helper()
	house := startertest.New(t)
	provider := oidc.Start(t, oidc.Options{People: []oidc.Person{
		{
			Subject:  "alice",
			Email:    "alice@example.com",
			Verified: true,
		},
		{Subject: "mallory", Email: "mallory@example.com", Verified: true},
	}})
	house.Config.OIDC = &people.OIDC{
		Issuer: provider.Issuer, ClientID: oidc.WebClient, CLIClientID: oidc.CLIClient, PersonClaim: people.ClaimEmail,
	}
	alice := house.Config.People["alice"]
	alice.Login = "alice@example.com"
	house.Config.People["alice"] = alice
	return in(t, house), provider
}

// screen is what a person sees who waits for a command to say something.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write shows more.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *screen) find(pattern *regexp.Regexp) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := pattern.FindStringSubmatch(s.text.String()); found != nil {
		return found[1]
	}
	return ""
}

// login runs curfew login, and signs somebody in with the code that it shows.
func (s *shell) login(t *testing.T, provider *oidc.Server, subject string) result {
	t.Helper()
	var out bytes.Buffer
	shown, done := &screen{}, make(chan int)
	environment := map[string]string{"CURFEW_SERVER": s.server, "CURFEW_LOGINS": s.logins}
	go func() {
		done <- run(t.Context(), []string{"login"}, surroundings{
			stdout: &out, stderr: shown, getenv: func(name string) string { return environment[name] }, now: s.now, zone: time.UTC,
		})
	}()
	code := ""
	require.Eventually(t, func() bool {
		code = shown.find(regexp.MustCompile(`type the code (\S+)`))
		return code != ""
	}, pace.Patience(), 10*time.Millisecond)
	provider.AllowDevice(t, code, subject)
	return result{<-done, out.String(), shown.text.String()}
}

func TestWhoSignsInNeedsNoOtherToken(t *testing.T) {
	t.Parallel()
	s, provider := withProvider(t)
	require.Equal(t, 2, s.run(t, "", "templates").code)
	require.NoFileExists(t, s.logins)

	signedIn := s.login(t, provider, "alice")

	require.Equal(t, 0, signedIn.code, signedIn.errors)
	require.Equal(t, "signed in as alice\n", signedIn.out)
	require.Contains(t, signedIn.errors, "Open "+provider.Issuer+"/device and type the code")
	for _, kept := range []string{s.logins, s.logins + ".lock"} {
		info, err := os.Stat(kept)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), kept)
	}
	folder, err := os.Stat(filepath.Dir(s.logins))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), folder.Mode().Perm())
	require.Equal(t, 0, s.run(t, "", "templates").code)

	other := httptest.NewServer(api.New(api.Options{Starter: s.Starter, Log: zap.NewNop()}))
	t.Cleanup(other.Close)
	require.Contains(
		t,
		s.run(t, "", "templates", "--server", other.URL).errors,
		"there is none",
		"the token goes to no other server",
	)

	require.Equal(t, "signed out of "+s.server+"\n", s.run(t, "", "logout").out)
	require.Contains(t, s.run(t, "", "templates").errors, "there is none")
	text, err := os.ReadFile(s.logins)
	require.NoError(t, err)
	require.JSONEq(t, "{}", string(text))
}

func TestASignInIsRenewedBeforeItEnds(t *testing.T) {
	t.Parallel()
	s, provider := withProvider(t)
	require.Equal(t, 0, s.login(t, provider, "alice").code)
	before, err := os.ReadFile(s.logins)
	require.NoError(t, err)
	require.Equal(t, 0, s.run(t, "", "templates").code)
	same, err := os.ReadFile(s.logins)
	require.NoError(t, err)
	require.Equal(t, before, same)

	s.now = func() time.Time { return time.Now().Add(time.Hour - 30*time.Second) }
	var all sync.WaitGroup
	results := make([]result, 5)
	for i := range results {
		all.Go(func() { results[i] = s.run(t, "", "templates") })
	}
	all.Wait()

	for _, each := range results {
		require.Equal(t, 0, each.code, each.errors)
	}
	after, err := os.ReadFile(s.logins)
	require.NoError(t, err)
	require.NotEqual(t, before, after)

	provider.Stop()
	s.now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	late := s.run(t, "", "templates")
	require.Equal(t, 3, late.code)
	require.Contains(t, late.errors, "can't be asked")
}

func TestWhoIsNotInTheDirectoryKeepsNoToken(t *testing.T) {
	t.Parallel()
	s, provider := withProvider(t)

	refused := s.login(t, provider, "mallory")

	require.Equal(t, 2, refused.code)
	require.Contains(t, refused.errors, "nobody in the directory has the email")
	require.NoFileExists(t, s.logins)
}

func TestAServerWithoutAProviderSaysWhatElseToDo(t *testing.T) {
	t.Parallel()
	s := open(t)
	refused := s.run(t, "", "login")
	require.Equal(t, 2, refused.code)
	require.Contains(t, refused.errors, "no provider is configured; use a token that an administrator gave you")
}

func TestAFileOfSignInsThatIsNoneIsToldAndLeftAlone(t *testing.T) {
	t.Parallel()
	s := open(t)
	require.NoError(t, os.MkdirAll(filepath.Dir(s.logins), 0o700))
	for _, text := range []string{"", "[]", "null", `{"a":1}`, "canary"} {
		require.NoError(t, os.WriteFile(s.logins, []byte(text), 0o600))
		refused := s.run(t, "", "templates")
		require.Equal(t, 2, refused.code)
		require.Contains(t, refused.errors, "holds no sign-ins; remove it and sign in again")
		require.NotContains(t, refused.errors, "canary")
		kept, err := os.ReadFile(s.logins)
		require.NoError(t, err)
		require.Equal(t, text, string(kept))
	}
}

func TestAServiceTokenIsShownOnceAndCountsWhenItsLinesAreConfigured(t *testing.T) {
	t.Parallel()
	s := open(t)
	made := s.run(t, "", "tokens", "new", "ci", "--person", "robot", "--scopes", "ask,read", "--for", "720h")
	require.Equal(t, result{0, made.out, ""}, made)
	first, lines, found := strings.Cut(made.out, "\nfor the configuration:\n")
	require.True(t, found)
	token := strings.TrimPrefix(first, "token, shown only now: ")
	require.NotContains(t, lines, token)

	file := filepath.Join(t.TempDir(), "curfew.yaml")
	require.NoError(t, os.WriteFile(file, []byte("people:\n  robot: {}\n"+lines), 0o600))
	listed := s.run(t, "", "tokens", "list", "--config", file)
	require.Equal(t, 0, listed.code, listed.errors)
	require.Regexp(t, `ci +robot +ask, read +in 29d23h`, listed.out)
	s.now = func() time.Time { return time.Now().Add(720 * time.Hour) }
	require.Contains(t, s.run(t, "", "tokens", "list", "--config", file).out, ", expired")
	var list struct {
		ServiceTokens []listedToken `json:"serviceTokens"`
	}
	require.NoError(
		t,
		json.Unmarshal([]byte(s.run(t, "", "tokens", "list", "--config", file, "-o", "json").out), &list),
	)
	require.Len(t, list.ServiceTokens, 1)
	require.True(t, list.ServiceTokens[0].Expired)
}

func TestServiceTokensThatCouldNotBeConfiguredAreNotMade(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no person":      {[]string{"ci", "--scopes", "ask"}, `person: "" is no id`},
		"no scopes":      {[]string{"ci", "--person", "robot"}, "scopes: the token would be good for nothing; choose from read, ask"},
		"no such scope":  {[]string{"ci", "--person", "robot", "--scopes", "all"}, `scopes: there is no scope "all"; choose from read, ask`},
		"no id":          {[]string{"C I", "--person", "robot", "--scopes", "ask"}, `name: "C I" is no id`},
		"no id's person": {[]string{"ci", "--person", "a: b", "--scopes", "ask"}, `person: "a: b" is no id`},
		"for ever":       {[]string{"ci", "--person", "robot", "--scopes", "ask", "--for", "9000h"}, "for: 9000h0m0s is no life"},
		"for no time":    {[]string{"ci", "--person", "robot", "--scopes", "ask", "--for", "0s"}, "for: 0s is no life"},
	} {
		refused := s.run(t, "", append([]string{"tokens", "new"}, test.args...)...)
		require.Equal(t, 2, refused.code, name)
		require.Contains(t, refused.errors, test.want, name)
		require.Empty(t, refused.out)
	}
}
