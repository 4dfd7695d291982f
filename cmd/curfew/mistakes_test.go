package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/lightrun"
	"curfew/internal/sandbox/pagerduty"
	"curfew/internal/sandbox/scim"
	"curfew/internal/sandbox/slack"
	"curfew/internal/testserver/oidc"
	"curfew/internal/testserver/postgres"
)

const (
	jiraToken  = "the token of Jira"
	pagerToken = "the key of PagerDuty"
	slackToken = "xoxb-the-bot"
	scimToken  = "the token of the centre"
	lightToken = "the key of Lightrun"
	callback   = "http://127.0.0.1:8300/signin/callback"
)

// everything is a configuration that names all that can be got wrong, and has nothing wrong in it.
const everything = `
server: {listen: 127.0.0.1:8300}
oidc: {issuer: "ISSUER", clientId: curfew, clientSecret: "file:oidc"}
tickets:
  jira: {url: "JIRA", deployment: cloud, user: curfew@example.org, token: "file:jira"}
incidents:
  pagerduty: {url: "PAGERDUTY", token: "file:pagerduty", from: curfew@example.org}
notify:
  chat: {slack: {token: "file:slack", channel: C0OPS, url: "SLACK"}}
hooks:
  issues:
    verify: jira
    secrets: ["file:hook"]
    routes: [{project: OPS, issueType: Access, template: admins}]
    decisions: {approve: Done, deny: To Do}
people:
  alice:
    name: Alice
    login: alice@example.com
    accounts:
      orders-db: alice
      debugger: alice@example.org
      centre: alice@corp
      directory: alice
      jira: jira-alice
      pagerduty: PALICE1
      slack: U0ALICE
  bob: {name: Bob}
targets:
  orders-db: {kind: postgres, dsn: "file:dsn"}
  debugger: {kind: lightrun, url: "LIGHTRUN", token: "file:lightrun"}
  centre: {kind: scim, url: "SCIM", token: "file:scim"}
  directory:
    kind: ldap
    url: "LDAP"
    bindDN: "cn=admin,dc=example,dc=com"
    password: "file:ldap"
    people: {base: "dc=example,dc=com", attribute: uid}
templates:
  orders:
    entitlements: [{target: orders-db, role: reporting}]
    duration: {default: 1h, max: 8h}
    ticket: {use: required, projects: [OPS], statuses: [In Progress]}
    incident: {services: [PSHOP01]}
    approval: {count: 1, from: [bob]}
  admins:
    entitlements:
      - {target: centre, group: ` + scim.GroupID + `, displayName: ` + scim.GroupName + `}
      - {target: directory, group: "cn=ops,dc=example,dc=com"}
      - {target: debugger, agentPoolIds: ["c0ffee00-0000-4000-8000-000000000001"]}
    duration: {default: 1h, max: 8h}
    ticket: {use: optional, open: {project: OPS, type: Task}}
    approval: {count: 1, from: [bob]}
`

// landscape is everything that the configuration names, running.
type landscape struct {
	database *postgres.Server
	pooled   string // through a pooler that swallows settings
	strict   string // through one that refuses them
	texts    *strings.Replacer
	secrets  map[string]string
}

