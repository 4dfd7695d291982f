package webhook_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"curfew/activities/target/webhook"
)

// example is the request that the page shows.
var example = regexp.MustCompile("(?s)```http\n(.*?)\n\n(.*?)\n```")

func header(t *testing.T, lines, name string) string {
	t.Helper()
	for line := range strings.Lines(lines) {
		if value, found := strings.CutPrefix(line, name+": "); found {
			return strings.TrimSuffix(value, "\n")
		}
	}
	require.Failf(t, "missing", "the example has no %s", name)
	return ""
}

func TestThePageShowsARequestAsItIsSent(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/targets/webhook.md")
	require.NoError(t, err)
	shown := example.FindSubmatch(page)
	require.NotNil(t, shown)
	head, body := string(shown[1]), string(shown[2])
	key := regexp.MustCompile(`whsec_[A-Za-z0-9+/]{40,}=*`).FindString(string(page))
	id, at := header(t, head, "webhook-id"), header(t, head, "webhook-timestamp")
	require.Equal(t, signatureOf(key, id, at, body), header(t, head, "webhook-signature"))

	r := newReceiver(t, false, secret)
	r.add("ada")
	wanted := access(t)
	wanted.Key, wanted.Account = "4f2d9c0a7be5316884d1f6a3c2e90b57", "ada"
	wanted.Entitlement = normalized(t, `{"name":"refunds","attributes":{"region":"eu"}}`)
	_, err = connect(t, r.url).Grant(t.Context(), wanted)
	require.NoError(t, err)
	sent := r.messages()[0]
	require.Equal(t, body, sent.body)
	require.Regexp(t, `^msg_[A-Z2-7]{26}$`, sent.header.Get("webhook-id"))
	for _, name := range []string{"Content-Type", "Accept", "User-Agent"} {
		require.Equal(t, sent.header.Get(name), header(t, head, name))
	}
}

func TestTheSpecificationsOwnLibraryAcceptsOurSignatures(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, false, secret)
	connector := open(t, webhook.Settings{URL: r.url, Secrets: secrets(secret, otherSecret), Allow: onLoopback})
	_, err := connector.Inspect(t.Context(), access(t))
	require.NoError(t, err)
	sent := r.messages()[0]
	for _, known := range []string{secret, otherSecret} {
		verifier, err := standardwebhooks.NewWebhook(known)
		require.NoError(t, err)
		require.NoError(t, verifier.Verify([]byte(sent.body), sent.header))
		require.Error(t, verifier.Verify([]byte(sent.body+" "), sent.header))
	}
	seconds, err := strconv.ParseInt(sent.header.Get("webhook-timestamp"), 10, 64)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), time.Unix(seconds, 0), time.Minute)
}

func TestSecretsAreChangedWithoutAGap(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, false, otherSecret)
	both := open(t, webhook.Settings{URL: r.url, Secrets: secrets(secret, otherSecret), Allow: onLoopback})
	_, err := both.Inspect(t.Context(), access(t))
	require.NoError(t, err, "the receiver has the former secret")
	r = newReceiver(t, false, secret)
	both = open(t, webhook.Settings{URL: r.url, Secrets: secrets(secret, otherSecret), Allow: onLoopback})
	_, err = both.Inspect(t.Context(), access(t))
	require.NoError(t, err, "the receiver has the new secret")
	signatures := strings.Split(r.messages()[0].header.Get("webhook-signature"), " ")
	require.Len(t, signatures, 2)
	require.NotEqual(t, signatures[0], signatures[1])
}
