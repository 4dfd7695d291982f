package policy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/policy"
	"curfew/workflows/contract"
)

func minutes(n time.Duration) contract.Duration { return contract.Duration{Duration: n * time.Minute} }

func bothApprove(f *policy.Facts) { approves("grace")(f); approves("edsger")(f) }

func TestEachRuleOfATemplateIsHeld(t *testing.T) {
	t.Parallel()
	forMallory := func(f *policy.Facts) { f.Request.Subject = "mallory" }
	ticket := func(rule contract.TicketRule, is policy.Ticket) func(*policy.Facts) {
		return func(f *policy.Facts) {
			rules(func(r *contract.Rules) { r.Ticket = rule })(f)
			f.Ticket = is
		}
	}
	incident := func(rule contract.IncidentRule, is policy.Incident) func(*policy.Facts) {
		return func(f *policy.Facts) {
			rule.Required = true
			rules(func(r *contract.Rules) { r.Incident = rule })(f)
			f.Request.Incident, f.Incident = "PINC7", is
		}
	}
	extended := func(rule contract.ExtensionRule, x policy.Extension) func(*policy.Facts) {
		return func(f *policy.Facts) {
			rules(func(r *contract.Rules) { r.Extension = rule })(f)
			f.Extension = &x
		}
	}
	none := 0
	open := policy.Incident{Found: true, Service: "PSHOP", Open: true, Acknowledged: true, OnCall: 1}
	for name, test := range map[string]struct {
		change func(*policy.Facts)
		why    string // empty: granted
	}{
		"a requester who is listed": {rules(func(r *contract.Rules) { r.Requesters.People = []string{"ada"} }), ""},
		"a requester who is not": {
			rules(func(r *contract.Rules) { r.Requesters.People = []string{"grace"} }), "ada may not ask for debug-prod",
		},
		"a requester in a group": {func(f *policy.Facts) {
			f.Groups["ops"] = []string{"ada"}
			rules(func(r *contract.Rules) { r.Requesters.Groups = []string{"ops"} })(f)
		}, ""},
		"a requester who left the group": {
			rules(func(r *contract.Rules) { r.Requesters.Groups = []string{"ops"} }), "ada may not ask for debug-prod",
		},
		"the template of today lists fewer requesters": {
			func(f *policy.Facts) { f.Present.Rules.Requesters.People = []string{"grace"} }, "ada may not ask for debug-prod",
		},
		"for somebody else": {func(f *policy.Facts) {
			forMallory(f)
			rules(func(r *contract.Rules) { r.OnBehalf = contract.OnBehalf{} })(f)
		}, "ada may not ask for debug-prod on behalf of somebody else"},
		"for somebody else, as a member of a group": {func(f *policy.Facts) {
			forMallory(f)
			f.Groups["support"] = []string{"ada"}
			rules(func(r *contract.Rules) { r.OnBehalf = contract.OnBehalf{Groups: []string{"support"}} })(f)
		}, ""},
		"for somebody else who may not ask, where that is enough": {func(f *policy.Facts) {
			forMallory(f)
			rules(func(r *contract.Rules) { r.Requesters.People = []string{"ada"} })(f)
		}, ""},
		"for somebody else who may not ask, where the subject is bound": {func(f *policy.Facts) {
			forMallory(f)
			rules(func(r *contract.Rules) { r.Requesters.People, r.BindSubject = []string{"ada"}, true })(f)
		}, "mallory may not get debug-prod, whoever asks for it"},
		"for somebody else who may ask, where the subject is bound": {func(f *policy.Facts) {
			forMallory(f)
			f.Groups["ops"] = []string{"mallory"}
			rules(func(r *contract.Rules) {
				r.Requesters.People, r.Requesters.Groups, r.BindSubject = []string{"ada"}, []string{"ops"}, true
			})(f)
		}, ""},
		"the template of today binds the subject": {func(f *policy.Facts) {
			forMallory(f)
			rules(func(r *contract.Rules) { r.Requesters.People = []string{"ada"} })(f)
			f.Present.Rules.BindSubject = true
		}, "mallory may not get debug-prod, whoever asks for it"},
		"on and on, where nothing bounds it": {func(f *policy.Facts) { f.ContinuousSince = f.Now.Add(-900 * time.Hour) }, ""},
		"on and on, within the bound": {func(f *policy.Facts) {
			f.ContinuousSince = f.Now.Add(-4 * time.Hour)
			rules(func(r *contract.Rules) { r.MaxContinuous = hours(6) })(f)
		}, ""},
		"on and on, past the bound": {func(f *policy.Facts) {
			f.ContinuousSince = f.Now.Add(-4*time.Hour - time.Second)
			rules(func(r *contract.Rules) { r.MaxContinuous = hours(6) })(f)
		}, "ada would have this access for 6h0m1s without a break of 15m, and the template allows 6h"},
		"on and on, past the bound of today": {func(f *policy.Facts) {
			f.ContinuousSince, f.Present.Rules.MaxContinuous = f.Now.Add(-5*time.Hour), hours(6)
		}, "ada would have this access for 7h without a break of 15m, and the template allows 6h"},
		"longer than is allowed without a break, alone": {
			rules(func(r *contract.Rules) { r.MaxContinuous = hours(1) }), "ada would have this access for 2h without a break of 15m, and the template allows 1h",
		},
		"an extension past the bound": {func(f *policy.Facts) {
			f.GrantedAt, f.ContinuousSince = f.Now.Add(-time.Hour), f.Now.Add(-4*time.Hour)
			extended(contract.ExtensionRule{}, policy.Extension{Total: hours(4)})(f)
			rules(func(r *contract.Rules) { r.MaxContinuous = hours(6) })(f)
		}, "ada would have this access for 7h without a break of 15m, and the template allows 6h"},
		"a start after a break": {func(f *policy.Facts) {
			f.Request.StartAt = f.Now.Add(time.Hour)
			rules(func(r *contract.Rules) { r.MaxContinuous, r.StartWithin = hours(2), hours(48) })(f)
		}, ""},
		"too short": {
			rules(func(r *contract.Rules) { r.MinDuration = hours(3) }), "the duration 2h is under the template's minimum of 3h",
		},
		"a start that nobody allowed": {
			func(f *policy.Facts) { f.Request.StartAt = asked.Add(time.Hour) }, "the template allows no scheduled start",
		},
		"a start in time": {func(f *policy.Facts) {
			f.Request.StartAt = asked.Add(48 * time.Hour)
			rules(func(r *contract.Rules) { r.StartWithin = hours(48) })(f)
		}, ""},
		"a start too far ahead": {func(f *policy.Facts) {
			f.Request.StartAt = asked.Add(48*time.Hour + 1)
			rules(func(r *contract.Rules) { r.StartWithin = hours(48) })(f)
		}, "the start 2026-03-03T12:00:00Z is more than 48h ahead"},
		"a start in the past": {func(f *policy.Facts) {
			f.Request.StartAt = asked.Add(-1)
			rules(func(r *contract.Rules) { r.StartWithin = hours(48) })(f)
		}, "the start 2026-03-01T11:59:59Z is before the request was asked"},

		"the right project":            {ticket(contract.TicketRule{Required: true, Projects: []string{"OPS"}}, policy.Ticket{Found: true}), ""},
		"another project":              {ticket(contract.TicketRule{Required: true, Projects: []string{"OP", "SRE"}}, policy.Ticket{Found: true}), "the ticket OPS-7 is not in OP or SRE"},
		"a status that counts":         {ticket(contract.TicketRule{Statuses: []string{"in progress"}}, policy.Ticket{Found: true, Status: "In Progress"}), ""},
		"a status that does not":       {ticket(contract.TicketRule{Statuses: []string{"Open"}}, policy.Ticket{Found: true, Status: "Done"}), `the ticket OPS-7 is "Done", and must be Open`},
		"a status in another language": {ticket(contract.TicketRule{Statuses: []string{"Open"}}, policy.Ticket{Found: true, Status: "Open", ShownStatus: "Offen"}), ""},
		"a status as it is shown":      {ticket(contract.TicketRule{Statuses: []string{"Offen"}}, policy.Ticket{Found: true, Status: "Open", ShownStatus: "Offen"}), ""},
		"a ticket that has moved to the right project": {
			ticket(contract.TicketRule{Required: true, Projects: []string{"SEC"}}, policy.Ticket{Found: true, Key: "SEC-3"}), "",
		},
		"a ticket that has moved out of the right project": {
			ticket(contract.TicketRule{Required: true, Projects: []string{"OPS"}}, policy.Ticket{Found: true, Key: "SEC-3"}), "the ticket SEC-3 is not in OPS",
		},
		"an optional ticket that has to be right if there is one": {
			ticket(contract.TicketRule{Statuses: []string{"Open"}}, policy.Ticket{}), "the ticket OPS-7 was not found",
		},
		"the assignee": {ticket(contract.TicketRule{RequesterIs: []string{"assignee", "reporter"}}, policy.Ticket{Found: true, Assignee: "ada"}), ""},
		"somebody else's ticket": {
			ticket(contract.TicketRule{RequesterIs: []string{"assignee"}}, policy.Ticket{Found: true, Assignee: "grace", Reporter: "ada"}),
			"ada is not assignee of the ticket OPS-7",
		},
		"a ticket of nobody whom we know": {
			ticket(contract.TicketRule{RequesterIs: []string{"assignee"}}, policy.Ticket{Found: true}), "ada is not assignee of the ticket OPS-7",
		},

		"a good incident": {incident(contract.IncidentRule{Services: []string{"PSHOP"}, Open: true, Acknowledged: true, OnCall: 1}, open), ""},
		"no incident is named": {
			rules(func(r *contract.Rules) { r.Incident.Required = true }), "the template asks for an incident, and none is named",
		},
		"no incident system": {
			incident(contract.IncidentRule{}, policy.Incident{Unknown: "no incident system is configured"}),
			"the incident PINC7 can't be checked: no incident system is configured",
		},
		"an incident that is not there": {incident(contract.IncidentRule{}, policy.Incident{}), "the incident PINC7 was not found"},
		"another service":               {incident(contract.IncidentRule{Services: []string{"PX"}}, open), "the incident PINC7 is not about PX"},
		"a resolved, unseen incident, at home": {
			incident(contract.IncidentRule{Open: true, Acknowledged: true, OnCall: 2}, policy.Incident{Found: true}),
			"the incident PINC7 is not open; nobody has acknowledged the incident PINC7; ada is not on call for the incident PINC7 at level 2 or nearer",
		},
		"on call, but too far": {
			incident(contract.IncidentRule{OnCall: 1}, policy.Incident{Found: true, OnCall: 2}), "ada is not on call for the incident PINC7 at level 1 or nearer",
		},

		"an extension":              {extended(contract.ExtensionRule{}, policy.Extension{Total: hours(3)}), ""},
		"no extensions at all":      {extended(contract.ExtensionRule{Most: &none}, policy.Extension{Total: hours(3)}), "the template allows 0 extensions, and the request has had 0"},
		"extensions add up":         {extended(contract.ExtensionRule{Total: hours(1)}, policy.Extension{Total: hours(4), Added: minutes(61)}), "extensions may add 1h in all, and would add 1h1m"},
		"a review of the extension": {extended(contract.ExtensionRule{Review: true}, policy.Extension{Total: hours(3), Anew: true}), ""},
		"an extension without one":  {extended(contract.ExtensionRule{Review: true}, policy.Extension{Total: hours(3)}), "the template asks for reviews of each extension"},
		"an extension needs no ticket of today": {func(f *policy.Facts) {
			f.Extension, f.Ticket = &policy.Extension{Total: hours(3)}, policy.Ticket{}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decision := decide(facts(bothApprove, test.change))
			if test.why == "" {
				require.Equal(t, contract.RulingGrant, decision.Ruling, decision.Why)
				return
			}
			require.Equal(t, contract.RulingDeny, decision.Ruling)
			require.Equal(t, test.why, decision.Why)
		})
	}
}

