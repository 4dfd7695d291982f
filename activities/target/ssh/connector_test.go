package ssh_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	gossh "golang.org/x/crypto/ssh"

	"curfew/activities/target"
	"curfew/activities/target/targettest"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

func TestConnectorKeepsThePromisesOfThePort(t *testing.T) {
	t.Parallel()
	targettest.Run(t, func(t *testing.T) targettest.Fixture { return newWorld(t).fixture(t) })
}

func TestRevokeTakesBackEveryCertificateOfTheAccessAndNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	worker, account := w.connector(t), w.known(t)
	mine, others := accessOf(
		account,
		usual,
		inAnHour(),
	), accessOf(
		account,
		`{"extensions":[],"principals":["{account}"]}`,
		inAnHour(),
	)
	var issued [][]byte
	for range 3 {
		issued = append(issued, w.give(t, worker, mine))
	}
	kept := w.give(t, worker, others)

	_, err := worker.Revoke(t.Context(), mine)
	require.NoError(t, err)
	for _, line := range issued {
		require.False(t, w.sshd.letsIn(t, w.subject, line))
	}
	require.True(t, w.sshd.letsIn(t, w.subject, kept))
	require.Len(t, w.revoked(t), 3)

	again := w.give(t, worker, mine)
	require.True(t, w.sshd.letsIn(t, w.subject, again))
	require.False(t, w.sshd.letsIn(t, w.subject, issued[0]), "a new grant brought a revoked certificate back")
}

func TestHostEndsAccessByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.known(t)
	line := w.give(t, w.connector(t), accessOf(account, usual, time.Now().Add(pace.Lasts(2*time.Second))))
	require.True(t, w.sshd.letsIn(t, w.subject, line))
	require.Eventually(
		t,
		func() bool { return !w.sshd.letsIn(t, w.subject, line) },
		pace.Patience(),
		50*time.Millisecond,
	)
	require.Empty(t, w.revoked(t))
	require.Contains(t, w.sshd.said(), "Certificate invalid: expired")
}

func TestOpenConnectionOutlivesTheRevoke(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	worker, account := w.connector(t), w.known(t)
	access := accessOf(account, usual, inAnHour())
	line := w.give(t, worker, access)
	client, err := w.sshd.dial(t, w.subject, line)
	require.NoError(t, err)
	_, err = worker.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.False(t, w.sshd.letsIn(t, w.subject, line))
	session, err := client.NewSession()
	require.NoError(t, err, "docs/targets/ssh.md says that it stays open")
	require.NoError(t, session.Run("true"))
}

func TestHostWritesTheReferenceAndTheAccountIntoItsLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.known(t)
	line := w.give(t, w.connector(t), accessOf(account, usual, inAnHour()))
	require.True(t, w.sshd.letsIn(t, w.subject, line))
	said := fmt.Sprintf("ID curfew/OPS-7/%s (serial %d)", account, parse(t, line).Serial)
	require.Eventually(
		t,
		func() bool { return strings.Contains(w.sshd.said(), said) },
		patience,
		10*time.Millisecond,
		said,
	)
}

func TestHostRunsTheForcedCommandAndKeepsToTheSourceAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	worker, account := w.connector(t), w.known(t)
	forced := `{"forceCommand":"echo forced","principals":["{account}"],"sourceAddresses":["127.0.0.0/8"]}`
	client, err := w.sshd.dial(t, w.subject, w.give(t, worker, accessOf(account, forced, inAnHour())))
	require.NoError(t, err)
	session, err := client.NewSession()
	require.NoError(t, err)
	out, err := session.Output("echo asked")
	require.NoError(t, err)
	require.Equal(t, "forced\n", string(out))

	elsewhere := `{"principals":["{account}"],"sourceAddresses":["192.0.2.7"]}`
	require.False(t, w.sshd.letsIn(t, w.subject, w.give(t, worker, accessOf(account, elsewhere, inAnHour()))))
	other := `{"principals":["deploy"]}`
	require.False(t, w.sshd.letsIn(t, w.subject, w.give(t, worker, accessOf(account, other, inAnHour()))))
}

// A second lock that is later than the end is told, not hidden: the access is held until the certificate has run out.
func TestAnEarlierEndLeavesCertificatesAtHandAndIsToldSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		worker, account := a.connector(t), a.account()
		late := time.Now().Add(3 * time.Hour).UTC()
		a.give(t, worker, accessOf(account, usual, late))
		_, err := worker.Grant(t.Context(), accessOf(account, usual, time.Now().Add(time.Hour)))
		require.NoError(t, err)
		requireState(t, late, inspect(t, worker, account))

		time.Sleep(2 * time.Hour) //nolint:forbidigo // the clock of the bubble
		require.True(t, inspect(t, worker, account).Held)
		_, err = a.issue(t, worker, accessOf(account, usual, late))
		requireProblem(t, err, contract.KindConflict)
		revoked, err := worker.Revoke(t.Context(), accessOf(account, usual, late))
		require.NoError(t, err)
		require.Equal(t, target.AccessRevoked, revoked)
		requireState(t, time.Time{}, inspect(t, worker, account))
		require.Len(t, a.revoked(t), 1)
	})
}

