package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
)

// What a snippet needs beside it to be right in all else.
const (
	directory = `
people:
  ada: {token: file:one, accounts: {db: ada}}
  grace: {}
`
	systems = `
targets:
  db: {kind: postgres, dsn: file:two}
  app: {kind: lightrun, url: https://app.example.com, token: file:two}
`
	world    = directory + systems
	approved = `ticket: none, approval: {count: 1, from: [ada]}`
	short    = `duration: {default: 1h, max: 2h}`
	role     = `entitlements: [{target: db, role: r}]`
)

func TestP9_EveryMistakeIsToldWithItsPlaceAndRemedy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"no content": {
			"# nothing", []string{
				"curfew.yaml: can't be read as YAML: yaml: no documents in stream; write one YAML document of keys and values",
			},
		},
		"two ways to write one entitlement": {
			world + "templates:\n" +
				"  a: {" + role + ", " + short + ", " + approved + "}\n" +
				"  b: {entitlements: [{target: db, role: r, known: true}], " + short + ", " + approved + "}\n",
			[]string{"curfew.yaml:11:22: templates.b.entitlements[0]: gives what templates.a.entitlements[0] gives, and is written differently; write it the same in all templates"},
		},
		"only a word": {"curfew", []string{"curfew.yaml:1:1: holds no keys and values; write key: value lines below it"}},
		"two documents": {"server: {}\n---\nserver: {}", []string{
			"curfew.yaml: can't be read as YAML: yaml: expected single document, found multiple; write one YAML document of keys and values",
		}},
		"broken YAML": {"server: {listen: [1\npeople: {}\n", []string{
			"curfew.yaml:2:7: did not find expected ',' or ']' (while parsing a flow sequence that starts at line 1); mend the YAML there or just above",
		}},
		"too deep": {"a: " + strings.Repeat("[", 40), []string{
			"curfew.yaml:1:36: exceeded max depth of 32 (while increasing flow level that starts at line 1); mend the YAML there or just above",
		}},
		"control characters": {"a: \x01", []string{
			"curfew.yaml: can't be read as YAML: control characters are not allowed (value: 1); write one YAML document of keys and values",
		}},
		"alias to nowhere": {"server:\n  url: *" + canary, []string{
			"curfew.yaml:2:8: an alias (*name) leads nowhere; mend the YAML there or just above",
		}},
		"anchors, aliases, tags, merge keys and keys that are no words": {
			"people: &all\n  ada: !person {}\n  <<: {}\n  ? [a]\n  : b\ntargets: *all", []string{
				"curfew.yaml:1:9: an anchor (&name) is used; write the value out",
				"curfew.yaml:2:8: a tag (!name) is used; take it out, or quote a text that starts with !",
				"curfew.yaml:3:3: a key is no plain word; write a word followed by a colon",
				"curfew.yaml:4:5: a key is no plain word; write a word followed by a colon",
				"curfew.yaml:6:10: an alias (*name) is used; write the value out",
			},
		},
		"unknown keys": {"serverr: {}\nserver: {List_en: x, zzzzzz: 1}\n", []string{
			"curfew.yaml:1:1: serverr: is no key that is known here; did you mean server?",
			"curfew.yaml:2:10: server.List_en: is no key that is known here; did you mean listen?",
			"curfew.yaml:2:22: server.zzzzzz: is no key that is known here; known here: listen, proxies, secretFiles, url",
		}},
		"duplicate keys": {"server:\n  listen: 127.0.0.1:1\n  listen: 127.0.0.1:2\nserver: {}", []string{
			"curfew.yaml:3:3: server.listen: is there twice, first at line 2; keep one of them",
			"curfew.yaml:4:1: server: is there twice, first at line 1; keep one of them",
		}},
		"no value": {"server:\n  listen:\npeople:\n", []string{
			"curfew.yaml:2:10: server.listen: has no value; write a value, or take the line out",
			"curfew.yaml:3:8: people: has no value; write a value, or take the line out",
		}},
		"values of the wrong shape": {
			"server: {listen: [a]}\npeople: [ada]\n" +
				"targets: {db: {kind: postgres, connections: x}, app: {kind: lightrun, url: u, insecure: 1, pools: p}}", []string{
				"curfew.yaml:1:10: server.listen: is no text; write a single value",
				"curfew.yaml:2:1: people: holds no keys and values; write key: value lines below it",
				"curfew.yaml:3:45: targets.db.connections: is no whole number; write a number like 2",
				"curfew.yaml:3:89: targets.app.insecure: is neither true nor false; write true or false",
				"curfew.yaml:3:99: targets.app.pools: is no list; write it like [one, two]",
			},
		},
		"server": {"server: {listen: here, url: curfew.example.com}", []string{
			"curfew.yaml:1:18: server.listen: is no host and port; write it like 127.0.0.1:8300",
			"curfew.yaml:1:29: server.url: is no web address; write it like https://curfew.example.com",
		}},
		"a port beyond the last": {
			"server: {listen: 'localhost:70000'}", []string{
				"curfew.yaml:1:18: server.listen: is no host and port; write it like 127.0.0.1:8300",
			},
		},
		"a password in a web address": {
			"server: {url: 'https://u:" + canary + "@h'}", []string{
				"curfew.yaml:1:15: server.url: holds a user or password; write it like https://curfew.example.com",
			},
		},
		"a web address with a query": {
			"server: {url: 'https://h/?k=" + canary + "'}", []string{
				"curfew.yaml:1:15: server.url: holds more than a host and path; write it like https://curfew.example.com",
			},
		},
		"a web address of another use": {
			"server: {url: 'ftp://" + canary + "'}", []string{
				"curfew.yaml:1:15: server.url: is no web address; write it like https://curfew.example.com",
			},
		},
		"links to everywhere": {"server: {listen: '[::]:8300'}", []string{
			"curfew.yaml:1:1: server.url: is missing, and can't be told from an address that stands for all; " +
				"write the address that people reach Curfew at, like https://curfew.example.com",
		}},
		"metrics": {"metrics: {server: 8301, worker: '127.0.0.1:99999'}", []string{
			"curfew.yaml:1:19: metrics.server: is no host and port; " +
				"write it like 127.0.0.1:8302, or none to serve no metrics",
			"curfew.yaml:1:33: metrics.worker: is no host and port; " +
				"write it like 127.0.0.1:8302, or none to serve no metrics",
		}},
		"an empty Jira": {"tickets:\n  jira: {}", []string{
			"curfew.yaml:2:3: tickets.jira.url: is missing; write it like https://example.atlassian.net",
			"curfew.yaml:2:3: tickets.jira.deployment: is missing; write cloud or datacenter",
			"curfew.yaml:2:3: tickets.jira.token: is missing; write env:NAME or file:/path",
		}},
		"Jira in the cloud": {
			"tickets: {jira: {url: 'http://j', token: file:one, deployment: cloud}}", []string{
				"curfew.yaml:1:11: tickets.jira.user: is missing; write the e-mail address of Curfew's own account",
			},
		},
		"Jira in a data center": {
			"tickets: {jira: {url: 'http://j', token: file:one, deployment: datacenter, user: u}}", []string{
				"curfew.yaml:1:82: tickets.jira.user: is for cloud only; take it out: a personal access token says whose it is",
			},
		},
		"Jira somewhere else": {
			"tickets: {jira: {url: 'j', token: file:one, deployment: could}}", []string{
				"curfew.yaml:1:23: tickets.jira.url: is no web address; write it like https://example.atlassian.net",
				`curfew.yaml:1:57: tickets.jira.deployment: "could" is no choice here; did you mean cloud?`,
			},
		},
		"a read-back that is none": {world + "templates: {t: {" + approved + ", " + short + ", drift: restore, entitlements: [{target: db, role: r, readBack: never}]}}", []string{
			`curfew.yaml:9:163: templates.t.entitlements[0].readBack: "never" is no choice here; known here: none`,
			"curfew.yaml:9:163: templates.t.entitlements[0].readBack: does not go with drift: restore: nobody can see that the access was taken away; leave it out, or write drift: report",
		}},
		"lost tickets are no absent ones": {
			"tickets: 7\ntemplates:\n  t: {" + short + ", " + role + ", approval: {count: 1, from: [ada]}}\n" + world, []string{
				"curfew.yaml:1:10: tickets: holds no keys and values; write key: value lines below it",
			},
		},
		"secrets": {
			"people:\n  a: {token: " + canary + "}\n  b: {token: 'env:" + canary + "!'}\n  c: {token: env:CURFEW_TEST_IS_NOT_SET}\n" +
				"  d: {token: file:missing}\n  e: {token: file:empty}\n  f: {token: file:large}\n" +
				"  g: {token: 'file:.'}\n  h: {token: 'file:'}\n  i: {token: [" + canary + "]}", []string{
				"curfew.yaml:2:14: people.a.token: is no reference to a secret; write env:NAME or file:/path, and keep the secret there",
				"curfew.yaml:3:14: people.b.token: is no reference to a secret; write env:NAME or file:/path, and keep the secret there",
				"curfew.yaml:4:14: people.c.token: the environment variable CURFEW_TEST_IS_NOT_SET is not set or empty; set it before Curfew starts",
				"curfew.yaml:5:14: people.d.token: the file missing can't be read: no such file or directory; write the path of a file that Curfew may read",
				"curfew.yaml:6:14: people.e.token: the file empty is empty; put the secret into it",
				"curfew.yaml:7:14: people.f.token: the file large is larger than 64 KiB; keep only the secret there",
				"curfew.yaml:8:14: people.g.token: the file FOLDER can't be read: it is no ordinary file; write the path of a file that Curfew may read",
				"curfew.yaml:9:14: people.h.token: is no reference to a secret; write env:NAME or file:/path, and keep the secret there",
				"curfew.yaml:10:7: people.i.token: is no text; write a single value",
			},
		},
		"one token for two": {"people:\n  ada: {token: file:one}\n  bob: {token: file:also-one}\n  cy: {}\n  dan: {}", []string{
			"curfew.yaml:3:16: people.bob.token: is the same as that of ada; give each person a token of their own",
		}},
		"accounts": {
			"people:\n  ada: {accounts: {db: ada, dbb: ada, app: ''}}\n  bob: {accounts: {db: ADA, app: ada}}" + systems, []string{
				"curfew.yaml:2:34: people.ada.accounts.dbb: there is no target \"dbb\"; did you mean db?",
				"curfew.yaml:2:44: people.ada.accounts.app: is empty; write the person's name there, or take the line out",
				"curfew.yaml:3:24: people.bob.accounts.db: is the account of ada already; give each person one account, and each account one person",
			},
		},
		"ids": {"people: {Ada: {}, curfew: {}}\ntargets: {a/b: {kind: postgres}}\ntemplates:\n" +
			"  -t: {" + short + ", entitlements: [{target: a/b, role: r}], ticket: none, approval: {count: 1, from: [Ada]}}", []string{
			"curfew.yaml:1:10: people.Ada: is no id; use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit",
			"curfew.yaml:1:19: people.curfew: is the name that Curfew's own doings have in the ledger; choose another",
			"curfew.yaml:2:11: targets.a/b: is no id; use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit",
			"curfew.yaml:4:3: templates.-t: is no id; use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit",
		}},
		"kinds": {"targets:\n  a: {}\n  b: {kind: postgress}\n  c: {kind: teleport, anything: goes}", []string{
			"curfew.yaml:2:3: targets.a.kind: is missing; known here: lightrun, postgres",
			`curfew.yaml:3:13: targets.b.kind: there is no kind of target "postgress"; did you mean postgres?`,
			`curfew.yaml:4:13: targets.c.kind: there is no kind of target "teleport"; known here: lightrun, postgres`,
		}},
		"settings": {"targets:\n  db: {kind: postgres, kind: lightrun, dns: file:one}\n  app: {kind: lightrun}\n" +
			"  low: {kind: lightrun, url: u, lead: -1s, token: " + canary + "}", []string{
			"curfew.yaml:2:24: targets.db.kind: is there twice, first at line 2; keep one of them",
			"curfew.yaml:2:40: targets.db.dns: is no key that is known here; did you mean dsn?",
			"curfew.yaml:3:3: targets.app.url: is missing; write the address of your Lightrun",
			"curfew.yaml:4:39: targets.low.lead: -1s is not longer than zero; write it like 30m, 2h or 1h30m",
			"curfew.yaml:4:51: targets.low.token: is no reference to a secret; write env:NAME or file:/path, and keep the secret there",
		}},
		"durations": {
			"templates:\n  a: {" + role + ", duration: {default: 0s, max: -1h}, pending: soon, " + approved + "}\n" +
				"  b: {" + role + ", duration: {default: 3h, max: 2h}, " + approved + "}\n" +
				"  c: {" + role + ", " + approved + "}" + world, []string{
				"curfew.yaml:2:66: templates.a.duration.default: 0s is not longer than zero; write it like 30m, 2h or 1h30m",
				"curfew.yaml:2:75: templates.a.duration.max: -1h is not longer than zero; write it like 30m, 2h or 1h30m",
				`curfew.yaml:2:90: templates.a.pending: "soon" is not a duration; write it like 30m, 2h or 1h30m`,
				"curfew.yaml:3:66: templates.b.duration.default: 3h is longer than max; lower it to at most 2h",
				"curfew.yaml:4:3: templates.c.duration.default: is missing; write how long access lasts if nobody says, like 1h",
				"curfew.yaml:4:3: templates.c.duration.max: is missing; write the longest that access may last, like 4h",
			},
		},
		"longer than the kind allows": {
			"templates:\n  t: {entitlements: [{target: app, agentPoolIds: [p], roles: []}], duration: {default: 1h, max: 745h}, " + approved + "}" + world,
			[]string{"curfew.yaml:2:97: templates.t.duration.max: 745h is longer than app (lightrun) allows; lower it to at most 744h"},
		},
		"entitlements": {
			"templates:\n  t:\n    entitlements:\n      - {target: bd, role: r}\n      - {role: r}\n      - {target: db, role: ''}\n" +
				"      - {target: db, rule: r}\n      - {target: app, agentPoolIds: []}\n      - {target: db, role: r}\n      - {role: r, target: db}\n" +
				"      - {target: db, role: .inf}\n      - 7\n      - {target: db, role: ~}\n    " +
				"duration: {default: 1h, max: 2h}\n    ticket: none\n    approval: {count: 1, from: [ada]}\n" +
				"  u: {" + short + ", entitlements: [], " + approved + "}" + world, []string{
				`curfew.yaml:4:18: templates.t.entitlements[0].target: there is no target "bd"; did you mean db?`,
				"curfew.yaml:5:9: templates.t.entitlements[1].target: is missing; name one of targets",
				"curfew.yaml:6:28: templates.t.entitlements[2].role: is empty; name one",
				`curfew.yaml:7:9: templates.t.entitlements[3]: is no entitlement: json: unknown field "rule"; write role`,
				"curfew.yaml:8:23: templates.t.entitlements[4].agentPoolIds: is empty; name one",
				"curfew.yaml:10:9: templates.t.entitlements[6]: is the same as templates.t.entitlements[5]; keep one of them",
				"curfew.yaml:11:9: templates.t.entitlements[7]: can't be written as JSON: json: unsupported value: +Inf; write ordinary numbers",
				"curfew.yaml:12:9: templates.t.entitlements[8]: holds no keys and values; write key: value lines below it",
				"curfew.yaml:13:28: templates.t.entitlements[9].role: has no value; write a value, or take the line out",
				"curfew.yaml:17:41: templates.u.entitlements: is missing; list at least one",
			},
		},
		"approval": {
			"templates:\n  a: {" + short + ", " + role + ", ticket: none}\n" +
				"  b: {" + short + ", " + role + ", ticket: none, approval: {count: 3, from: [ada, grcae, ada]}}\n" +
				"  c: {" + short + ", " + role + ", ticket: none, approval: {count: 2, from: [ada]}}\n" +
				"  d: {" + short + ", " + role + ", ticket: none, approval: {count: -1, form: [ada]}}\n" + world, []string{
				"curfew.yaml:2:3: templates.a.approval.count: is missing; write how many must approve: 1 or more",
				`curfew.yaml:3:127: templates.b.approval.from[1]: there is no person "grcae"; did you mean grace?`,
				"curfew.yaml:3:134: templates.b.approval.from[2]: ada is there already; take it out",
				"curfew.yaml:4:112: templates.c.approval.count: is more than the 1 people in from; lower it, or name more people in from",
				"curfew.yaml:5:112: templates.d.approval.count: is less than 1; write 1 or more",
				"curfew.yaml:5:116: templates.d.approval.form: is no key that is known here; did you mean from?",
			},
		},
		"choices": {"templates:\n  t: {" + short + ", " + role + ", ticket: requierd, sessions: stay, approval: {count: 1, from: [ada]}}" + world, []string{
			`curfew.yaml:2:88: templates.t.ticket: "requierd" is no choice here; did you mean required?`,
			`curfew.yaml:2:108: templates.t.sessions: "stay" is no choice here; known here: end, keep`,
		}},
		"a ticket without a tracker": {"templates:\n  t: {" + short + ", " + role + ", approval: {count: 1, from: [ada]}}" + world, []string{
			"curfew.yaml:2:3: templates.t.ticket: is required, but there is no tracker to look in; set tickets.jira, or write ticket: none",
		}},
		"conditions": {
			"templates:\n  t:\n    " + role + "\n    " + short + "\n    ticket: none\n    approval: {count: 1, from: [ada]}\n    constraints:\n" +
				"      - {name: a, message: m, condition: request.durtion > duration('1h')}\n" +
				"      - {name: a, message: m, condition: \"request.duration\"}\n" +
				"      - name: c\n        message: m\n        condition: |\n          ticket.found &&\n          nobody.found\n" +
				"      - {name: d, message: m, condition: 'requester.groups.all(a, subject.groups.all(b, a + b == request.reason))'}\n" +
				"      - {condition: 'true'}\n      - {name: B!, message: m}\n    automatic:\n      - {name: x, condition: 1 + 1}\n" + world, []string{
				"curfew.yaml:8:49: templates.t.constraints[0].condition: undefined field 'durtion'; docs/policy.md lists what conditions may name",
				"curfew.yaml:9:16: templates.t.constraints[1].name: a is there already; choose another",
				"curfew.yaml:9:43: templates.t.constraints[1].condition: gives google.protobuf.Duration, not true or false; make it a comparison, or anything else that is true or false",
				"curfew.yaml:14:11: templates.t.constraints[2].condition: undeclared reference to 'nobody'; docs/policy.md lists what conditions may name",
				"curfew.yaml:15:43: templates.t.constraints[3].condition: can cost 7276035 steps, and 20000 are allowed; compare fewer things with each other: a list within a list costs their product",
				"curfew.yaml:16:9: templates.t.constraints[4].message: is missing; say what people must do, like: ask between 8 and 18 o'clock",
				"curfew.yaml:16:9: templates.t.constraints[4].name: is missing; give it a name, like security",
				"curfew.yaml:17:9: templates.t.constraints[5].condition: is missing; write an expression that is true or false; docs/policy.md says how",
				"curfew.yaml:17:16: templates.t.constraints[5].name: is no name; use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit",
				"curfew.yaml:19:30: templates.t.automatic[0].condition: gives int, not true or false; make it a comparison, or anything else that is true or false",
			},
		},
		"groups": {
			"groups: {ops: [ada, adda, ada], Ops: []}\n" + world, []string{
				`curfew.yaml:1:21: groups.ops[1]: there is no person "adda"; did you mean ada?`,
				"curfew.yaml:1:27: groups.ops[2]: ada is there already; take it out",
				"curfew.yaml:1:33: groups.Ops: is no id; use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit",
			},
		},
		"approval rules": {
			"groups: {ops: [ada, grace]}\ntemplates:\n  t:\n    " + role + "\n    " + short + "\n    ticket: none\n    approval: {count: 1, from: [ada]}\n    approvals:\n" +
				"      - {name: a, groups: [opps], people: [adda]}\n" +
				"      - {name: a, groups: [ops], approve: 3, deny: 0, after: 5m}\n" +
				"      - {people: [ada], then: {groups: [ops]}}\n" + world, []string{
				"curfew.yaml:8:5: templates.t.approvals: is there beside approval; keep one of them",
				`curfew.yaml:9:28: templates.t.approvals[0].groups[0]: there is no group "opps"; did you mean ops?`,
				`curfew.yaml:9:44: templates.t.approvals[0].people[0]: there is no person "adda"; did you mean ada?`,
				"curfew.yaml:10:16: templates.t.approvals[1].name: a is there already; choose another",
				"curfew.yaml:10:43: templates.t.approvals[1].approve: is more than the 2 people whom the rule names; lower it, or name more people or groups",
				"curfew.yaml:10:52: templates.t.approvals[1].deny: is less than 1; write 1 or more",
				"curfew.yaml:10:62: templates.t.approvals[1].after: leads to nobody; name the people or groups who may review from then on in then, or take it out",
				"curfew.yaml:11:9: templates.t.approvals[2].name: is missing; give it a name, like security",
				"curfew.yaml:11:25: templates.t.approvals[2].then: has no time; write after how long in after, like 15m",
			},
		},
		"who may ask, and what for": {
			"templates:\n  t: {" + role + ", " + short + ", requesters: {people: [adda], groups: [ops]}, onBehalf: [ops], ticket: {use: maybe, projects: [ops-], requesterIs: [watcher]}, " +
				"approval: {count: 1, from: [ada]}}\n  u: {" + role + ", " + short + ", onBehalf: sometimes, ticket: {}, incident: {onCall: -1}, approval: {count: 1, from: [ada]}}\n" + world, []string{
				`curfew.yaml:2:102: templates.t.requesters.people[0]: there is no person "adda"; did you mean ada?`,
				`curfew.yaml:2:118: templates.t.requesters.groups[0]: there is no group "ops"; list its members in groups`,
				`curfew.yaml:2:136: templates.t.onBehalf[0]: there is no group "ops"; list its members in groups`,
				`curfew.yaml:2:156: templates.t.ticket.use: "maybe" is no choice here; known here: none, optional, required`,
				"curfew.yaml:2:174: templates.t.ticket.projects[0]: is no project; write what its tickets' keys begin with, like OPS",
				`curfew.yaml:2:195: templates.t.ticket.requesterIs[0]: "watcher" is no choice here; known here: assignee, reporter`,
				"curfew.yaml:3:90: templates.u.onBehalf: is neither; write true, false, or a list of groups like [support]",
				"curfew.yaml:3:101: templates.u.ticket: is required, but there is no tracker to look in; set tickets.jira, or write ticket: none",
				"curfew.yaml:3:132: templates.u.incident.onCall: is less than 1; write 1 or more",
			},
		},
		"a bound that binds nobody": {world + "templates: {t: {" + role + ", " + short + ", " + approved + ", requesters: {bindSubject: true}}}", []string{
			"curfew.yaml:9:165: templates.t.requesters.bindSubject: binds to nobody: everybody may ask; name people or groups beside it, or take it out",
		}},
		"times": {
			"groups: {ops: [ada]}\ntemplates:\n  t: {" + role + ", duration: {min: 2h, default: 1h, max: 2h, maxContinuous: 30m}, pending: 1h, reminders: [30m, 30m, 1h], extension: {most: -1}, " +
				"endWith: [tickets], breakGlass: {groups: [ops], maxDuration: 3h}, " + approved + "}\n  u: {" + role + ", " + short + ", breakGlass: {maxDuration: 1h}, " + approved + "}\n" + world, []string{
				"curfew.yaml:3:62: templates.t.duration.min: 2h is longer than default; lower it to at most 1h",
				"curfew.yaml:3:103: templates.t.duration.maxContinuous: 30m is shorter than default; raise it to at least 1h",
				"curfew.yaml:3:139: templates.t.reminders[1]: 30m is not after 30m; write them from the first to the last",
				"curfew.yaml:3:144: templates.t.reminders[2]: 1h is not before the request lapses; write less than 1h",
				"curfew.yaml:3:167: templates.t.extension.most: is less than 0; write 0 or more",
				`curfew.yaml:3:182: templates.t.endWith[0]: "tickets" is no choice here; did you mean ticket?`,
				"curfew.yaml:3:192: templates.t.breakGlass.reviewWithin: is missing; write within what time a second person has to review it, like 24h",
				"curfew.yaml:3:233: templates.t.breakGlass.maxDuration: 3h is longer than duration.max; lower it to at most 2h",
				"curfew.yaml:4:80: templates.u.breakGlass.groups: is missing; name the groups whose members may use break-glass access",
				"curfew.yaml:4:80: templates.u.breakGlass.reviewWithin: is missing; write within what time a second person has to review it, like 24h",
			},
		},
		"what templates inherit is told once, where it is": {
			"defaults:\n  duration: {default: 3h, max: 2h}\n  ticket: none\n  pending: soon\n  approval: {count: 2, from: [ada]}\n  description: d\n  " +
				"constraints: [{name: a, message: m, condition: nobody}]\ntemplates:\n  t: {" + role + "}\n  u: {" + role + "}\n" + world, []string{
				"curfew.yaml:2:23: defaults.duration.default: 3h is longer than max; lower it to at most 2h",
				`curfew.yaml:4:12: defaults.pending: "soon" is not a duration; write it like 30m, 2h or 1h30m`,
				"curfew.yaml:5:21: defaults.approval.count: is more than the 1 people in from; lower it, or name more people in from",
				"curfew.yaml:6:16: defaults.description: is what one template is good for; move it to the templates",
				"curfew.yaml:7:50: defaults.constraints[0].condition: undeclared reference to 'nobody'; docs/policy.md lists what conditions may name",
			},
		},
		"nobody is missed in lost people": {
			"peopel: {}\ntemplates:\n  t: {" + short + ", " + role + ", " + approved + "}" + systems, []string{
				"curfew.yaml:1:1: peopel: is no key that is known here; did you mean people?",
			},
		},
		"no target is missed in lost targets": {
			"targets: 7\ntemplates:\n  t: {" + short + ", " + role + ", " + approved + "}" + directory, []string{
				"curfew.yaml:1:10: targets: holds no keys and values; write key: value lines below it",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, mistakes(t, test.text))
		})
	}
}