func TestAConstraintThatDoesNotHoldDeniesInItsOwnWords(t *testing.T) {
	t.Parallel()
	constrained := func(condition string) policy.Facts {
		return facts(bothApprove, rules(func(r *contract.Rules) {
			r.Constraints = []contract.Constraint{{Name: "short", Message: "ask for an hour", Condition: condition}}
		}))
	}
	require.Equal(t, contract.RulingGrant, decide(constrained(`request.duration <= duration("2h")`)).Ruling)

	explained := policy.Explain(constrained(`request.duration <= duration("1h")`))
	require.Equal(t, contract.RulingDeny, explained.Decision.Ruling)
	require.Equal(t, "ask for an hour", explained.Decision.Why)
	require.Equal(
		t,
		[]policy.Value{{Name: "short", Condition: `request.duration <= duration("1h")`}},
		explained.Conditions,
	)

	for condition, problem := range map[string]string{
		`requester.groups[3] == "x"`: "index", // fails when it is evaluated
		`requester.grups == []`:      "undefined field 'grups'",
	} {
		explained = policy.Explain(constrained(condition))
		require.Equal(t, contract.RulingDeny, explained.Decision.Ruling)
		require.Contains(t, explained.Decision.Why, "ask for an hour (short could not be evaluated: ")
		require.Contains(t, explained.Conditions[0].Problem, problem)
	}
	require.Equal(
		t,
		contract.RulingDeny,
		policy.Decide(nil, constrained("true")).Decision.Ruling,
		"what was not compiled does not hold",
	)
}

