package ldap_test

import (
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/ldap"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

// expiring is a world whose directory lets entries expire, with a connector to it.
func expiring(t *testing.T) (*world, target.Connector) {
	t.Helper()
	return expiringOn(t, shared(t, "Entries", "People by DN", "Entries expire"))
}

func expiringOn(t *testing.T, server *slapd) (*world, target.Connector) {
	t.Helper()
	w := newWorld(t, server)
	settings := w.entrySettings()
	return w, open(t, &settings)
}

// own starts a server for one test alone.
func own(t *testing.T, configuration string) *slapd {
	t.Helper()
	server := start(t, configuration)
	t.Cleanup(server.stop)
	return server
}

func (w *world) entryOf(access target.Access) string {
	return "cn=curfew-" + access.Key + "," + w.under("curfew")
}

func in(after time.Duration) time.Time { return time.Now().Add(after) }

func TestAnEntrySaysWhoUntilWhenAndWhy(t *testing.T) {
	t.Parallel()
	w, connector := expiring(t)
	ada := w.person(t, "ada")
	access := accessOf(w.place(t), ada)
	access.Until, access.Reference = in(time.Hour), "OPS-7\n"+strings.Repeat("é", 100)
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, []string{ada}, w.values(t, w.entryOf(access), "member"))
	require.Equal(t, []string{"OPS-7 " + strings.Repeat("é", 47) + "…"}, w.values(t, w.entryOf(access), "description"))
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.WithinDuration(t, access.Until.Add(time.Minute), state.Until, pace.Lasts(3*time.Second))
}

func TestTheDirectoryItselfEndsTheAccess(t *testing.T) {
	t.Parallel()
	quick := strings.NewReplacer("dds-interval    60", "dds-interval 1", "dds-min-ttl     60", "dds-min-ttl 1")
	server := own(t, quick.Replace(fromPage(t, "Entries", "People by DN", "Entries expire")))
	w, connector := expiringOn(t, server)
	ada := w.person(t, "ada")
	access := accessOf(w.place(t), ada)
	grant(t, connector, access)
	require.True(t, w.can(t, ada))
	// Nobody waits for the minute that an entry lasts longer than its deadline.
	w.refresh(t, w.entryOf(access), 1)
	require.Eventually(t, func() bool { return !w.can(t, ada) }, pace.Patience(), 50*time.Millisecond)
	requireNothing(t, connector, access)
}

func TestARefusedLifeLeavesNoEntryBehind(t *testing.T) {
	t.Parallel()
	w, connector := expiringOn(t, own(t, fromPage(t, "Entries", "People by DN")+"overlay dds\ndds-max-ttl 86400\n"))
	access := accessOf(w.place(t), w.person(t, "ada"))
	before := w.snapshot(t, "")
	access.Until = in(48 * time.Hour)
	_, err := connector.Grant(t.Context(), access)
	require.Contains(t, requireProblem(t, err, contract.KindDenied).Fix, "dds-max-ttl")
	require.Equal(t, before, w.snapshot(t, ""))
	access.Until = in(23 * time.Hour)
	_, err = connector.Grant(t.Context(), access)
	require.NoError(t, err)
}

func TestEndsThatNoEntryCanHaveAreRefused(t *testing.T) {
	t.Parallel()
	w, connector := expiring(t)
	access := accessOf(w.place(t), w.person(t, "ada"))
	for until, kind := range map[time.Time]contract.Kind{
		{}: contract.KindOverdue, in(-time.Second): contract.KindOverdue, in(366 * 24 * time.Hour): contract.KindDenied,
	} {
		access.Until = until
		_, err := connector.Grant(t.Context(), access)
		require.Equal(t, "until", requireProblem(t, err, kind).Field)
	}
	access.Until = in(ldap.EntryKind().Limits.MaxDuration - time.Second)
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
}

func TestAFullDirectorySaysSo(t *testing.T) {
	t.Parallel()
	w, connector := expiringOn(
		t,
		own(t, fromPage(t, "Entries", "People by DN", "Entries expire")+"dds-max-dynamicObjects 1\n"),
	)
	grant(t, connector, accessOf(w.place(t), w.person(t, "ada")))
	access := accessOf(w.place(t), w.person(t, "bob"))
	access.Until = in(time.Hour)
	_, err := connector.Grant(t.Context(), access)
	requireProblem(t, err, contract.KindCapacity, "dynamic entries")
}

func TestAnEntryThatSomebodyChangedIsNotTakenForTheGrant(t *testing.T) {
	t.Parallel()
	w, connector := expiring(t)
	access := accessOf(w.place(t), w.person(t, "ada"))
	grant(t, connector, access)
	w.change(t, w.entryOf(access), func(request *goldap.ModifyRequest) { request.Replace("member", []string{adminDN}) })
	access.Until = in(2 * time.Hour)
	_, err := connector.Grant(t.Context(), access)
	requireProblem(t, err, contract.KindDenied, "another member")
	revoke(t, connector, access)
}

