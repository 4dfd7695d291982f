package ssh

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

const (
	longestPublicKey = 16 << 10 // in bytes
	longestReference = 64
	fewestBits       = 2048 // of RSA
	// early is how long before it was issued a certificate is good already, for hosts whose clocks are late.
	early = time.Minute
)

var keyTypes = []string{
	ssh.KeyAlgoED25519,
	ssh.KeyAlgoSKED25519,
	ssh.KeyAlgoECDSA256,
	ssh.KeyAlgoECDSA384,
	ssh.KeyAlgoECDSA521,
	ssh.KeyAlgoSKECDSA256,
	ssh.KeyAlgoRSA,
}

// Issue implements target.CertificateIssuer. Entitlement and end are those of the last grant, whatever the call says.
func (c *connector) Issue(ctx context.Context, access target.Access, publicKey []byte) ([]byte, error) {
	if err := checkKey(access.Key); err != nil {
		return nil, err
	}
	if err := c.checkAccount(access.Account); err != nil {
		return nil, err
	}
	key, err := readPublicKey(publicKey)
	if err != nil {
		return nil, err
	}
	var signed *ssh.Certificate
	err = c.store.with(ctx, func(r *record, now time.Time) error {
		found, err := r.issuable(access, now)
		if err != nil {
			return err
		}
		if signed, err = c.sign(key, found, now); err != nil {
			return err
		}
		found.Certificates = append(
			found.Certificates,
			certificate{Serial: signed.Serial, Until: wholeSecond(found.Until)},
		)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ssh.MarshalAuthorizedKey(signed), nil
}

func (c *connector) sign(key ssh.PublicKey, found *opening, now time.Time) (*ssh.Certificate, error) {
	var wanted canonical
	if err := json.Unmarshal(found.Entitlement, &wanted); err != nil {
		return nil, fmt.Errorf("read the entitlement in the state: %w", err)
	}
	signed := &ssh.Certificate{
		Key: key, CertType: ssh.UserCert, Serial: newSerial(), KeyId: keyID(found),
		ValidPrincipals: expand(wanted.Principals, found.Account),
		ValidAfter:      uint64(now.Add(-early).Unix()),          //nolint:gosec // both are after 1970
		ValidBefore:     uint64(wholeSecond(found.Until).Unix()), //nolint:gosec // as above
		Permissions:     ssh.Permissions{CriticalOptions: map[string]string{}, Extensions: map[string]string{}},
	}
	if wanted.ForceCommand != "" {
		signed.CriticalOptions["force-command"] = wanted.ForceCommand
	}
	if len(wanted.SourceAddresses) > 0 {
		signed.CriticalOptions["source-address"] = strings.Join(wanted.SourceAddresses, ",")
	}
	for _, extension := range wanted.Extensions {
		signed.Extensions[extension] = ""
	}
	if err := signed.SignCert(rand.Reader, c.authority); err != nil {
		return nil, fmt.Errorf("sign the certificate: %w", err)
	}
	return signed, nil
}

// newSerial is a number that nobody guesses or meets twice. A list of revoked certificates can't name the number zero.
func newSerial() uint64 {
	var random [8]byte
	rand.Read(random[:])
	return max(binary.BigEndian.Uint64(random[:]), 1)
}

// wholeSecond is an end as certificates can tell it: not before the access's.
func wholeSecond(end time.Time) time.Time {
	return end.Add(time.Second - 1).Truncate(time.Second)
}

// keyID is what hosts write into their logs when a certificate is used.
func keyID(found *opening) string {
	reference := strings.Map(func(letter rune) rune {
		switch {
		case letter >= 'a' && letter <= 'z',
			letter >= 'A' && letter <= 'Z',
			letter >= '0' && letter <= '9',
			strings.ContainsRune("._:-", letter):
			return letter
		default:
			return '_'
		}
	}, found.Reference)
	return "curfew/" + reference[:min(len(reference), longestReference)] + "/" + found.Account
}

// readPublicKey reads the one line of a public key file.
func readPublicKey(written []byte) (ssh.PublicKey, error) {
	const fix = "send the one line of a file like id_ed25519.pub"
	line := bytes.TrimSpace(written)
	if len(written) > longestPublicKey || bytes.ContainsAny(line, "\r\n") {
		return nil, contract.Invalid("is more than one line of a public key").At("publicKey").Advise(fix)
	}
	key, _, options, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil || len(options) > 0 {
		return nil, contract.Invalid("is no public key").At("publicKey").Advise(fix)
	}
	if fault := weakness(key); fault != "" {
		return nil, contract.Invalid("%s", fault).At("publicKey").Advise("make another with ssh-keygen -t ed25519")
	}
	return key, nil
}

// weakness tells why a key can't be used; it is empty when it can.
func weakness(key ssh.PublicKey) string {
	if !slices.Contains(keyTypes, key.Type()) {
		return fmt.Sprintf("is of the type %.64q, and only Ed25519, ECDSA and RSA keys are taken", key.Type())
	}
	if found, ok := key.(ssh.CryptoPublicKey); ok {
		if public, ok := found.CryptoPublicKey().(*rsa.PublicKey); ok && public.N.BitLen() < fewestBits {
			return fmt.Sprintf("is an RSA key of %d bits, and it takes %d", public.N.BitLen(), fewestBits)
		}
	}
	return ""
}
