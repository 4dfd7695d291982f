package ldap_test

import (
	"slices"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/ldap"
	"curfew/activities/target/targettest"
	"curfew/internal/config"
)

// odd are logins with all that a directory allows.
var (
	odd     = []string{`o'brien`, `"quoted", <and> more`, ` led by a space`, `#7 + \ ; =`, `a*b(c)`, `%s $1 {}`, `*`}
	oddText = append([]string{`Zoë Müller`, `日本`, `ΑΣ`, `UPPER Case`}, odd...)
)

func TestMembersByDNKeepThePromisesOfThePort(t *testing.T) {
	t.Parallel()
	for _, attribute := range []string{"member", "uniqueMember"} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			targettest.Run(t, func(t *testing.T) targettest.Fixture {
				w := newWorld(t, sharedWith(t, follow, "Identity", "Groups", "People by DN"))
				return w.groupFixture(t, attribute, ldap.People{}, oddText)
			})
		})
	}
}

func TestMembersByLoginKeepThePromisesOfThePort(t *testing.T) {
	t.Parallel()
	t.Run("memberUid", func(t *testing.T) {
		t.Parallel()
		targettest.Run(t, func(t *testing.T) targettest.Fixture {
			w := newWorld(t, sharedWith(t, follow, "Identity", "Groups", "People by login"))
			return w.groupFixture(t, "memberUid", w.people(), odd)
		})
	})
	t.Run("member", func(t *testing.T) {
		t.Parallel()
		targettest.Run(t, func(t *testing.T) targettest.Fixture {
			w := newWorld(t, sharedWith(t, follow, "Identity", "Groups", "People by login"))
			return w.groupFixture(t, "member", w.people(), oddText)
		})
	})
}

func TestEntriesKeepThePromisesOfThePort(t *testing.T) {
	t.Parallel()
	targettest.Run(t, func(t *testing.T) targettest.Fixture {
		return newWorld(
			t,
			shared(t, "Entries", "Identity", "People by DN", "Entries expire"),
		).entryFixture(t, ldap.People{})
	})
}

func TestEntriesByLoginKeepThePromisesOfThePort(t *testing.T) {
	t.Parallel()
	targettest.Run(t, func(t *testing.T) targettest.Fixture {
		w := newWorld(t, shared(t, "Entries", "Identity", "People by login", "Entries expire"))
		return w.entryFixture(t, w.people())
	})
}

// fixture is what both kinds have in common; dn is the entry of an account.
func (w *world) fixture(people ldap.People, odd []string) (f targettest.Fixture, dn func(account string) string) {
	accountOf := func(login string) string { return "uid=" + goldap.EscapeDN(login) + "," + w.under("people") }
	dn = func(account string) string { return account }
	if people != (ldap.People{}) {
		accountOf, dn = dn, accountOf
	}
	return targettest.Fixture{
		Accounts: func(t *testing.T) string { return accountOf(w.login(t)) },
		OddAccounts: func(t *testing.T) []string {
			var accounts []string
			for _, login := range odd {
				w.person(t, login)
				accounts = append(accounts, accountOf(login))
			}
			return accounts
		},
		UnknownAccount: accountOf("unheard-of"),
		Can:            func(t *testing.T, account string) bool { return w.can(t, dn(account)) },
		Secrets:        []string{brokerPassword, "wrong-canary"},
	}, dn
}

func (w *world) groupFixture(t *testing.T, attribute string, people ldap.People, odd []string) targettest.Fixture {
	t.Helper()
	line := newUnreliableLine(t, w.server.address())
	f, dn := w.fixture(people, odd)
	value := dn
	if attribute == "memberUid" {
		value = func(account string) string { return account }
	}
	opened := func(change func(*ldap.Settings)) target.Connector {
		settings := w.settings()
		settings.People, settings.MemberAttribute = people, attribute
		change(&settings)
		return open(t, &settings)
	}
	f.Entitlement, f.Limits = w.membership(t, attribute), ldap.Kind().Limits
	f.Snapshot = func(t *testing.T, except string) string { return w.snapshot(t, value(except)) }
	f.GiveStanding = func(t *testing.T, account string) {
		w.change(
			t,
			w.group(attribute),
			func(request *goldap.ModifyRequest) { request.Add(attribute, []string{value(account)}) },
		)
	}
	f.LoseReply = func(*testing.T) { line.loseReply() }
	f.Gateway = func(*testing.T) { line.gateway() }
	f.Lie = func(*testing.T) func() { return line.lie() }
	f.Blind = func(*testing.T) { line.blind.Store(true) }
	if attribute != "memberUid" { // a group keeps the former uid, which is nobody's then
		f.Rename = func(t *testing.T, account string) string { return w.rename(t, attribute, account, dn) }
	}
	f.Connector = opened(func(s *ldap.Settings) { s.URL = line.url() })
	f.WrongCredentials = opened(func(s *ldap.Settings) { s.Password = config.SecretOf("wrong-canary") })
	f.Down = opened(func(s *ldap.Settings) { s.URL = "ldap://" + closedAddress(t) })
	f.Slow = opened(func(s *ldap.Settings) { s.URL = "ldap://" + targettest.Silent(t) })
	return f
}

func (w *world) entryFixture(t *testing.T, people ldap.People) targettest.Fixture {
	t.Helper()
	line := newUnreliableLine(t, w.server.address())
	f, dn := w.fixture(people, oddText)
	opened := func(change func(*ldap.EntrySettings)) target.Connector {
		settings := w.entrySettings()
		settings.People, settings.Container = people, w.under("curfew")
		change(&settings)
		return open(t, &settings)
	}
	f.Entitlement, f.Limits = w.place(t), ldap.EntryKind().Limits
	f.Snapshot = func(t *testing.T, except string) string { return w.snapshot(t, dn(except)) }
	f.GiveStanding = func(t *testing.T, account string) {
		add(t, w.admin, "cn=also by hand,"+w.under("curfew"), "groupOfNames", "member="+dn(account))
	}
	f.LoseReply = func(*testing.T) { line.loseReply() }
	f.Gateway = func(*testing.T) { line.gateway() }
	f.Lie = func(*testing.T) func() { return line.lie() }
	f.Connector = opened(func(s *ldap.EntrySettings) { s.URL = line.url() })
	f.WrongCredentials = opened(func(s *ldap.EntrySettings) { s.Password = config.SecretOf("wrong-canary") })
	f.Down = opened(func(s *ldap.EntrySettings) { s.URL = "ldap://" + closedAddress(t) })
	f.Slow = opened(func(s *ldap.EntrySettings) { s.URL = "ldap://" + targettest.Silent(t) })
	return f
}

// rename moves a person to another name and another place, and returns the account that they have then. The group keeps
// up.
func (w *world) rename(t *testing.T, attribute, account string, dn func(string) string) string {
	t.Helper()
	former, login := dn(account), "renamed-"+w.login(t)
	require.NoError(t, w.admin.ModifyDN(goldap.NewModifyDNRequest(former, "uid="+login, true, "")))
	now := "uid=" + login + "," + w.under("people")
	for !slices.ContainsFunc(w.values(t, w.group(attribute), attribute), func(value string) bool { return sameName(value, now) }) {
		require.NoError(t, t.Context().Err(), "the group has not followed")
	}
	if former == account {
		return now
	}
	return login
}