func TestMistakesSayWhereAndWhatOnTheirOwn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(folder(t, "server:\n  listn: x"), "curfew.yaml")
	_, err := config.Load(file, kinds)
	require.Equal(t, config.Errors{{
		File: file, Line: 2, Column: 3, Field: "server.listn",
		Fault: "is no key that is known here", Fix: "did you mean listen?",
	}}, err)
}

func TestFilesThatCannotBeReadAreMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := config.Load(filepath.Join(dir, "missing.yaml"), kinds)
	require.EqualError(
		t,
		err,
		filepath.Join(
			dir,
			"missing.yaml",
		)+": can't be read: no such file or directory; name a file that Curfew may read",
	)
	_, err = config.Load(dir, kinds)
	require.EqualError(t, err, dir+": can't be read: is a directory; name a file that Curfew may read")

	large := filepath.Join(dir, "large.yaml")
	require.NoError(t, os.WriteFile(large, []byte("server: {}\n"+strings.Repeat("#", 1<<20)), 0o600))
	_, err = config.Load(large, kinds)
	require.EqualError(t, err, large+": is larger than 1024 KiB; keep only the configuration in it")
}

func TestWhatMessagesRepeatIsBounded(t *testing.T) {
	t.Parallel()
	for _, line := range mistakes(t, "people: {"+strings.Repeat("ä", 5000)+": {}}\ntargets: {a: {kind: "+strings.Repeat("b", 5000)+"}}") {
		require.Less(t, len(line), 300)
	}
	require.Len(t, mistakes(t, strings.Repeat("- a\n", 10)+"- "), 1)
	require.Len(t, mistakes(t, "people:\n"+strings.Repeat("  A: {}\n", 5000)), 500)
}
