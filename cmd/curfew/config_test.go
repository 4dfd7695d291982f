package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/scim"
)

const unreachable = `
people:
  alice: {name: Alice}
  bob: {name: Bob}
targets:
  orders-db: {kind: postgres, dsn: "file:dsn"}
  lightrun-prod: {kind: lightrun, url: "http://127.0.0.1:1", token: "file:dsn"}
notify:
  chat: {slack: {token: "file:dsn", channel: C012ABCDEF, url: "http://127.0.0.1:1/"}}
templates:
  orders:
    entitlements: [{target: orders-db, role: reporting}]
    duration: {default: 1h, max: 8h}
    ticket: none
    approval: {count: 1, from: [bob]}
`

func TestConfigCheckNamesTheTargetsAndChannelsThatCanNotBeUsed(t *testing.T) {
	t.Parallel()
	s := open(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "curfew.yaml")
	require.NoError(t, os.WriteFile(file, []byte(unreachable), 0o600))
	require.NoError(
		t,
		os.WriteFile(filepath.Join(folder, "dsn"), []byte("postgres://curfew:a-secret@127.0.0.1:1/orders"), 0o600),
	)

	online := s.run(t, "", "config", "check", "--config", file)
	require.Equal(t, 3, online.code)
	require.Regexp(t, "(?m)^lightrun-prod +lightrun +can't be used", online.out)
	require.Regexp(t, "(?m)^orders-db +postgres +can't be used", online.out)
	require.Regexp(t, "(?m)^chat +slack +can't be used", online.out)
	require.NotContains(t, online.out+online.errors, "a-secret")
	document := s.run(t, "", "config", "check", "--config", file, "-o", "json")
	require.Equal(t, 3, document.code)
	var targets []struct{ Target, Fault string }
	require.NoError(t, json.Unmarshal([]byte(field(t, document.out, "targets")), &targets))
	require.Len(t, targets, 2)
	var channels []struct{ Channel, Fault string }
	require.NoError(t, json.Unmarshal([]byte(field(t, document.out, "channels")), &channels))
	require.Len(t, channels, 1)

	require.Equal(t, 0, s.run(t, "", "config", "check", "--offline", "--config", file).code)
	require.NoError(t, os.Remove(filepath.Join(folder, "dsn")))
	missing := s.run(t, "", "config", "check", "--offline", "--config", file)
	require.Equal(t, 2, missing.code)
	require.Contains(t, missing.errors, "targets.orders-db.dsn")
}

const unseen = `
people: {alice: {name: Alice}, bob: {name: Bob}}
targets:
  centre: {kind: scim, url: "%s", token: "file:token"}
templates:
  admins:
    entitlements: [{target: centre, group: ` + scim.GroupID + `, displayName: ` + scim.GroupName + `%s}]
    duration: {default: 1h, max: 8h}
    ticket: none
    approval: {count: 1, from: [bob]}
`

func TestConfigCheckFindsTargetsWhereAccessCouldNotBeSeenToEnd(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, tc := range map[string]struct {
		filterBy, readBack string
		code               int
		says               string
	}{
		"it shows nothing":                   {"", "", 3, "can't be used: .*could not be seen to end"},
		"it shows nothing, as is accepted":   {"", ", readBack: none", 0, "can be used"},
		"it shows members by filter and all": {"members", "", 0, "can be used"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := httptest.NewServer(scim.New(scim.Options{
				Token:    "token",
				Users:    map[string]string{"u-bob": "bob"},
				Members:  []string{"u-bob"},
				FilterBy: tc.filterBy,
			}).Handler())
			t.Cleanup(service.Close)
			folder := t.TempDir()
			file := filepath.Join(folder, "curfew.yaml")
			require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, unseen, service.URL, tc.readBack), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(folder, "token"), []byte("token"), 0o600))
			checked := s.run(t, "", "config", "check", "--config", file)
			require.Equal(t, tc.code, checked.code, checked.errors)
			require.Regexp(t, "(?m)^centre +scim +"+tc.says, checked.out)
		})
	}
}

func TestConfigKindsTellsWhatAnEntitlementIsMadeOf(t *testing.T) {
	t.Parallel()
	ran := open(t).run(t, "", "config", "kinds")
	require.Equal(t, 0, ran.code, ran.errors)
	require.Regexp(t, "(?m)^postgres ", ran.out)
	require.Regexp(t, "(?m)^  role +text +the role whose membership is given", ran.out)
}

func TestOperatorsVerbsAreForOperators(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, arguments := range [][]string{
		{"stuck", "list"},
		{"stuck", "retry", "grant/orders-db/0123456789abcdef0123456789abcdef/alice"},
		{"stuck", "takeover", "grant/orders-db/0123456789abcdef0123456789abcdef/alice", "--reason", "it is gone"},
		{"alarms"},
		{"sweep", "--dry-run"},
	} {
		ran := s.run(t, "alice", arguments...)
		require.Equal(t, 2, ran.code, arguments)
		require.Contains(t, ran.errors, "this is for ", arguments)
	}
}

func TestConfigCheckOpensTheKeysThatTheFileNames(t *testing.T) {
	t.Parallel()
	s := open(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "curfew.yaml")
	require.NoError(t, os.WriteFile(file, []byte("seals: {key: server.pem, keys: keys.json}\n"), 0o600))
	missing := s.run(t, "", "config", "check", "--offline", "--config", file)
	require.Equal(t, 2, missing.code, missing.out)
	require.Contains(t, missing.errors, "seals.keys")

	require.Equal(
		t,
		0,
		s.run(
			t,
			"",
			"keys",
			"new",
			"--role",
			"server",
			"--private",
			filepath.Join(folder, "server.pem"),
			"--public",
			filepath.Join(folder, "keys.json"),
		).code,
	)
	require.Equal(t, 0, s.run(t, "", "config", "check", "--offline", "--config", file).code)
	require.NoError(t, os.Chmod(filepath.Join(folder, "server.pem"), 0o644))
	readable := s.run(t, "", "config", "check", "--offline", "--config", file)
	require.Equal(t, 2, readable.code, readable.out)
	require.Contains(t, readable.errors, "seals.key")
}