func TestAutomaticApprovalNeedsEveryConditionOfBothTerms(t *testing.T) {
	t.Parallel()
	onCall := contract.Constraint{Name: "on-call", Condition: `incident.onCall == 1`}
	short := contract.Constraint{Name: "short", Condition: `request.duration <= duration("2h")`}
	automatic := rules(func(r *contract.Rules) { r.Automatic = []contract.Constraint{onCall, short} })
	atWork := func(f *policy.Facts) { f.Incident.OnCall = 1 }

	granted := decide(facts(automatic, atWork))
	require.Equal(t, contract.RulingGrant, granted.Ruling)
	require.Equal(t, "approved automatically: on-call, short", granted.Why)

	require.Equal(t, contract.RulingReview, decide(facts(automatic)).Ruling, "otherwise people decide")
	require.Equal(
		t,
		contract.RulingReview,
		decide(facts(automatic, atWork, func(f *policy.Facts) { f.Present.Rules.Automatic = nil })).Ruling,
	)
	require.Equal(
		t,
		contract.RulingReview,
		decide(facts(automatic, atWork, func(f *policy.Facts) { f.Request.Terms.Rules.Automatic = nil })).Ruling,
	)
	require.Equal(t, contract.RulingDeny, decide(facts(automatic, atWork, denies("grace"))).Ruling)
	require.Equal(
		t,
		contract.RulingDeny,
		decide(facts(automatic, atWork, func(f *policy.Facts) { f.Ticket.Found = false })).Ruling,
	)

	alone := decide(facts(automatic, rules(func(r *contract.Rules) { r.Approvals = nil })))
	require.Equal(t, contract.RulingDeny, alone.Ruling)
	require.Equal(
		t,
		"the conditions for automatic approval do not hold, and the template names no reviewers",
		alone.Why,
	)
	nobody := decide(facts(rules(func(r *contract.Rules) { r.Approvals = nil })))
	require.Equal(t, contract.RulingDeny, nobody.Ruling, "no rule at all grants nothing")
}

