package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
)

// Verifier recognizes the deliveries of one source of webhooks.
type Verifier struct {
	// Headers are what a signature is made of. A delivery that lacks one is refused before its body is read.
	Headers []string
	// Verify refuses what the source has not sent. It fails with ErrUnsigned, or with ErrStale.
	Verify func(header http.Header, body []byte) error
}

// CheckHMAC wants one of the signatures to be HMAC-SHA256 of a body under one of the secrets. Every one of a source's
// secrets is good, so that the source can change over from one to the next. It fails with ErrUnsigned.
func CheckHMAC(secrets []string, body []byte, signatures ...[]byte) error {
	good := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		sum := mac.Sum(nil)
		for _, signature := range signatures {
			good = hmac.Equal(sum, signature) || good
		}
	}
	if !good {
		return ErrUnsigned
	}
	return nil
}
