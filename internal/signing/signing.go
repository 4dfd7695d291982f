// Package signing signs and verifies messages as the Standard Webhooks specification says.
package signing

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"curfew/workflows/contract"
)

// What the specification asks of secrets.
const (
	secretPrefix  = "whsec_"
	shortestKey   = 24 // in bytes
	longestKey    = 64 // in bytes
	mostSecrets   = 4
	howToMakeKeys = "refer to a text like whsec_..., which `printf whsec_; openssl rand -base64 32` makes"
)

// Signer signs with every one of its secrets, for receivers that know just one of them, and takes a signature of any.
type Signer []*standardwebhooks.Webhook

// New makes a signer of 1 to 4 secrets. The error names the field, "secrets" or one of its items, and no secret.
func New(secrets ...string) (Signer, error) {
	if len(secrets) == 0 || len(secrets) > mostSecrets {
		return nil, contract.Invalid("has %d", len(secrets)).
			At("secrets").
			Advise(fmt.Sprintf("list 1 to %d", mostSecrets))
	}
	signer := make(Signer, len(secrets))
	for i, secret := range secrets {
		field := fmt.Sprintf("secrets[%d]", i)
		text, prefixed := strings.CutPrefix(secret, secretPrefix)
		key, err := base64.StdEncoding.DecodeString(text)
		switch {
		case !prefixed || err != nil:
			return nil, contract.Invalid("is not %s and base64", secretPrefix).At(field).Advise(howToMakeKeys)
		case len(key) < shortestKey || len(key) > longestKey:
			return nil, contract.Invalid("has a key of %d bytes, not %d to %d", len(key), shortestKey, longestKey).
				At(field).
				Advise(howToMakeKeys)
		}
		if signer[i], err = standardwebhooks.NewWebhookRaw(key); err != nil {
			return nil, contract.Invalid("is no key").At(field).Advise(howToMakeKeys)
		}
	}
	return signer, nil
}

// Sign adds the headers of a message with an id.
func (s Signer) Sign(header http.Header, id string, at time.Time, body []byte) error {
	signatures := make([]string, len(s))
	for i, key := range s {
		var err error
		if signatures[i], err = key.Sign(id, at, body); err != nil {
			return fmt.Errorf("sign the message: %w", err)
		}
	}
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}

// Why a message is not taken.
var (
	ErrUnsigned = errors.New("no signature is by one of the secrets")
	ErrStale    = errors.New("the signature is of another time")
)

// Verify takes a message that one of the secrets has signed, within five minutes of now. It fails with ErrUnsigned, or
// with ErrStale.
func (s Signer) Verify(header http.Header, body []byte) error {
	refusal := ErrUnsigned
	for _, key := range s {
		switch err := key.Verify(body, header); {
		case err == nil:
			return nil
		case errors.Is(err, standardwebhooks.ErrMessageTooOld) || errors.Is(err, standardwebhooks.ErrMessageTooNew):
			refusal = ErrStale
		}
	}
	return refusal
}
