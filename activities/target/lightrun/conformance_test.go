package lightrun_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target/lightrun"
	"curfew/activities/target/targettest"
	"curfew/internal/sandbox"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
)

// users are those whom the conformance suite can have in one company.
const users = 60

var oddUsers = []string{
	`o'brien+"night shift"@example.com`,
	`pelé@bücher.example`,
	`%41/../..@example.com`,
	`ünï 𝔠ode@example.com`,
}

func TestConformance(t *testing.T) {
	t.Parallel()
	targettest.Run(t, func(t *testing.T) targettest.Fixture {
		c := open(t, func(options *sandboxlightrun.Options) { addUsers(options, oddUsers) })
		c.give(t, "by hand")
		return targettest.Fixture{
			Connector:        connect(t, c.url, token),
			Entitlement:      normalized(t, `{"agentPoolIds":["`+pool+`"]}`),
			Limits:           lightrun.Kind().Limits,
			Accounts:         accounts(),
			OddAccounts:      func(*testing.T) []string { return oddUsers },
			UnknownAccount:   "nobody@example.com",
			Can:              func(_ *testing.T, account string) bool { return c.Can(account, pool) },
			Snapshot:         c.snapshot,
			WrongCredentials: connect(t, c.url, "wrong-"+token),
			Down:             connect(t, "http://127.0.0.1:1", token),
			Slow:             connect(t, "http://"+targettest.Silent(t), token),
			Secrets:          []string{token, companyToken},
			LoseReply:        func(*testing.T) { c.changeFaults.Add(sandbox.Fault{LoseReply: true, Times: 1}) },
			Gateway: func(*testing.T) {
				c.changeFaults.Add(sandbox.Fault{LoseReply: true, Status: 502, Times: 1})
			},
			Blind: func(*testing.T) { c.blind.Store(true) },
			Lie:   c.lie,
		}
	})
}

func addUsers(options *sandboxlightrun.Options, odd []string) {
	for i := range users {
		options.Users = append(options.Users, sandboxlightrun.User{Email: numbered(i)})
	}
	for _, email := range odd {
		options.Users = append(options.Users, sandboxlightrun.User{Email: email})
	}
}

// accounts takes one user after the other.
func accounts() func(*testing.T) string {
	var used atomic.Int64
	return func(t *testing.T) string {
		t.Helper()
		number := int(used.Add(1)) - 1
		require.Less(t, number, users)
		return numbered(number)
	}
}

func numbered(i int) string { return fmt.Sprintf("user-%02d@example.com", i) }

// snapshot is every live access that is not for one account.
func (c *company) snapshot(t *testing.T, except string) string {
	t.Helper()
	others := slices.DeleteFunc(c.Live(), func(access sandboxlightrun.TempAccess) bool {
		return slices.Contains(access.UserEmails, except)
	})
	text, err := json.Marshal(others)
	require.NoError(t, err)
	return string(text)
}
