package lightrun_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/lightrun"
	"curfew/activities/target/targettest"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
	"curfew/workflows/contract"
)

const (
	groupsPath  = "/api/v1/groups"
	crewPath    = groupsPath + "/" + crew
	membersPath = crewPath + "/members"
	bob         = "bob@example.com"
)

// oddMembers have no slash: the vendor's contract can't be checked for a path with one.
var oddMembers = []string{
	`o'brien+"night shift"@example.com`,
	`pelé@bücher.example`,
	`%41?..#@example.com`,
	`ünï 𝔠ode@example.com`,
}

func TestGroupConformance(t *testing.T) {
	t.Parallel()
	targettest.Run(t, func(t *testing.T) targettest.Fixture {
		c := open(t, func(options *sandboxlightrun.Options) {
			addUsers(options, oddMembers)
			options.Users = append(options.Users, sandboxlightrun.User{Email: bob})
			options.Groups = append(options.Groups, sandboxlightrun.Group{
				Name:         "others",
				AgentPoolIDs: []string{edge},
				Members:      []sandboxlightrun.Member{{Email: ann}, {Email: bob, GroupAdmin: true}},
			})
		})
		c.join(t, ann)
		return targettest.Fixture{
			Connector:        connectGroups(t, c.url, companyToken),
			Entitlement:      groupNormalized(t, crew),
			Limits:           lightrun.GroupKind().Limits,
			Accounts:         accounts(),
			OddAccounts:      func(*testing.T) []string { return oddMembers },
			UnknownAccount:   "nobody@example.com",
			Can:              func(_ *testing.T, account string) bool { return c.Can(account, pool) },
			Snapshot:         c.groupSnapshot,
			WrongCredentials: connectGroups(t, c.url, "wrong-"+companyToken),
			Down:             connectGroups(t, "http://127.0.0.1:1", companyToken),
			Slow:             connectGroups(t, "http://"+targettest.Silent(t), companyToken),
			Secrets:          []string{token, companyToken},
			GiveStanding:     func(t *testing.T, account string) { c.join(t, account) },
			LoseReply:        func(*testing.T) { c.changeFaults.Add(sandbox.Fault{LoseReply: true, Times: 1}) },
			Gateway: func(*testing.T) {
				c.changeFaults.Add(sandbox.Fault{LoseReply: true, Status: 502, Times: 1})
			},
			Nameless: true,
			Blind:    func(*testing.T) { c.blind.Store(true) },
			Lie:      c.lie,
		}
	})
}

// groupSnapshot is every group, without one user.
func (c *company) groupSnapshot(t *testing.T, except string) string {
	t.Helper()
	all := c.Groups()
	for i, group := range all {
		members := slices.DeleteFunc(
			group.Members,
			func(member sandboxlightrun.Member) bool { return member.Email == except },
		)
		slices.SortFunc(members, func(a, b sandboxlightrun.Member) int { return strings.Compare(a.Email, b.Email) })
		all[i].Members = members
	}
	text, err := json.Marshal(all)
	require.NoError(t, err)
	return string(text)
}

// join puts a user into the group as an administrator would.
func (c *company) join(t *testing.T, email string) {
	t.Helper()
	c.byHand(t, companyToken, http.MethodPost, membersPath, fmt.Sprintf(`[{"email":%q}]`, email))
}

func (c *company) leave(t *testing.T, email string) {
	t.Helper()
	c.byHand(t, companyToken, http.MethodDelete, membersPath, fmt.Sprintf(`[%q]`, email))
}

// crew lists who is in the group.
func (c *company) crew() []string {
	emails := []string{}
	for _, group := range c.Groups() {
		for _, member := range group.Members {
			if group.ID == crew {
				emails = append(emails, member.Email)
			}
		}
	}
	return emails
}

// openGroups starts a company with Ann, Bob and a group that Bob is in.
func openGroups(t *testing.T, change func(*sandboxlightrun.Options)) *company {
	t.Helper()
	return open(t, func(options *sandboxlightrun.Options) {
		options.Users = append(options.Users, sandboxlightrun.User{Email: bob})
		options.Groups[0].Members = []sandboxlightrun.Member{
			{Email: bob, ElevatedRoles: []string{"STANDARD", "PRIVILEGED"}},
		}
		if change != nil {
			change(options)
		}
	})
}

// connectGroups opens a connector to groups with a key.
func connectGroups(t *testing.T, url, key string) target.Connector {
	t.Helper()
	settings := lightrun.GroupSettings{URL: url, Token: config.SecretOf(key)}
	connector, err := settings.Open()
	require.NoError(t, err)
	return connector
}

func groupNormalized(t *testing.T, id string) json.RawMessage {
	t.Helper()
	entitlement, err := lightrun.GroupKind().Normalize(json.RawMessage(fmt.Sprintf(`{"groupId":%q}`, id)))
	require.NoError(t, err)
	return entitlement
}

// membership is what a grant of the group asks for.
func membership(t *testing.T, account string) target.Access {
	t.Helper()
	entitlement := groupNormalized(t, crew)
	key := contract.Access{Target: "lightrun-crew", Entitlement: entitlement, Account: account}.Digest()
	return target.Access{Key: key, Entitlement: entitlement, Account: account, Until: in(time.Hour), Reference: "OPS-7"}
}
