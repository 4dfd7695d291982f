package signing_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/signing"
)

func secret(letter string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

func TestAMessageIsTakenFromWhoeverKnowsOneOfTheSecrets(t *testing.T) {
	t.Parallel()
	sender, err := signing.New(secret("a"))
	require.NoError(t, err)
	receiver, err := signing.New(secret("b"), secret("a"))
	require.NoError(t, err)
	stranger, err := signing.New(secret("c"))
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		receiver signing.Signer
		ago      time.Duration
		body     string
		want     error
	}{
		"known":              {receiver, 0, "body", nil},
		"unknown":            {stranger, 0, "body", signing.ErrUnsigned},
		"changed":            {receiver, 0, "another", signing.ErrUnsigned},
		"too old":            {receiver, 6 * time.Minute, "body", signing.ErrStale},
		"of a time to come":  {receiver, -6 * time.Minute, "body", signing.ErrStale},
		"by nobody, for all": {signing.Signer{}, 0, "body", signing.ErrUnsigned},
	} {
		header := http.Header{}
		require.NoError(t, sender.Sign(header, "msg_1", time.Now().Add(-tc.ago), []byte("body")), name)
		require.ErrorIs(t, tc.receiver.Verify(header, []byte(tc.body)), tc.want, name)
	}
	require.ErrorIs(t, receiver.Verify(http.Header{}, []byte("body")), signing.ErrUnsigned)
}