// twoRules ask for one of peers and, after a quarter of an hour, also of the leads; and for one of security.
func twoRules(f *policy.Facts) {
	f.Groups["security"], f.Groups["leads"] = []string{"barbara"}, []string{"mallory"}
	rules(func(r *contract.Rules) {
		r.Approvals = []contract.ApprovalRule{
			{
				Name:  "peers",
				Count: 1,
				Deny:  2,
				From:  []string{"grace", "edsger"},
				After: minutes(15),
				Then:  contract.People{Groups: []string{"leads"}},
			},
			{Name: "security", Count: 1, Groups: []string{"security"}},
		}
	})(f)
}

func after(d time.Duration) func(*policy.Facts) {
	return func(f *policy.Facts) { f.Now = asked.Add(d) }
}

func TestAGroupWhoseMembersSignInIsNeverTooSmall(t *testing.T) {
	t.Parallel()
	open := func(f *policy.Facts) {
		twoRules(f)
		f.Groups["security"], f.Open = nil, []string{"security"}
	}
	early := after(5 * time.Minute)
	waiting := decide(facts(open, early, approves("grace")))
	require.Equal(t, contract.RulingReview, waiting.Ruling)
	require.Equal(
		t,
		"security: 0 of 1 approvals; nobody may review yet; and who signs in as a member of security",
		waiting.Why,
	)
	require.Equal(
		t,
		contract.RulingDeny,
		decide(facts(open, early, approves("grace"), func(f *policy.Facts) { f.Open = nil })).Ruling,
	)

	joined := func(f *policy.Facts) { f.Groups["security"] = []string{"barbara", "ada"} }
	require.Equal(
		t,
		contract.RulingReview,
		decide(facts(open, joined, early, approves("grace"), approves("ada"))).Ruling,
		"the requester never counts",
	)
	require.Equal(
		t,
		contract.RulingGrant,
		decide(facts(open, joined, early, approves("grace"), approves("barbara"))).Ruling,
	)
	require.Equal(t, []string{"security"}, policy.MayReview(facts(open, joined), "barbara", asked))
	require.Empty(t, policy.MayReview(facts(open), "barbara", asked))
}

