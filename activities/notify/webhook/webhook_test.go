package webhook_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"curfew/activities/notify"
	"curfew/activities/notify/notifytest"
	"curfew/activities/notify/webhook"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	"curfew/workflows/contract"
)

const source = "https://curfew.example.com"

var (
	secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("canary", 5)))
	former = "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("former", 5)))
)

// receiver checks signatures with the specification's own library, and keeps the messages that pass.
type receiver struct {
	sandbox.Faults
	url string

	mu    sync.Mutex
	taken []taken
}

type taken struct {
	header http.Header
	body   string
}

func start(t *testing.T, known string) *receiver {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(known)
	require.NoError(t, err)
	r := &receiver{}
	site := httptest.NewServer(r.Wrap(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil || verifier.Verify(body, request.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.taken = append(r.taken, taken{request.Header, string(body)})
		w.WriteHeader(http.StatusNoContent)
	})))
	t.Cleanup(site.Close)
	r.url = site.URL + "/curfew"
	return r
}

func open(t *testing.T, url string, secrets ...string) *webhook.Channel {
	t.Helper()
	settings := webhook.Settings{URL: url, AllowPrivate: true}
	for _, text := range secrets {
		settings.Secrets = append(settings.Secrets, config.SecretOf(text))
	}
	channel, err := webhook.New(settings, source)
	require.NoError(t, err)
	return channel
}

func granted() notify.Message {
	return notifytest.Message(
		4,
		contract.EventGranted,
		func(s *contract.Status, _ *contract.Event) { s.State, s.Until = contract.StateActive, s.DecideBy },
	)
}

func requireProblem(t *testing.T, err error, kind contract.Kind, parts ...string) *contract.Problem {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "not a problem: %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.NotContains(t, fmt.Sprintf("%v %+v", err, problem), strings.TrimPrefix(secret, "whsec_"))
	for _, part := range parts {
		require.Contains(t, problem.Error(), part)
	}
	return problem
}

func TestAReceiverIsToldEventsAsCloudEvents(t *testing.T) {
	t.Parallel()
	r, m := start(t, secret), granted()
	channel := open(t, r.url, secret)
	require.Empty(t, channel.System())
	sent, err := channel.Send(t.Context(), m)
	require.NoError(t, err)
	require.Empty(t, sent.Thread)
	require.Len(t, r.taken, 1)
	require.Equal(t, "application/cloudevents+json", r.taken[0].header.Get("Content-Type"))
	require.Equal(t, notifytest.Request+"/4", r.taken[0].header.Get("webhook-id"))
	event, err := json.Marshal(m.Event)
	require.NoError(t, err)
	status, err := json.Marshal(m.Status)
	require.NoError(t, err)
	require.JSONEq(
		t,
		fmt.Sprintf(
			`{"specversion":"1.0","id":"%s/4","source":"https://curfew.example.com","type":"curfew.request.granted",
		"subject":%[1]q,"time":%q,"datacontenttype":"application/json","data":{"event":%s,"status":%s}}`,
			notifytest.Request,
			m.Event.At.Format(time.RFC3339Nano),
			event,
			status,
		),
		r.taken[0].body,
	)
}

func TestWhatConcernsNobodyIsToldToo(t *testing.T) {
	t.Parallel()
	r := start(t, secret)
	_, err := open(t, r.url, secret).Send(t.Context(), notifytest.Message(1, contract.EventRequested, nil))
	require.NoError(t, err)
	require.Contains(t, r.taken[0].body, `"curfew.request.requested"`)
}

func TestAnEventThatIsRepeatedHasTheSameID(t *testing.T) {
	t.Parallel()
	r := start(t, secret)
	channel := open(t, r.url, secret)
	r.Add(sandbox.Fault{LoseReply: true, Times: 1})
	_, err := channel.Send(t.Context(), granted())
	requireProblem(t, err, contract.KindUnavailable, "can't be reached")
	_, err = channel.Send(t.Context(), granted())
	require.NoError(t, err)
	require.Len(t, r.taken, 2)
	require.Equal(t, r.taken[0].header.Get("webhook-id"), r.taken[1].header.Get("webhook-id"))
	require.Equal(t, r.taken[0].body[:100], r.taken[1].body[:100])
}

