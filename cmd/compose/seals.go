package compose

import (
	"io"
	"os"
	"time"

	"go.uber.org/zap"

	"curfew/internal/config"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// verifier knows the seals of the configured keys; nil when nothing is sealed, which the log says.
func (h *House) verifier() (*seal.Verifier, error) {
	if h.config.Seals.Keys == "" {
		h.log.Warn("nothing is sealed: whoever can write to the Temporal namespace can ask and approve in anybody's name",
			zap.String("fix", "make keys with `curfew keys new` and name them in seals"))
		return nil, nil
	}
	keys, err := seal.ReadKeys(h.config.Seals.Keys)
	if err != nil {
		return nil, err
	}
	return seal.NewVerifier(keys, time.Now)
}

// signer reads the server's private key, and tries that its seals are good.
func signer(settings config.Seals, verifier *seal.Verifier) (*seal.Signer, error) {
	if verifier == nil {
		return nil, nil
	}
	text, err := readKey(settings.Key)
	if err != nil {
		return nil, contract.Problemf(contract.KindInvalid, "seals.key", "name the file that `curfew keys new --role server` wrote", "%v", err)
	}
	s, err := seal.ParseSigner(text)
	if err != nil {
		return nil, err
	}
	trial := contract.CertificateAsk{Request: "trial", Person: "trial"}
	sealed, err := seal.Of(s, seal.OfCertificate(trial), time.Now(), trial)
	if err == nil {
		_, err = verifier.Verify(seal.OfCertificate(trial), trial, sealed.Seal)
	}
	if err != nil {
		return nil, contract.Problemf(contract.KindInvalid, "seals.keys", "add the public half of the key in seals.key with the role server",
			"nobody would believe what the server seals: %v", err)
	}
	return s, nil
}

// maxKey is far more than a private key takes, in bytes.
const maxKey = 64 << 10

func readKey(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read from
	text, err := io.ReadAll(io.LimitReader(file, maxKey))
	return string(text), err
}
