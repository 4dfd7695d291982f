package hooks_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/pagerduty"
)

// signer makes the headers with which a source vouches for a body.
type signer func(t testing.TB, secret string, at time.Time, body []byte) http.Header

func mac(secret string, parts ...string) string {
	sum := hmac.New(sha256.New, []byte(secret))
	sum.Write([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum.Sum(nil))
}

func byPagerDuty(_ testing.TB, secret string, _ time.Time, body []byte) http.Header {
	return http.Header{"X-Pagerduty-Signature": {pagerduty.Sign(body, secret)}}
}

func byJira(_ testing.TB, secret string, _ time.Time, body []byte) http.Header {
	return http.Header{"X-Hub-Signature": {"sha256=" + mac(secret, string(body))}}
}

func bySlack(_ testing.TB, secret string, at time.Time, body []byte) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{
		"Content-Type":              {"application/x-www-form-urlencoded"},
		"X-Slack-Request-Timestamp": {stamp},
		"X-Slack-Signature":         {"v0=" + mac(secret, "v0:", stamp, ":", string(body))},
	}
}

func byStandard(t testing.TB, secret string, at time.Time, body []byte) http.Header {
	return standardID(t, secret, at, body, "msg_1")
}

func standardID(t testing.TB, secret string, at time.Time, body []byte, id string) http.Header {
	key, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	signature, err := key.Sign(id, at, body)
	require.NoError(t, err)
	header := http.Header{}
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(at.Unix()))
	header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return header
}

func byBearer(_ testing.TB, secret string, _ time.Time, _ []byte) http.Header {
	return http.Header{"Authorization": {"Bearer " + secret}}
}
