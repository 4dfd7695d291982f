package promises

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"curfew/workflows/contract"
)

// withShells adds a target of hosts that trust certificates, and a template for it.
func withShells(h *house) {
	_, ca, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(h.t, err)
	block, err := ssh.MarshalPrivateKey(ca, "")
	require.NoError(h.t, err)
	require.NoError(h.t, os.WriteFile(filepath.Join(h.dir, "ca"), pem.EncodeToMemory(block), 0o600))
	state := filepath.Join(h.dir, "shells")
	require.NoError(h.t, os.Mkdir(state, 0o700))
	h.accounts = "shells: alice"
	h.targets = "  shells: {kind: ssh, caKey: \"file:ca\", state: " + state + ", krl: " + filepath.Join(
		state,
		"revoked.krl",
	) + "}"
	h.templates = `
  shell:
    entitlements: [{target: shells, extensions: [permit-pty]}]
    duration: {default: 1h, max: 8h}
    approval: {count: 1, from: [bob, carol]}
`
}

func newPublicKey(t *testing.T) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	key, err := ssh.NewPublicKey(public)
	require.NoError(t, err)
	return string(ssh.MarshalAuthorizedKey(key))
}

func TestACertificateIsHandedOnlyToTheSubjectOfActiveAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withShells)
	h.work()
	waiting := h.ask(alice, "shell", time.Hour)
	requireKind(t, contract.KindConflict, h.certify(alice, waiting.ID, newPublicKey(t)))
	h.approve(bob, waiting.ID)
	status := h.await(waiting.ID, contract.StateActive)

	requireKind(t, contract.KindForbidden, h.certify(bob, status.ID, newPublicKey(t)))
	requireKind(t, contract.KindNotFound, h.certify(dave, status.ID, newPublicKey(t)))
	requireKind(t, contract.KindInvalid, h.certify(alice, status.ID, "ssh-dss AAAA"))
	requireKind(t, contract.KindInvalid, h.certify(alice, status.ID, ""))

	issued, err := h.starter.Current().Certify(t.Context(), alice, status.ID, "", newPublicKey(t))
	require.NoError(t, err)
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(issued.Certificate))
	require.NoError(t, err)
	certificate, ok := key.(*ssh.Certificate)
	require.True(t, ok)
	require.Equal(t, []string{"alice"}, certificate.ValidPrincipals)
	require.WithinDuration(t, *status.Until, time.Unix(int64(certificate.ValidBefore), 0), time.Second)
	h.tells(status.ID, "A certificate was handed to Alice (alice)")

	_, err = h.starter.Current().Revoke(t.Context(), alice, status.ID, "done")
	require.NoError(t, err)
	requireKind(t, contract.KindConflict, h.certify(alice, status.ID, newPublicKey(t)))
}

func (h *house) certify(person, id, publicKey string) error {
	_, err := h.starter.Current().Certify(h.t.Context(), person, id, "", publicKey)
	return err
}

func requireKind(t *testing.T, kind contract.Kind, err error) {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
}