func newLandscape(t *testing.T) *landscape {
	t.Helper()
	serve := func(handler http.Handler) string {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.URL
	}
	l := &landscape{database: postgres.StartApart(t)}
	l.makeRoles(t)
	provider := oidc.Start(t, oidc.Options{Redirect: callback, Wrap: spoiled})
	tracker := jira.New(jira.Options{Deployment: jira.Cloud, Accounts: []jira.Account{
		{ID: "curfew-1", Name: "Curfew", Email: "curfew@example.org", Token: jiraToken},
		{ID: "jira-alice", Name: "Alice"},
		{ID: "silent", Name: "Silent", Email: "silent@example.org", Token: jiraToken, Lacks: []string{"ADD_COMMENTS"}},
	}})
	tracker.AddIssue("OPS-7", "Orders are late", "In Progress")
	pager := pagerduty.New(pagerduty.Options{
		Key: pagerToken,
		Users: []pagerduty.User{
			{ID: "PALICE1", Email: "alice@example.org"},
			{ID: "PCURFEW", Email: "curfew@example.org"},
		},
		Services: []pagerduty.Service{{ID: "PSHOP01", Name: "shop", Policy: "PPOLICY"}},
	})
	chat := slack.New(slack.Options{Channels: []string{"C0OPS"}, Bots: []slack.Bot{
		{Token: slackToken, ID: "B0CURFEW"}, {Token: "xoxb-mute", ID: "B0MUTE", Lacks: []string{"chat:write"}},
	}})
	centre := scim.New(scim.Options{
		Token:    scimToken,
		Users:    map[string]string{"u-alice": "alice@corp"},
		Members:  []string{"u-alice"},
		FilterBy: "members",
	})
	debugger := lightrun.New(lightrun.Options{
		Keys:  []lightrun.Key{{Value: lightToken, Scopes: []lightrun.Scope{lightrun.ScopeDev}}},
		Users: []lightrun.User{{Email: "alice@example.org"}},
	})
	l.texts = strings.NewReplacer(
		"ISSUER",
		provider.Issuer,
		"JIRA",
		serve(tracker.Handler()),
		"PAGERDUTY",
		serve(pager.Handler()),
		"SLACK",
		serve(chat.Handler())+"/",
		"SCIM",
		serve(centre.Handler()),
		"LIGHTRUN",
		serve(debugger.Handler()),
		"LDAP",
		startDirectory(t),
	)
	l.secrets = map[string]string{
		"oidc":      oidc.WebSecret,
		"jira":      jiraToken,
		"pagerduty": pagerToken,
		"slack":     slackToken,
		"scim":      scimToken,
		"lightrun":  lightToken,
		"ldap":      ldapPassword,
		"hook":      "a secret of sixteen bytes",
		"dsn":       l.database.URL("curfew", postgres.Superuser),
	}
	l.pooled = l.database.Via(l.database.StartPooler(t, "curfew"), "curfew", postgres.Superuser)
	l.strict = l.database.Via(l.database.StartStrictPooler(t, "curfew"), "curfew", postgres.Superuser)
	return l
}