func TestOnlyWhatLiesUnderTheContainerIsNamed(t *testing.T) {
	t.Parallel()
	w, _ := expiring(t)
	settings := w.entrySettings()
	settings.Container = w.under("curfew")
	connector := open(t, &settings)
	ada := w.person(t, "ada")
	for _, outside := range []string{"ou=curfew," + suffix, w.under("groups"), "ou=x" + w.under("curfew"), "cn=a"} {
		access := accessOf(normalized(t, ldap.EntryKind(), "groupsUnder", outside), ada)
		access.Until = in(time.Hour)
		_, err := connector.Grant(t.Context(), access)
		require.Equal(t, "groupsUnder", requireProblem(t, err, contract.KindInvalid).Field)
		_, err = connector.Revoke(t.Context(), access)
		requireProblem(t, err, contract.KindInvalid)
	}
	access := accessOf(normalized(t, ldap.EntryKind(), "groupsUnder", "ou=missing,"+w.under("curfew")), ada)
	access.Until = in(time.Hour)
	_, err := connector.Grant(t.Context(), access)
	require.Equal(t, "groupsUnder", requireProblem(t, err, contract.KindNotFound).Field)
	requireNothing(t, connector, access)

	access = accessOf(w.place(t), ada)
	for _, key := range []string{"", "standing", access.Key + ",cn=x", strings.ToUpper(access.Key)} {
		access.Key = key
		_, err = connector.Inspect(t.Context(), access)
		requireProblem(t, err, contract.KindInternal)
		requireProblem(t, connector.(target.Lister).Remove(t.Context(), target.Marked{Key: key}), contract.KindInternal)
	}
}

func TestEntriesThatCanNotBeSeenAreNotTakenForGone(t *testing.T) {
	t.Parallel()
	w, connector := expiring(t)
	access := accessOf(w.place(t), w.person(t, "ada"))
	grant(t, connector, access)
	settings := w.entrySettings()
	settings.BindDN = "cn=powerless," + suffix
	blind := open(t, &settings)
	_, err := blind.Inspect(t.Context(), access)
	requireProblem(t, err, contract.KindDenied, "may see")
	_, err = blind.Revoke(t.Context(), access)
	requireProblem(t, err, contract.KindDenied)
	_, err = blind.(target.Lister).List(t.Context())
	requireProblem(t, err, contract.KindDenied, "may see")
	requireProblem(t, blind.(target.Checker).Check(t.Context()), contract.KindDenied, "may see")
}

func TestAListThatTheDirectoryCutsShortIsAnError(t *testing.T) {
	t.Parallel()
	unlimited := fromPage(t, "Entries", "People by DN", "Entries expire")
	start := strings.Index(unlimited, "limits ")
	end := start + strings.Index(unlimited[start:], "\n")
	w, connector := expiringOn(t, own(t, unlimited[:start]+unlimited[end:]))
	const more = 6 // than the server shows to anybody
	for range more {
		grant(t, connector, accessOf(w.place(t), w.person(t, w.login(t)+"x")))
	}
	_, err := connector.(target.Lister).List(t.Context())
	requireProblem(t, err, contract.KindDenied, "shows no more than")
}

func TestAListHasOnlyCurfewsEntriesWhereverTheyAre(t *testing.T) {
	t.Parallel()
	w, _ := expiring(t)
	settings := w.entrySettings()
	settings.Container = w.under("curfew")
	connector := open(t, &settings)
	add(t, w.admin, "ou=deeper,"+w.under("curfew"), "organizationalUnit")
	ada := w.person(t, "ada")
	key := strings.Repeat("0", 32)
	for _, name := range []string{"curfew-", "curfew-" + key + "0", "Xcurfew-" + key, "curfew-" + strings.Repeat("x", 32)} {
		add(t, w.admin, "cn="+name+","+w.under("curfew"), "groupOfNames,dynamicObject", "member="+ada)
	}
	add(t, w.admin, "cn=curfew-"+key+","+w.under("curfew"), "groupOfNames", "member="+ada)
	listed, err := connector.(target.Lister).List(t.Context())
	require.NoError(t, err)
	require.Empty(t, listed)

	access := accessOf(normalized(t, ldap.EntryKind(), "groupsUnder", "ou=deeper,"+w.under("curfew")), ada)
	grant(t, connector, access)
	listed, err = connector.(target.Lister).List(t.Context())
	require.NoError(t, err)
	require.Len(t, listed, 1)
	require.Equal(t, access.Key, listed[0].Key)
	require.Equal(t, ada, listed[0].Account)
	require.WithinDuration(t, in(time.Hour+time.Minute), listed[0].Until, pace.Lasts(5*time.Second))

	require.NoError(
		t,
		connector.(target.Lister).Remove(t.Context(), target.Marked{Key: key}),
		"it bears our name and never expires",
	)
	require.NotEmpty(t, w.values(t, "cn=curfew-"+key+","+w.under("curfew"), "member"))
}

func TestACheckTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	w, _ := expiring(t)
	settings := w.entrySettings()
	settings.Container = "ou=missing," + w.under("curfew")
	requireProblem(t, open(t, &settings).(target.Checker).Check(t.Context()), contract.KindDenied, "ou=missing")

	w, connector := expiringOn(t, own(t, fromPage(t, "Entries", "People by DN")))
	requireProblem(t, connector.(target.Checker).Check(t.Context()), contract.KindDenied, "overlay dds")
	access := accessOf(w.place(t), w.person(t, "ada"))
	access.Until = in(time.Hour)
	before := w.snapshot(t, "")
	_, err := connector.Grant(t.Context(), access)
	requireProblem(t, err, contract.KindDenied, "overlay dds")
	require.Equal(t, before, w.snapshot(t, ""))
}
