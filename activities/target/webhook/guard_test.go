package webhook_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target/webhook"
	"curfew/workflows/contract"
)

func TestAddressesThatAreNotCalled(t *testing.T) {
	t.Parallel()
	for _, host := range []string{
		"127.0.0.1", "127.8.9.10", "[::1]", "localhost",
		"169.254.169.254", "169.254.0.1", "[fe80::1]", "[fe80::1%25eth0]", "[febf::1]",
		"100.100.100.200", "168.63.129.16", "[fd00:ec2::254]", "[fd20:ce::254]",
		"[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b::127.0.0.1]",
		"0.0.0.0", "0.1.2.3", "[::]", "[::ffff:0.0.0.0]", "[::7f00:1]", "224.0.0.1", "[ff02::1]", "[ff02::1%25eth0]", "255.255.255.255", "240.0.0.1",
	} {
		settings := webhook.Settings{URL: "https://" + host + "/curfew", Secrets: secrets(secret)}
		require.Equal(t, "url", requireProblem(t, settings.Validate(), contract.KindInvalid).Field, host)
	}
	for _, host := range []string{
		"access.example.com", "10.1.2.3", "172.16.0.1", "192.168.0.1", "100.64.0.1", "[fd12:3456::1]", "203.0.113.7", "[2001:db8::1]",
		"[64:ff9b::a01:203]", "[::ffff:10.1.2.3]", "128.0.0.1", "169.253.255.255", "169.255.0.1", "localhost.example.com",
	} {
		settings := webhook.Settings{URL: "https://" + host + "/curfew", Secrets: secrets(secret)}
		require.NoError(t, settings.Validate(), host)
	}
}

func TestAllowOpensWhatItNamesAndNothingElse(t *testing.T) {
	t.Parallel()
	for allow, hosts := range map[string]struct{ open, closed []string }{
		"127.0.0.0/8":        {[]string{"127.0.0.1", "127.9.9.9", "localhost", "[::ffff:127.0.0.1]"}, []string{"[::1]", "169.254.169.254"}},
		"127.0.0.7/32":       {[]string{"127.0.0.7"}, []string{"127.0.0.1", "localhost"}},
		"::1/128":            {[]string{"[::1]", "localhost"}, []string{"127.0.0.1"}},
		"169.254.10.0/24":    {[]string{"169.254.10.9"}, []string{"169.254.169.254"}},
		"169.254.169.254/32": {[]string{"169.254.169.254", "[64:ff9b::a9fe:a9fe]"}, []string{"169.254.169.253"}},
		"fe80::/10":          {[]string{"[fe80::1]", "[fe80::1%25eth0]"}, []string{"[ff02::1]"}},
	} {
		for _, host := range hosts.open {
			settings := webhook.Settings{URL: "https://" + host, Secrets: secrets(secret), Allow: []string{allow}}
			require.NoError(t, settings.Validate(), "%s with %s", host, allow)
		}
		for _, host := range hosts.closed {
			settings := webhook.Settings{URL: "https://" + host, Secrets: secrets(secret), Allow: []string{allow}}
			require.Error(t, settings.Validate(), "%s with %s", host, allow)
		}
	}
}

// In capital letters the name is not known beforehand to lead to this machine; it stands for any name that does.
func TestWhereANameLeadsIsSeenWhenItIsCalled(t *testing.T) {
	t.Parallel()
	listener := count(t)
	for _, allow := range [][]string{nil, {"127.0.0.2/32"}, {"169.254.0.0/16"}} {
		connector := open(t, webhook.Settings{
			URL:          "https://LOCALHOST:" + listener.port,
			Secrets:      secrets(secret),
			Allow:        allow,
			EndsSessions: true,
			Lists:        true,
		})
		for _, err := range everyCall(t, connector) {
			requireProblem(t, err, contract.KindUnavailable, "is a loopback", "the settings do not allow")
		}
	}
	require.Zero(t, listener.connections.Load())
}

func TestNoProxyIsAsked(t *testing.T) {
	t.Parallel()
	listener := count(t)
	// No proxy is ever asked for "localhost", but for the same name in capital letters.
	named, err := http.ProxyFromEnvironment(
		httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://LOCALHOST/", nil),
	)
	require.NoError(t, err)
	require.NotNil(t, named, "the test could not fail")
	connector := open(t, webhook.Settings{
		URL:          "https://LOCALHOST:" + listener.port,
		Secrets:      secrets(secret),
		Allow:        onLoopback,
		EndsSessions: true,
		Lists:        true,
	})
	for _, err := range everyCall(t, connector) {
		requireProblem(t, err, contract.KindUnavailable, "can't be reached")
	}
	require.Zero(t, proxy.connections.Load())
	require.NotZero(t, listener.connections.Load())
}

func TestACertificateThatNobodyVouchesForIsNotCalled(t *testing.T) {
	t.Parallel()
	site := httptest.NewUnstartedServer(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was called") }),
	)
	site.Config.ErrorLog = log.New(io.Discard, "", 0)
	site.StartTLS()
	t.Cleanup(site.Close)
	_, err := connect(t, site.URL).Grant(t.Context(), access(t))
	requireProblem(t, err, contract.KindUnavailable, "certificate")
}