// spoiled shows, below other paths, providers that are set up wrongly.
func spoiled(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		root := "http://" + r.Host
		say := func(issuer, keys, algorithms string) {
			fmt.Fprintf(
				w,
				`{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":[%q]}`,
				issuer,
				root+"/authorize",
				root+"/oauth/token",
				root+keys,
				algorithms,
			)
		}
		_, secret, basic := r.BasicAuth()
		switch r.URL.Path {
		case "/oauth/token": // as most providers, it looks at the client before it looks at the code
			if basic && secret != oidc.WebSecret || !basic && r.FormValue("client_secret") != oidc.WebSecret {
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprint(w, `{"error":"invalid_client"}`)
				return
			}
			next.ServeHTTP(w, r)
		case "/realm/.well-known/openid-configuration":
			say(root+"/realms/real", "/keys", "RS256")
		case "/old/.well-known/openid-configuration":
			say(root+"/old", "/keys", "HS256")
		case "/keyless/.well-known/openid-configuration":
			say(root+"/keyless", "/keyless/keys", "RS256")
		case "/keyless/keys":
			fmt.Fprint(w, `{"keys":[]}`)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// makeRoles makes what the configuration names at the database, and what is named by mistake.
func (l *landscape) makeRoles(t *testing.T) {
	t.Helper()
	for _, statement := range []string{
		"CREATE ROLE curfew LOGIN PASSWORD 'SECRET'", "CREATE ROLE alice LOGIN", "CREATE ROLE boss LOGIN SUPERUSER",
		"CREATE ROLE reporting", "GRANT reporting TO curfew WITH ADMIN OPTION", "GRANT pg_signal_backend TO curfew",
		"CREATE ROLE unready",
		"CREATE ROLE bare LOGIN PASSWORD 'SECRET'", "GRANT pg_signal_backend TO bare",
	} {
		_, err := l.database.Admin().Exec(t.Context(), strings.ReplaceAll(statement, "SECRET", l.database.Password()))
		require.NoError(t, err, statement)
	}
}

// check runs the command on a changed configuration.
func (l *landscape) check(t *testing.T, change func(string) string, secrets map[string]string) result {
	t.Helper()
	folder := t.TempDir()
	text := everything
	if change != nil {
		text = change(text)
	}
	file := filepath.Join(folder, "curfew.yaml")
	require.NoError(t, os.WriteFile(file, []byte(l.texts.Replace(text)), 0o600))
	for name, secret := range l.secrets {
		if other, is := secrets[name]; is {
			secret = other
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(secret), 0o600))
	}
	var out, errors bytes.Buffer
	code := run(t.Context(), []string{"config", "check", "--config", file}, surroundings{
		stdout: &out, stderr: &errors, getenv: func(string) string { return "" }, now: time.Now, zone: time.UTC,
	})
	return result{code, out.String(), errors.String()}
}

// with writes something else in the place of a part of the configuration.
func with(is, instead string) func(string) string {
	return func(text string) string { return strings.Replace(text, is, instead, 1) }
}

func TestP9_TypicalMistakesAreFoundByConfigCheckBeforeAnybodyAsksEachWithItsRemedy(t *testing.T) {
	t.Parallel()
	l := newLandscape(t)
	right := l.check(t, nil, nil)
	require.Equal(t, 0, right.code, right.out+right.errors)

	secret := func(name, text string) map[string]string { return map[string]string{name: text} }
	for name, tc := range map[string]struct {
		change  func(string) string
		secrets map[string]string
		where   string // the row that tells of it, or the place in the file
		fault   string
		remedy  string
	}{
		"OIDC: the host in the place of the realm": {
			with(`issuer: "ISSUER"`, `issuer: "ISSUER/realms"`), nil, "oidc", "there is no provider: .*/realms/.well-known/openid-configuration answers 404", "/realms/<realm>",
		},
		"OIDC: an issuer that the provider does not call itself": {
			with(`issuer: "ISSUER"`, `issuer: "ISSUER/realm"`), nil, "oidc", "calls itself .*/realms/real", "letter for letter",
		},
		"OIDC: a provider that signs with HS256": {
			with(`issuer: "ISSUER"`, `issuer: "ISSUER/old"`), nil, "oidc", "signs tokens with HS256 alone", "switch one of RS256",
		},
		"OIDC: a provider without keys": {
			with(`issuer: "ISSUER"`, `issuer: "ISSUER/keyless"`), nil, "oidc", "none of the provider's 0 keys can verify a token", "have the provider sign with",
		},
		"OIDC: a client's secret that has expired": {
			nil, secret("oidc", "the former secret"), "oidc", `does not know the client "curfew" by this secret`, "copy the client's id and secret",
		},
		"OIDC: a redirect address that is not registered": {
			with("server: {listen: 127.0.0.1:8300}", "server: {listen: 127.0.0.1:8300, url: 'http://localhost:8300'}"), nil, "oidc",
			"would send nobody back to http://localhost:8300/signin/callback", "register http://localhost:8300/signin/callback",
		},
		"Jira: a token that has expired": {
			nil, secret("jira", "the former token"), "tickets.jira", "does not accept Curfew's token", "renew Jira's token",
		},
		"Jira: the deployment of the other sort": {
			with("deployment: cloud, user: curfew@example.org,", "deployment: datacenter,"), nil, "tickets.jira", "does not accept Curfew's token", "tickets.jira.user|deployment",
		},
		"Jira: a project that is not there": {
			with("projects: [OPS]", "projects: [OPPS]"), nil, "tickets.jira.OPPS", "has no project OPPS", "check the key",
		},
		"Jira: an account without permission to comment": {
			with("user: curfew@example.org", "user: silent@example.org"), nil, "tickets.jira", "Add Comments \\(ADD_COMMENTS\\)", "permission scheme",
		},
		"Jira: a status that no ticket can have": {
			with("statuses: [In Progress]", "statuses: [Doing]"), nil, "tickets.jira.OPS", "status Doing", "choose from Done, In Progress, To Do",
		},
		"Jira: a type of ticket that is not there": {
			with("type: Task", "type: Bug"), nil, "tickets.jira.OPS", "no type of ticket called Bug", "choose from Access, Task",
		},
		"Jira: an e-mail address in the place of an account id": {
			with("jira: jira-alice", "jira: alice@example.org"), nil, "people.alice.accounts.jira", "has no user with the account", "account id",
		},
		"PagerDuty: a key that is not good": {
			nil, secret("pagerduty", "another key"), "incidents.pagerduty", "does not accept Curfew's API key", "renew PagerDuty's API key",
		},
		"PagerDuty: an address that is no user's": {
			with("from: curfew@example.org", "from: bot@example.org"), nil, "incidents.pagerduty", "0 users of PagerDuty", "e-mail address of Curfew's own user",
		},
		"PagerDuty: a service by its name": {
			with("services: [PSHOP01]", "services: [shop]"), nil, `templates.orders.incident.services\[0\]`, "no id of a service", "address of its page",
		},
		"PagerDuty: a service that is not there": {
			with("services: [PSHOP01]", "services: [PSHOP99]"), nil, `templates.orders.incident.services\[0\]`, "has no service PSHOP99", "address of the service's page",
		},
		"PagerDuty: a person's name in the place of their id": {
			with("pagerduty: PALICE1", "pagerduty: Alice"), nil, "curfew.yaml:.*people.alice.accounts.pagerduty", "is no id of a PagerDuty user", "address of the user's page",
		},
		"PagerDuty: an account that is nobody's": {
			with("pagerduty: PALICE1", "pagerduty: PALICE9"), nil, "people.alice.accounts.pagerduty", "has no user PALICE9", "address of the user's page",
		},
		"Slack: a token that was revoked": {
			nil, secret("slack", "xoxb-revoked"), "chat", "does not accept Curfew's token", "renew the token",
		},
		"Slack: a bot that may not write": {
			nil, secret("slack", "xoxb-mute"), "chat", "may not write", "scope chat:write",
		},
		"Slack: a channel that the bot is not in": {
			with("channel: C0OPS", "channel: C0OTHER"), nil, "chat", "not_in_channel", "invite Curfew's bot",
		},
		"Slack: a name in the place of a member id": {
			with("slack: U0ALICE", "slack: '@alice'"), nil, "curfew.yaml:.*people.alice.accounts.slack", "is no id of a member", "copy the member's id",
		},
		"SCIM: an address that is not that of the API": {
			with(`url: "SCIM"`, `url: "SCIM/api"`), nil, "centre", "404", "url",
		},
		"SCIM: a token that is not good": {
			nil, secret("scim", "another token"), "centre", "does not accept the credentials", "token",
		},
		"SCIM: a group that is not there": {
			with("group: "+scim.GroupID, "group: 9067-other"), nil, "centre", "has no group", "correct the id",
		},
		"SCIM: a user who is not there": {
			with("centre: alice@corp", "centre: alice@example.com"), nil, "people.alice.accounts.centre", "has no user", "correct the person's account",
		},
		"LDAP: a password that is not good": {
			nil, secret("ldap", "another password"), "directory", "Invalid Credentials", "bindDN and password",
		},
		"LDAP: a group that is not there": {
			with(`group: "cn=ops,dc=example,dc=com"`, `group: "cn=opps,dc=example,dc=com"`), nil, "directory", "has no group", "correct",
		},
		"LDAP: a login that is nobody's": {
			with("directory: alice", "directory: alicia"), nil, "people.alice.accounts.directory", "has nobody called alicia", "correct it",
		},
		"PostgreSQL: a role that is not there": {
			with("role: reporting", "role: reports"), nil, "orders-db", `no role "reports" on the server`, "correct its name",
		},
		"PostgreSQL: a role that Curfew may not give": {
			with("role: reporting", "role: unready"), nil, "orders-db", `may not give membership in "unready"`, "WITH ADMIN OPTION",
		},
		"PostgreSQL: an account that is not there": {
			with("orders-db: alice", "orders-db: alicia"), nil, "people.alice.accounts.orders-db", `no role "alicia" on the server`, "correct its name",
		},
		"PostgreSQL: a superuser's account": {
			with("orders-db: alice", "orders-db: boss"), nil, "people.alice.accounts.orders-db", "is a superuser", "no superuser",
		},
		"PostgreSQL: a password that is not good": {
			nil, secret("dsn", strings.Replace(l.secrets["dsn"], "curfew:", "curfew:x", 1)), "orders-db", "28P01", "user and the password",
		},
		"PostgreSQL: Curfew's role may give nothing": {
			nil, secret("dsn", l.database.URL("bare", postgres.Superuser)), "orders-db", "may not give membership in any role", "WITH ADMIN OPTION",
		},
		"PostgreSQL: a pooler that swallows settings": {
			nil, secret("dsn", l.pooled), "orders-db", "a connection pooler, like PgBouncer, stands between .* does not hand Curfew's settings on: .* is", "lead to the server itself",
		},
		"PostgreSQL: a pooler that refuses settings": {
			nil, secret("dsn", l.strict), "orders-db", "08P01", "past a pooler like PgBouncer",
		},
		"Lightrun: an account that is no e-mail address": {
			with("debugger: alice@example.org", "debugger: alice"), nil, "people.alice.accounts.debugger", "is not an e-mail address", "e-mail address in Lightrun",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checked := l.check(t, tc.change, tc.secrets)
			if strings.HasPrefix(tc.where, "curfew.yaml:") {
				require.Equal(t, 2, checked.code, checked.out+checked.errors)
				require.Regexp(t, tc.where+": ("+tc.fault+").*("+tc.remedy+")", checked.errors)
				return
			}
			require.Equal(t, 3, checked.code, checked.out+checked.errors)
			require.Regexp(t, "(?m)^"+tc.where+" +\\S+ +can't be used: .*("+tc.fault+").*("+tc.remedy+")", checked.out)
			for _, secret := range l.secrets {
				require.NotContains(t, checked.out+checked.errors, secret)
			}
		})
	}
}
