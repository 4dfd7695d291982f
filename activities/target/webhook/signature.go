package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"curfew/internal/config"
)

// What the specification asks of secrets.
const (
	secretPrefix  = "whsec_"
	shortestKey   = 24 // in bytes
	longestKey    = 64 // in bytes
	mostSecrets   = 4
	howToMakeKeys = "refer to a text like whsec_..., which `printf whsec_; openssl rand -base64 32` makes"
)

// signer signs with one secret.
type signer interface {
	Sign(id string, at time.Time, body []byte) (string, error)
}

func signers(secrets []config.Secret) ([]signer, error) {
	if len(secrets) == 0 || len(secrets) > mostSecrets {
		return nil, invalid("secrets", fmt.Sprintf("list 1 to %d", mostSecrets), "has %d", len(secrets))
	}
	all := make([]signer, len(secrets))
	for i, secret := range secrets {
		field := fmt.Sprintf("secrets[%d]", i)
		text, prefixed := strings.CutPrefix(secret.Reveal(), secretPrefix)
		key, err := base64.StdEncoding.DecodeString(text)
		switch {
		case !prefixed || err != nil:
			return nil, invalid(field, howToMakeKeys, "is not %s and base64", secretPrefix)
		case len(key) < shortestKey || len(key) > longestKey:
			return nil, invalid(field, howToMakeKeys, "has a key of %d bytes, not %d to %d", len(key), shortestKey, longestKey)
		}
		if all[i], err = standardwebhooks.NewWebhookRaw(key); err != nil {
			return nil, invalid(field, howToMakeKeys, "is no key")
		}
	}
	return all, nil
}

// sign adds the headers of a new message. It is signed with every secret, for receivers that know just one of them.
func sign(header http.Header, keys []signer, at time.Time, body []byte) error {
	id := "msg_" + rand.Text()
	signatures := make([]string, len(keys))
	for i, key := range keys {
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
