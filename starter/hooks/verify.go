package hooks

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"curfew/internal/config"
	"curfew/internal/signing"
	"curfew/workflows/contract"
)

// verifier refuses what a source has not sent. Every one of a source's secrets is good, so that it can be changed.
type verifier func(header http.Header, body []byte) error

// What senders are told. Which of the secrets did not fit is nobody's business.
var (
	errUnsigned = contract.Forbidden("nobody vouches for this delivery").Advise("sign it with a secret of this source")
	errStale    = contract.Forbidden("the signature is of another time").
			Advise("set the clocks right, and sign it anew")
)

// verifiedBy has a source verified as its system signs.
func (s *source) verifiedBy(by signing.Verifier) {
	s.expects = func(header http.Header) error {
		for _, name := range by.Headers {
			if header.Get(name) == "" {
				return errUnsigned
			}
		}
		return nil
	}
	s.verify = func(header http.Header, body []byte) error {
		err := by.Verify(header, body)
		switch {
		case errors.Is(err, signing.ErrStale):
			return errStale
		case err != nil:
			return errUnsigned
		}
		return nil
	}
}

// standard has a source verified as standardwebhooks.com says: by signatures that are good for five minutes.
func (s *source) standard(hook config.Hook) error {
	signer, err := hook.Signer()
	s.verifiedBy(signing.Verifier{
		Headers: []string{
			standardwebhooks.HeaderWebhookID,
			standardwebhooks.HeaderWebhookTimestamp,
			standardwebhooks.HeaderWebhookSignature,
		},
		Verify: signer.Verify,
	})
	return err
}

// bearer knows deliveries by the secret itself. Digests are compared, so that the time that it takes tells nothing.
func bearer(secrets []config.Secret) verifier {
	digests := make([][sha256.Size]byte, len(secrets))
	for i, secret := range secrets {
		digests[i] = sha256.Sum256([]byte(secret.Reveal()))
	}
	return func(header http.Header, _ []byte) error {
		scheme, token, _ := strings.Cut(header.Get("Authorization"), " ")
		presented, good := sha256.Sum256([]byte(token)), 0
		for _, digest := range digests {
			good |= subtle.ConstantTimeCompare(presented[:], digest[:])
		}
		if good == 0 || !strings.EqualFold(scheme, "Bearer") {
			return errUnsigned
		}
		return nil
	}
}