func TestEveryApprovalRuleMustBeMet(t *testing.T) {
	t.Parallel()
	early := after(5 * time.Minute)
	waiting := decide(facts(twoRules, early, approves("grace")))
	require.Equal(t, contract.RulingReview, waiting.Ruling)
	require.Equal(t, "security: 0 of 1 approvals; barbara may review", waiting.Why)
	require.Equal(t, []string{"barbara"}, waiting.From)
	require.Zero(t, waiting.Again, "peers are enough already")
	require.True(t, waiting.Rules[0].Met)
	require.Equal(
		t,
		contract.RulingGrant,
		decide(facts(twoRules, early, approves("grace"), approves("barbara"))).Ruling,
	)

	require.Equal(
		t,
		contract.RulingReview,
		decide(facts(twoRules, early, denies("grace"))).Ruling,
		"one of two denials",
	)
	require.Equal(
		t,
		"denied by peers: edsger, grace",
		decide(facts(twoRules, early, denies("grace"), denies("edsger"), approves("barbara"))).Why,
	)
	require.Equal(
		t,
		"denied by security: barbara",
		decide(facts(twoRules, early, approves("grace"), denies("barbara"))).Why,
	)
	stricter := func(f *policy.Facts) { f.Present.Rules.Approvals[0].Deny = 1 }
	require.Equal(
		t,
		"denied by peers: grace",
		decide(facts(twoRules, early, denies("grace"), stricter)).Why,
		"one is enough by the template of today",
	)
	moved := decide(
		facts(
			twoRules,
			early,
			approves("grace"),
			approves("barbara"),
			func(f *policy.Facts) { f.Groups["security"] = []string{"edsger"} },
		),
	)
	require.Equal(t, contract.RulingReview, moved.Ruling, "barbara has left the group before the grant")
}

func TestMorePeopleAreAskedWhenNobodyDecides(t *testing.T) {
	t.Parallel()
	waiting := decide(facts(twoRules, after(5*time.Minute)))
	require.Equal(t, asked.Add(15*time.Minute), waiting.Again)
	require.Equal(t, []string{"mallory"}, waiting.Rules[0].Later)
	require.Contains(t, waiting.Why, "peers: 0 of 1 approvals; grace, edsger may review, and from 12:15:00 UTC mallory")

	late := decide(facts(twoRules, after(15*time.Minute)))
	require.Zero(t, late.Again)
	require.Equal(t, []string{"grace", "edsger", "mallory", "barbara"}, late.From)

	tooEarly := func(f *policy.Facts) {
		f.Reviews = append(
			f.Reviews,
			contract.Review{
				Request:  "r1",
				Reviewer: "mallory",
				Verdict:  contract.VerdictApprove,
				At:       asked.Add(time.Minute),
			},
		)
	}
	require.Equal(
		t,
		contract.RulingReview,
		decide(facts(twoRules, tooEarly, approves("barbara"))).Ruling,
		"a review counts as of its own time",
	)
}