func TestAccessThatRanOutIsNotHeldOrListedOrIssuedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		worker, account := a.connector(t), a.account()
		access := accessOf(account, usual, inAnHour())
		a.give(t, worker, access)
		require.True(t, inspect(t, worker, account).Held)

		time.Sleep(time.Until(access.Until)) //nolint:forbidigo // the clock of the bubble
		requireState(t, time.Time{}, inspect(t, worker, account))
		marked, err := worker.(target.Lister).List(t.Context())
		require.NoError(t, err)
		require.Empty(t, marked)
		_, err = a.issue(t, worker, access)
		requireProblem(t, err, contract.KindConflict)
		_, err = worker.Grant(t.Context(), access)
		requireProblem(t, err, contract.KindOverdue)
	})
}

func TestRevokedCertificatesAreForgottenADayAfterTheirEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		worker, access := a.connector(t), accessOf(a.account(), usual, inAnHour())
		serial := fmt.Sprint(parse(t, a.give(t, worker, access)).Serial)
		_, err := worker.Revoke(t.Context(), access)
		require.NoError(t, err)
		for _, later := range []struct {
			after   time.Duration
			revoked []string
		}{{25 * time.Hour, []string{serial}}, {time.Second, nil}} {
			time.Sleep(later.after) //nolint:forbidigo // the clock of the bubble
			_, err = worker.Revoke(t.Context(), access)
			require.NoError(t, err)
			require.Equal(t, later.revoked, a.revoked(t))
		}
		require.Empty(t, a.recorded(t).Openings)
	})
}

func TestWhatTheDirectoryNoLongerAllowsCanStillBeTakenAway(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	access := accessOf(a.account(), usual, inAnHour())
	a.give(t, a.connector(t), access)
	a.settings.AccountPattern = "nobody"
	stricter := a.connector(t)
	_, err := a.issue(t, stricter, access)
	requireProblem(t, err, contract.KindDenied)
	revoked, err := stricter.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AccessRevoked, revoked)
}

func TestAccountThatIsNoPrincipalIsDenied(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.settings.AccountPattern = `(?s).*`
	worker := a.connector(t)
	for _, account := range []string{"", "a b", "a,b", "#a", "-a", "a\nb", `"a"`, "*", "Zoë", strings.Repeat("a", 129)} {
		_, err := worker.Grant(t.Context(), accessOf(account, usual, inAnHour()))
		require.Equal(t, "account", requireProblem(t, err, contract.KindDenied).Field, account)
	}
	_, err := os.Stat(a.file())
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestOrdinaryLoginNamesAreAllThatIsAllowedByDefault(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.settings.AccountPattern = ""
	worker := a.connector(t)
	for account, allowed := range map[string]bool{
		"ada": true, "_x-1": true, strings.Repeat("a", 32): true,
		strings.Repeat("a", 33): false, "Ada": false, "1a": false, "ada@example.com": false,
	} {
		_, err := worker.Grant(t.Context(), accessOf(account, usual, inAnHour()))
		require.Equal(t, allowed, err == nil, account)
	}
}

func TestKeyThatIsNoDigestIsRefused(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	worker := a.connector(t)
	for _, key := range []string{"", "../accesses", strings.Repeat("g", 32), strings.Repeat("a", 33)} {
		access := accessOf(a.account(), usual, inAnHour())
		access.Key = key
		for name, call := range map[string]func(context.Context) error{
			"Grant":   func(ctx context.Context) error { _, err := worker.Grant(ctx, access); return err },
			"Revoke":  func(ctx context.Context) error { _, err := worker.Revoke(ctx, access); return err },
			"Inspect": func(ctx context.Context) error { _, err := worker.Inspect(ctx, access); return err },
			"Issue": func(ctx context.Context) error {
				_, err := worker.(target.CertificateIssuer).Issue(ctx, access, gossh.MarshalAuthorizedKey(a.subject.PublicKey()))
				return err
			},
		} {
			require.Equal(t, "key", requireProblem(t, call(t.Context()), contract.KindInvalid).Field, name)
		}
	}
}

// give grants an access and has a certificate issued for it.
func (a *authority) give(t testing.TB, by target.Connector, access target.Access) []byte {
	t.Helper()
	_, err := by.Grant(t.Context(), access)
	require.NoError(t, err)
	line, err := a.issue(t, by, access)
	require.NoError(t, err)
	return line
}

func inspect(t testing.TB, by target.Connector, account string) target.State {
	t.Helper()
	state, err := by.Inspect(t.Context(), accessOf(account, usual, time.Time{}))
	require.NoError(t, err)
	return state
}

func inAnHour() time.Time { return time.Now().Add(time.Hour).UTC().Truncate(time.Second) }

// What the former record has issued works until it runs out, and the new one knows nothing of it.
func TestP3ANewRecordIsAnotherSystem(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	worker, account := a.connector(t), a.account()
	_, err := worker.Grant(t.Context(), accessOf(account, usual, inAnHour()))
	require.NoError(t, err)
	before := inspect(t, worker, account)
	require.NotEmpty(t, before.Identity.Target)
	require.Equal(t, before.Identity, inspect(t, a.connector(t), account).Identity, "for every worker")

	require.NoError(t, os.Remove(a.file()))
	require.NoError(t, os.Remove(a.settings.KRL))
	after := inspect(t, worker, account)
	require.False(t, after.Held)
	require.NotEqual(t, before.Identity.Target, after.Identity.Target)
}
