package ssh_test

import (
	"crypto/dsa" //nolint:staticcheck // to see that such keys are refused
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	gossh "golang.org/x/crypto/ssh"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

func TestCertificateSaysWhatTheEntitlementAllowsAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		entitlement := `{"extensions":["permit-pty","permit-port-forwarding"],"forceCommand":"/usr/bin/deploy now",` +
			`"principals":["deploy","{account}-ops"],"sourceAddresses":["192.0.2.9/24","2001:db8::1"]}`
		until := time.Now().Add(time.Hour + time.Millisecond)
		access := accessOf(a.account(), entitlement, until)
		signed := parse(t, a.give(t, a.connector(t), access))

		require.Equal(t, a.subject.PublicKey().Marshal(), signed.Key.Marshal())
		require.Equal(t, a.public.Marshal(), signed.SignatureKey.Marshal())
		require.EqualValues(t, gossh.UserCert, signed.CertType)
		require.NotZero(t, signed.Serial)
		require.Equal(t, "curfew/OPS-7/"+access.Account, signed.KeyId)
		require.Equal(t, []string{"deploy", access.Account + "-ops"}, signed.ValidPrincipals)
		require.Equal(t, map[string]string{"permit-pty": "", "permit-port-forwarding": ""}, signed.Extensions)
		require.Equal(t, map[string]string{
			"force-command": "/usr/bin/deploy now", "source-address": "192.0.2.0/24,2001:db8::1/128",
		}, signed.CriticalOptions)
		require.EqualValues(t, time.Now().Add(-time.Minute).Unix(), signed.ValidAfter)
		require.EqualValues(t, until.Unix()+1, signed.ValidBefore, "the second that the end falls into counts")
	})
}

func TestCertificateIsForWhatWasGrantedWhateverTheCallSays(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	worker, access := a.connector(t), accessOf(a.account(), usual, inAnHour())
	_, err := worker.Grant(t.Context(), access)
	require.NoError(t, err)
	access.Until, access.Entitlement, access.Reference = access.Until.Add(
		time.Hour,
	), []byte(
		`{"principals":["root"]}`,
	), "other"
	line, err := a.issue(t, worker, access)
	require.NoError(t, err)
	signed := parse(t, line)
	require.Equal(t, []string{access.Account}, signed.ValidPrincipals)
	require.EqualValues(t, access.Until.Add(-time.Hour).Unix(), signed.ValidBefore)

	access.Account = a.account()
	_, err = a.issue(t, worker, access)
	requireProblem(t, err, contract.KindConflict)
}

func TestReferenceCanNotPutOnATellTaleLogLine(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for reference, want := range map[string]string{
		"":                        "",
		"INC:42_b.c-d":            "INC:42_b.c-d",
		"x (serial 1)\nAccepted ": "x__serial_1__Accepted_",
		"a/b":                     "a_b",
		strings.Repeat("é", 100):  strings.Repeat("_", 64),
	} {
		access := accessOf(a.account(), usual, inAnHour())
		access.Reference = reference
		require.Equal(t, "curfew/"+want+"/"+access.Account, parse(t, a.give(t, a.connector(t), access)).KeyId)
	}
}

func TestNothingIsIssuedBeforeTheGrantOrAfterTheRevoke(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	worker, access := a.connector(t), accessOf(a.account(), usual, inAnHour())
	_, err := a.issue(t, worker, access)
	requireProblem(t, err, contract.KindConflict)
	a.give(t, worker, access)
	_, err = worker.Revoke(t.Context(), access)
	require.NoError(t, err)
	_, err = a.issue(t, worker, access)
	requireProblem(t, err, contract.KindConflict)
}

func TestOverlappingWorkersRecordEveryCertificateOnce(t *testing.T) {
	t.Parallel()
	const workers, each = 4, 5
	a := newAuthority(t)
	access := accessOf(a.account(), usual, inAnHour())
	_, err := a.connector(t).Grant(t.Context(), access)
	require.NoError(t, err)
	var group sync.WaitGroup
	failed := make(chan error, workers*each)
	for range workers {
		worker := a.connector(t)
		group.Go(func() {
			for range each {
				_, err := a.issue(t, worker, access)
				failed <- err
			}
		})
	}
	group.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	serials := map[uint64]bool{}
	for _, issued := range a.recorded(t).Openings[access.Key].Certificates {
		serials[issued.Serial] = true
	}
	require.Len(t, serials, workers*each)
}