func TestAReviewCountsForTheRulesThatItWasBoundTo(t *testing.T) {
	t.Parallel()
	joined := func(f *policy.Facts) { f.Groups["security"] = append(f.Groups["security"], "grace") }
	bound := func(rules ...string) func(*policy.Facts) {
		return func(f *policy.Facts) { f.Reviews[len(f.Reviews)-1].Rules = rules }
	}
	require.Equal(
		t,
		contract.RulingGrant,
		decide(facts(twoRules, joined, approves("grace"), bound("peers", "security"))).Ruling,
	)
	require.Equal(t, contract.RulingReview, decide(facts(twoRules, joined, approves("grace"), bound("peers"))).Ruling)
	gone := decide(facts(twoRules, approves("grace"), approves("edsger"), denies("trent"), bound("security")))
	require.Equal(t, "denied by security: trent", gone.Why, "the denial of who has left since is heard")

	require.Equal(t, []string{"security"}, policy.MayReview(facts(twoRules), "barbara", asked))
	require.Equal(t, []string{"peers"}, policy.MayReview(facts(twoRules), "grace", asked))
	require.Empty(t, policy.MayReview(facts(twoRules), "mallory", asked))
	require.Equal(t, []string{"peers"}, policy.MayReview(facts(twoRules), "mallory", asked.Add(15*time.Minute)))
	require.Empty(
		t,
		policy.MayReview(
			facts(twoRules, func(f *policy.Facts) { f.Groups["security"] = []string{"ada"} }),
			"ada",
			asked,
		),
	)
}

func TestAReviewerShortensButNeverLengthens(t *testing.T) {
	t.Parallel()
	lasting := func(d contract.Duration) func(*policy.Facts) {
		return func(f *policy.Facts) { f.Reviews[len(f.Reviews)-1].Duration = d }
	}
	require.Equal(t, hours(2), decide(facts(bothApprove)).Duration)
	require.Equal(
		t,
		hours(1),
		decide(facts(approves("grace"), lasting(hours(1)), approves("edsger"), lasting(minutes(90)))).Duration,
	)
	require.Equal(t, hours(2), decide(facts(approves("grace"), lasting(hours(9)), approves("edsger"))).Duration)
	require.Equal(
		t,
		contract.RulingReview,
		decide(facts(approves("grace"), lasting(hours(-1)), approves("edsger"))).Ruling,
	)

	short := decide(facts(approves("grace"), lasting(hours(1)), approves("edsger"), func(f *policy.Facts) {
		f.Extension = &policy.Extension{Total: minutes(61)}
	}))
	require.Equal(t, contract.RulingDeny, short.Ruling)
	require.Equal(t, "grace approved at most 1h in all", short.Why)
}

func TestBreakGlassAccessNeedsNoApprovalForTheNamedGroupOnly(t *testing.T) {
	t.Parallel()
	glass := func(f *policy.Facts) {
		f.Request.BreakGlass, f.Ticket = true, policy.Ticket{}
		f.Groups["oncall"] = []string{"ada"}
		rules(func(r *contract.Rules) {
			r.BreakGlass = contract.BreakGlassRule{Groups: []string{"oncall"}, MaxDuration: hours(2)}
			r.Incident.Required = true
		})(f)
	}
	opened := decide(facts(glass))
	require.Equal(t, contract.RulingGrant, opened.Ruling)
	require.True(t, opened.BreakGlass)
	require.Equal(t, []string{"grace", "edsger", "barbara"}, opened.Reviewers, "who was skipped")

	for name, test := range map[string]struct {
		change func(*policy.Facts)
		why    string
	}{
		"not in the group":  {func(f *policy.Facts) { f.Groups["oncall"] = nil }, "ada may not use break-glass access to debug-prod"},
		"no glass any more": {func(f *policy.Facts) { f.Present.Rules.BreakGlass = contract.BreakGlassRule{} }, "ada may not use break-glass access to debug-prod; the duration 2h is over the maximum of break-glass access of 0s that the template has now"},
		"too long":          {func(f *policy.Facts) { f.Request.Duration = hours(3) }, "the duration 3h is over the template's maximum of break-glass access of 2h"},
		"extended too long": {func(f *policy.Facts) { f.Extension = &policy.Extension{Total: hours(3)} }, "the duration 3h is over the template's maximum of break-glass access of 2h"},
		"against a constraint": {rules(func(r *contract.Rules) {
			r.Constraints = []contract.Constraint{{Name: "never", Message: "not during the migration", Condition: "false"}}
		}), "not during the migration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decision := decide(facts(glass, test.change))
			require.Equal(t, contract.RulingDeny, decision.Ruling)
			require.Equal(t, test.why, decision.Why)
		})
	}
}

