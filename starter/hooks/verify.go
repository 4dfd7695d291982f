package hooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/slack-go/slack"

	"curfew/internal/config"
	"curfew/internal/signing"
	"curfew/workflows/contract"
)

// verifier refuses what a source has not sent. Every one of a source's secrets is good, so that it can be changed.
type verifier func(header http.Header, body []byte) error

// mostSignatures is how many signatures of one delivery are looked at.
const mostSignatures = 16

// What senders are told. Which of the secrets did not fit is nobody's business.
var (
	errUnsigned = contract.Forbidden("nobody vouches for this delivery").Advise("sign it with a secret of this source")
	errStale    = contract.Forbidden("the signature is of another time").
			Advise("set the clocks right, and sign it anew")
)

// signedIn wants the headers that a signature is made of.
func signedIn(names ...string) func(http.Header) error {
	return func(header http.Header) error {
		for _, name := range names {
			if header.Get(name) == "" {
				return errUnsigned
			}
		}
		return nil
	}
}

// pagerDuty knows deliveries by a list of signatures, one for each secret that is in use there.
func pagerDuty(secrets []config.Secret) verifier {
	return func(header http.Header, body []byte) error {
		var signatures [][]byte
		for one := range strings.SplitSeq(strings.Join(header.Values("X-PagerDuty-Signature"), ","), ",") {
			text, versioned := strings.CutPrefix(strings.TrimSpace(one), "v1=")
			if signature, err := hex.DecodeString(text); versioned && err == nil && len(signatures) < mostSignatures {
				signatures = append(signatures, signature)
			}
		}
		return signed(secrets, body, signatures...)
	}
}

// jira knows deliveries by one signature.
func jira(secrets []config.Secret) verifier {
	return func(header http.Header, body []byte) error {
		text, named := strings.CutPrefix(header.Get("X-Hub-Signature"), "sha256=")
		signature, err := hex.DecodeString(text)
		if !named || err != nil {
			return errUnsigned
		}
		return signed(secrets, body, signature)
	}
}

// signed wants one of the signatures to be HMAC-SHA256 of the body under one of the secrets.
func signed(secrets []config.Secret, body []byte, signatures ...[]byte) error {
	good := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret.Reveal()))
		mac.Write(body)
		sum := mac.Sum(nil)
		for _, signature := range signatures {
			good = hmac.Equal(sum, signature) || good
		}
	}
	if !good {
		return errUnsigned
	}
	return nil
}

// slackApp knows deliveries by a signature that is good for five minutes.
func slackApp(secrets []config.Secret) verifier {
	return func(header http.Header, body []byte) error {
		refusal := errUnsigned
		for _, secret := range secrets {
			switch err := signedBySlack(secret, header, body); {
			case err == nil:
				return nil
			case errors.Is(err, slack.ErrExpiredTimestamp):
				refusal = errStale
			}
		}
		return refusal
	}
}

func signedBySlack(secret config.Secret, header http.Header, body []byte) error {
	verifier, err := slack.NewSecretsVerifier(header, secret.Reveal())
	if err != nil {
		return err
	}
	_, _ = verifier.Write(body) // a hash takes everything
	return verifier.Ensure()
}

// standard knows deliveries as standardwebhooks.com says: by signatures that are good for five minutes.
func standard(hook config.Hook) (verifier, error) {
	signer, err := hook.Signer()
	return func(header http.Header, body []byte) error {
		err := signer.Verify(header, body)
		switch {
		case errors.Is(err, signing.ErrStale):
			return errStale
		case err != nil:
			return errUnsigned
		}
		return nil
	}, err
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