func TestSecretsAreChangedWithoutAGap(t *testing.T) {
	t.Parallel()
	for _, known := range []string{secret, former} {
		r := start(t, known)
		_, err := open(t, r.url, secret, former).Send(t.Context(), granted())
		require.NoError(t, err)
	}
	r := start(t, former)
	_, err := open(t, r.url, secret).Send(t.Context(), granted())
	requireProblem(t, err, contract.KindUnavailable, "401", "secrets")
}

func TestOnlyThePublicIsToldUnlessTheSettingsSayOtherwise(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "[fd00::1]", "169.254.169.254"} {
		settings := webhook.Settings{
			URL:     "https://" + host + "/curfew",
			Secrets: []config.Secret{config.SecretOf(secret)},
		}
		_, err := webhook.New(settings, source)
		require.Equal(t, "url", requireProblem(t, err, contract.KindInvalid, "allowPrivate").Field, host)
		settings.AllowPrivate = true
		_, err = webhook.New(settings, source)
		require.Equal(t, host == "169.254.169.254", err != nil, host)
	}
	// In capital letters the name is not known beforehand to lead to this machine; it stands for any name that does.
	r := start(t, secret)
	settings := webhook.Settings{
		URL: strings.Replace(
			strings.Replace(r.url, "http:", "https:", 1),
			"127.0.0.1",
			"LOCALHOST",
			1,
		),
		Secrets: []config.Secret{config.SecretOf(secret)},
	}
	channel, err := webhook.New(settings, source)
	require.NoError(t, err)
	_, err = channel.Send(t.Context(), granted())
	requireProblem(t, err, contract.KindUnavailable, "is a loopback")
	requireProblem(t, channel.Check(t.Context()), contract.KindUnavailable, "is a loopback")
}

func TestWhatTheReceiverAnswersIsUnderstood(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]contract.Kind{
		302: contract.KindUnavailable, 400: contract.KindDenied, 401: contract.KindUnavailable, 403: contract.KindUnavailable,
		404: contract.KindUnavailable, 409: contract.KindUnavailable, 410: contract.KindDenied, 413: contract.KindDenied,
		422: contract.KindDenied, 429: contract.KindUnavailable, 500: contract.KindUnavailable, 503: contract.KindUnavailable,
	} {
		r := start(t, secret)
		r.Add(sandbox.Fault{Status: status, RetryAfter: "7"})
		_, err := open(t, r.url, secret).Send(t.Context(), granted())
		require.Equal(t, 7*time.Second, requireProblem(t, err, kind, "answered").RetryAfter.Duration)
		require.Empty(t, r.taken)
	}
}

func TestACheckReachesTheReceiverAndTellsNothing(t *testing.T) {
	t.Parallel()
	r := start(t, secret)
	channel := open(t, r.url, secret)
	require.NoError(t, channel.Check(t.Context()))
	require.Empty(t, r.taken)
	r.Add(sandbox.Fault{Down: true})
	requireProblem(t, channel.Check(t.Context()), contract.KindUnavailable, "can't be reached")
}

// example is the request that the page shows.
var example = regexp.MustCompile("(?s)```http\n(.*?)\n\n(.*?)\n```")

func TestThePageShowsAnEventAsItIsTold(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/notify.md")
	require.NoError(t, err)
	shown := example.FindSubmatch(page)
	require.NotNil(t, shown)
	header := http.Header{}
	for line := range strings.Lines(string(shown[1])) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		header.Set(name, value)
	}
	verifier, err := standardwebhooks.NewWebhook(regexp.MustCompile(`whsec_[A-Za-z0-9+/]+=*`).FindString(string(page)))
	require.NoError(t, err)
	require.NoError(t, verifier.VerifyIgnoringTimestamp(shown[2], header))

	r := start(t, secret)
	_, err = open(t, r.url, secret).Send(t.Context(), granted())
	require.NoError(t, err)
	var documented, told map[string]any
	require.NoError(t, json.Unmarshal(shown[2], &documented))
	require.NoError(t, json.Unmarshal([]byte(r.taken[0].body), &told))
	for _, document := range []map[string]any{documented, told} {
		delete(document, "data")
		delete(document, "time")
	}
	require.Equal(t, told, documented)
	for _, name := range []string{"Content-Type", "User-Agent", "Webhook-Id"} {
		require.Equal(t, r.taken[0].header.Get(name), header.Get(name))
	}
}