func TestAStoredDecisionIsMadeAgainAlike(t *testing.T) {
	t.Parallel()
	explained := policy.Explain(facts(twoRules, approves("grace"), rules(func(r *contract.Rules) {
		r.Constraints = []contract.Constraint{
			{Name: "short", Message: "m", Condition: `request.duration <= duration("2h")`},
		}
	})))
	kept, err := explained.Packed()
	require.NoError(t, err)
	stored, err := policy.Unpack(kept)
	require.NoError(t, err)
	require.Equal(t, explained, stored)
	require.Equal(t, explained, policy.Explain(stored.Facts))
}

func BenchmarkDecideWithTenConditions(b *testing.B) {
	f := facts(approves("grace"), twoRules, rules(func(r *contract.Rules) {
		for i, condition := range []string{
			`request.duration <= duration("2h")`, `"ops" in requester.groups || true`, `ticket.found && ticket.project == "OPS"`,
			`now.getHours() >= 8 && now.getHours() < 18`, `now.getDayOfWeek() != 0 || true`, `!request.extension`,
			`requester.id == subject.id`, `ticket.status in ["Open", "In Progress"] || true`, `request.reason.size() >= 0`,
			`subject.groups.all(g, g != "contractors")`,
		} {
			r.Constraints = append(
				r.Constraints,
				contract.Constraint{Name: fmt.Sprint("c", i), Message: "m", Condition: condition},
			)
		}
	}))
	conditions := policy.Compile(f.Request.Terms)
	b.ReportAllocs()
	for b.Loop() {
		if policy.Decide(conditions, f).Decision.Ruling != contract.RulingReview {
			b.Fatal("the benchmark measures something else")
		}
	}
}

func TestReviewersAreToldHowLongTheSubjectHasHadTheAccessWithoutABreak(t *testing.T) {
	t.Parallel()
	since := asked.Add(-3 * time.Hour)
	f := facts(func(f *policy.Facts) { f.ContinuousSince = since })
	decision := decide(f)
	require.Equal(t, contract.RulingReview, decision.Ruling)
	require.Equal(t, since, decision.ContinuousSince)
	require.Contains(t, decision.Why, "ada has had this access for 4h without a break, since 2026-03-01T09:00:00Z")
	require.NotContains(t, decide(facts()).Why, "without a break")
}

func TestBreakGlassAccessIsUsedAgainUnlessTheTemplateRefusesIt(t *testing.T) {
	t.Parallel()
	again := func(once bool) func(*policy.Facts) {
		return func(f *policy.Facts) {
			f.Request.BreakGlass, f.Unreviewed, f.Groups["ops"] = true, []string{"r0"}, []string{"ada"}
			rules(func(r *contract.Rules) {
				r.BreakGlass = contract.BreakGlassRule{
					Groups:       []string{"ops"},
					MaxDuration:  hours(4),
					ReviewWithin: hours(1),
					Once:         once,
				}
			})(f)
		}
	}
	decision := decide(facts(again(false)))
	require.Equal(t, contract.RulingGrant, decision.Ruling, decision.Why)
	require.Equal(t, []string{"r0"}, decision.Unreviewed)
	decision = decide(facts(again(true)))
	require.Equal(t, contract.RulingDeny, decision.Ruling)
	require.Equal(t, "ada has used break-glass access before, and nobody has reviewed it yet: r0", decision.Why)
	reviewed := facts(again(true), func(f *policy.Facts) { f.Unreviewed = nil })
	require.Equal(t, contract.RulingGrant, decide(reviewed).Ruling)
}