func TestCertificatesOfOneAccessAreBounded(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	worker, access := a.connector(t), accessOf(a.account(), usual, inAnHour())
	for range 100 {
		a.give(t, worker, access)
	}
	_, err := a.issue(t, worker, access)
	requireProblem(t, err, contract.KindCapacity)
	_, err = worker.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Len(t, a.revoked(t), 100)
}

func TestKeysThatHoldAreSignedAndOthersRefused(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	worker, access := a.connector(t), accessOf(a.account(), usual, inAnHour())
	certificate := string(a.give(t, worker, access))
	ed25519 := string(gossh.MarshalAuthorizedKey(a.subject.PublicKey()))
	for name, test := range map[string]struct {
		line, says string
	}{
		"Ed25519":             {ed25519, ""},
		"with a comment":      {strings.TrimSpace(ed25519) + " ada@laptop\r\n", ""},
		"ECDSA":               {ecdsaLine(t), ""},
		"RSA of 2048 bits":    {rsaLine(t, 2048), ""},
		"RSA of 1024 bits":    {rsaLine(t, 1024), "1024 bits"},
		"a huge RSA key":      {rsaLine(t, 16<<10+8), "no public key"},
		"DSA":                 {dsaLine(t), "ssh-dss"},
		"a security key":      {securityKeyLine(), ""},
		"a certificate":       {certificate, "cert-v01"},
		"two keys":            {ed25519 + ed25519, "one line"},
		"options":             {`command="id" ` + ed25519, "no public key"},
		"a private key":       {"-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n", "one line"},
		"one word":            {"ssh-ed25519", "no public key"},
		"a type that lies":    {strings.Replace(ed25519, "ssh-ed25519", "ssh-rsa", 1), "no public key"},
		"nothing":             {"", "no public key"},
		"more than is needed": {strings.TrimSpace(ed25519) + strings.Repeat(" ", 16<<10), "one line"},
	} {
		line, err := worker.(target.CertificateIssuer).Issue(t.Context(), access, []byte(test.line))
		if test.says == "" {
			require.NoError(t, err, name)
			require.NotEmpty(t, parse(t, line).Signature.Blob, name)
			continue
		}
		problem := requireProblem(t, err, contract.KindInvalid)
		require.Equal(t, "publicKey", problem.Field, name)
		require.Contains(t, problem.Fault, test.says, name)
		require.NotContains(t, problem.Error(), "canary", name)
	}
}

func lineOf(t *testing.T, public any) string {
	t.Helper()
	key, err := gossh.NewPublicKey(public)
	require.NoError(t, err)
	return string(gossh.MarshalAuthorizedKey(key))
}

func ecdsaLine(t *testing.T) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	return lineOf(t, &private.PublicKey)
}

// rsaLine is a key that nobody has the private half of.
func rsaLine(t *testing.T, bits int) string {
	t.Helper()
	modulus := new(big.Int).SetBit(big.NewInt(1), bits-1, 1)
	return lineOf(t, &rsa.PublicKey{N: modulus, E: 65537})
}

func dsaLine(t *testing.T) string {
	t.Helper()
	private := &dsa.PrivateKey{}
	require.NoError(t, dsa.GenerateParameters(&private.Parameters, rand.Reader, dsa.L1024N160))
	require.NoError(t, dsa.GenerateKey(private, rand.Reader))
	return lineOf(t, &private.PublicKey)
}

func securityKeyLine() string {
	blob := gossh.Marshal(struct {
		Type, Key, Application string
	}{gossh.KeyAlgoSKED25519, strings.Repeat("k", 32), "ssh:"})
	return fmt.Sprintf("%s %s\n", gossh.KeyAlgoSKED25519, base64.StdEncoding.EncodeToString(blob))
}
