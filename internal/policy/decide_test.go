package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/policy"
	"curfew/workflows/contract"
)

var asked = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// facts are those of a request that ada made for herself, and that two of grace, edsger and barbara must approve.
func facts(changes ...func(*policy.Facts)) policy.Facts {
	terms := func() contract.Terms {
		return contract.Terms{
			Digest: "d1", MaxDuration: hours(4),
			Rules: contract.Rules{
				Ticket:   contract.TicketRule{Required: true},
				OnBehalf: contract.OnBehalf{Anybody: true},
				Approvals: []contract.ApprovalRule{
					{Name: "peers", Count: 2, From: []string{"ada", "grace", "edsger", "barbara"}},
				},
			},
		}
	}
	present := terms()
	facts := policy.Facts{
		Request: contract.Request{
			ID:        "r1",
			Template:  "debug-prod",
			Requester: "ada",
			Subject:   "ada",
			Duration:  hours(2),
			Purpose:   contract.Purpose{Ticket: "OPS-7"},
			AskedAt:   asked,
			Terms:     terms(),
		},
		Present: &present, Now: asked.Add(time.Hour),
		People: map[string]policy.Person{"ada": {}, "grace": {}, "edsger": {}, "barbara": {}, "mallory": {}},
		Groups: map[string][]string{},
		Ticket: policy.Ticket{Found: true},
	}
	for _, change := range changes {
		change(&facts)
	}
	return facts
}

// both changes the pinned and the present terms alike.
func both(change func(*contract.Terms)) func(*policy.Facts) {
	return func(f *policy.Facts) { change(&f.Request.Terms); change(f.Present) }
}

// rules changes the rules of both terms.
func rules(change func(*contract.Rules)) func(*policy.Facts) {
	return both(func(terms *contract.Terms) { change(&terms.Rules) })
}

// gist is what most tests look at.
func gist(d contract.Decision) contract.Decision {
	return contract.Decision{Ruling: d.Ruling, Approvals: d.Approvals, Needed: d.Needed, From: d.From, Why: d.Why}
}

func decide(f policy.Facts) contract.Decision { return policy.Explain(f).Decision }

func hours(n time.Duration) contract.Duration { return contract.Duration{Duration: n * time.Hour} }

// says adds a review, each a minute after the one before.
func says(reviewer string, verdict contract.Verdict) func(*policy.Facts) {
	return func(f *policy.Facts) {
		at := asked.Add(time.Duration(len(f.Reviews)) * time.Minute)
		f.Reviews = append(f.Reviews, contract.Review{Request: "r1", Reviewer: reviewer, Verdict: verdict, At: at})
	}
}

func approves(reviewer string) func(*policy.Facts) { return says(reviewer, contract.VerdictApprove) }

func denies(reviewer string) func(*policy.Facts) { return says(reviewer, contract.VerdictDeny) }

// nowFrom changes the list of the template after the request was made.
func nowFrom(count int, from ...string) func(*policy.Facts) {
	return func(f *policy.Facts) {
		f.Present.Digest = "d2"
		f.Present.Rules.Approvals = []contract.ApprovalRule{{Name: "peers", Count: count, From: from}}
	}
}

func TestP1_NothingIsGrantedWithoutTheApprovalsThatTheRuleAsksFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		facts policy.Facts
		want  contract.Decision
	}{
		"no review yet": {
			facts(),
			contract.Decision{
				Ruling: contract.RulingReview, Needed: 2, From: []string{"grace", "edsger", "barbara"},
				Why: "0 of 2 approvals; grace, edsger, barbara may review",
			},
		},
		"one approval of two": {
			facts(approves("edsger")),
			contract.Decision{
				Ruling: contract.RulingReview, Approvals: 1, Needed: 2, From: []string{"grace", "barbara"},
				Why: "1 of 2 approvals; grace, barbara may review",
			},
		},
		"enough approvals": {
			facts(approves("edsger"), approves("grace")),
			contract.Decision{Ruling: contract.RulingGrant, Approvals: 2, Needed: 2, Why: "approved by grace, edsger"},
		},
		"the same person twice counts once": {
			facts(approves("grace"), approves("grace")),
			contract.Decision{
				Ruling: contract.RulingReview, Approvals: 1, Needed: 2, From: []string{"edsger", "barbara"},
				Why: "1 of 2 approvals; edsger, barbara may review",
			},
		},
		"a person listed twice counts once": {
			facts(rules(func(r *contract.Rules) { r.Approvals[0].From = []string{"grace", "grace", "edsger"} }), approves("grace")),
			contract.Decision{
				Ruling: contract.RulingReview, Approvals: 1, Needed: 2, From: []string{"edsger"},
				Why: "1 of 2 approvals; edsger may review",
			},
		},
		"who is not listed does not count": {
			facts(approves("mallory"), approves("grace")),
			contract.Decision{
				Ruling: contract.RulingReview, Approvals: 1, Needed: 2, From: []string{"edsger", "barbara"},
				Why: "1 of 2 approvals; edsger, barbara may review",
			},
		},
		"the objection of who is not listed does not count": {
			facts(denies("mallory"), approves("grace"), approves("edsger")),
			contract.Decision{Ruling: contract.RulingGrant, Approvals: 2, Needed: 2, Why: "approved by grace, edsger"},
		},
		"approvals of another request don't count": {
			facts(approves("grace"), approves("edsger"), func(f *policy.Facts) { f.Reviews[1].Request = "r2" }),
			contract.Decision{
				Ruling: contract.RulingReview, Approvals: 1, Needed: 2, From: []string{"edsger", "barbara"},
				Why: "1 of 2 approvals; edsger, barbara may review",
			},
		},
		"a verdict that means nothing does not count, nor use up the person's review": {
			facts(says("grace", "maybe"), approves("grace"), approves("edsger")),
			contract.Decision{Ruling: contract.RulingGrant, Approvals: 2, Needed: 2, Why: "approved by grace, edsger"},
		},
		"a rule that asks for none still needs one": {
			facts(rules(func(r *contract.Rules) { r.Approvals[0].Count = 0 })),
			contract.Decision{
				Ruling: contract.RulingReview, Needed: 1, From: []string{"grace", "edsger", "barbara"},
				Why: "0 of 1 approvals; grace, edsger, barbara may review",
			},
		},
		"a ticket that nobody asks for is not missed": {
			facts(approves("grace"), approves("edsger"), rules(func(r *contract.Rules) { r.Ticket = contract.TicketRule{} }),
				func(f *policy.Facts) { f.Ticket = policy.Ticket{} }),
			contract.Decision{Ruling: contract.RulingGrant, Approvals: 2, Needed: 2, Why: "approved by grace, edsger"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, gist(decide(test.facts)))
		})
	}
}

func TestDeniesWithTheReason(t *testing.T) {
	t.Parallel()
	approved := func(f *policy.Facts) { approves("grace")(f); approves("edsger")(f) }
	for name, test := range map[string]struct {
		facts policy.Facts
		why   string
	}{
		"one objection outweighs the approvals": {facts(approved, denies("barbara")), "denied by barbara"},
		"the first review of a person counts": {
			facts(denies("grace"), approves("grace"), approves("edsger"), approves("barbara")), "denied by grace",
		},
		"of two reviews at one instant the stricter counts": {
			facts(approves("grace"), denies("grace"), approves("edsger"), func(f *policy.Facts) { f.Reviews[1].At = f.Reviews[0].At }),
			"denied by grace",
		},
		"the template is gone": {facts(approved, func(f *policy.Facts) { f.Present = nil }), "the template debug-prod is gone"},
		"the requester is unknown": {
			facts(approved, func(f *policy.Facts) { f.Request.Requester = "eve" }), `the requester "eve" is no known person`,
		},
		"the subject is unknown": {
			facts(approved, func(f *policy.Facts) { f.Request.Subject = "eve" }), `the subject "eve" is no known person`,
		},
		"the person left": {
			facts(approved, func(f *policy.Facts) { delete(f.People, "ada") }), `the requester "ada" is no known person`,
		},
		"no time at all": {
			facts(approved, func(f *policy.Facts) { f.Request.Duration = hours(0) }), "the duration 0s is not longer than zero",
		},
		"less than no time": {
			facts(approved, func(f *policy.Facts) { f.Request.Duration = hours(-1) }), "the duration -1h is not longer than zero",
		},
		"longer than the template allows": {
			facts(approved, func(f *policy.Facts) { f.Request.Duration = hours(5) }), "the duration 5h is over the template's maximum of 4h",
		},
		"longer than the template allows now": {
			facts(approved, func(f *policy.Facts) { f.Present.Digest, f.Present.MaxDuration = "d2", hours(1) }),
			"the duration 2h is over the maximum of 1h that the template has now",
		},
		"a template that allows more now does not lengthen the pinned maximum": {
			facts(approved, func(f *policy.Facts) {
				f.Present.Digest, f.Present.MaxDuration, f.Request.Duration = "d2", hours(9), hours(8)
			}),
			"the duration 8h is over the template's maximum of 4h",
		},
		"no ticket is named": {
			facts(approved, func(f *policy.Facts) { f.Ticket.Found, f.Request.Ticket = false, "" }),
			"the template asks for a ticket, and none is named",
		},
		"the ticket is not there": {
			facts(approved, func(f *policy.Facts) { f.Ticket.Found = false }), "the ticket OPS-7 was not found",
		},
		"every obstacle is told": {
			facts(approved, func(f *policy.Facts) { f.Present, f.Ticket.Found = nil, false }),
			"the template debug-prod is gone; the ticket OPS-7 was not found",
		},
		"an objection of a reviewer that the template no longer lists stays": {
			facts(denies("grace"), nowFrom(1, "edsger")), "denied by grace",
		},
		"too few are left": {
			facts(nowFrom(2, "ada", "grace")),
			"nobody is left who may approve: of the 2 needed, only grace of the listed is known and neither asks for the access nor gets it, nor has denied it" +
				"; the template has changed, and the stricter terms hold",
		},
		"none are left": {
			facts(func(f *policy.Facts) { f.People = map[string]policy.Person{"ada": {}} }),
			"nobody is left who may approve: of the 2 needed, none of the listed is known and neither asks for the access nor gets it, nor has denied it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decision := decide(test.facts)
			require.Equal(t, test.why, decision.Why)
			require.Equal(t, contract.RulingDeny, decision.Ruling)
			require.Empty(t, decision.From)
		})
	}
}

func TestP6_NobodyApprovesTheirOwnRequest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]policy.Facts{
		"as requester": facts(approves("ada"), approves("grace")),
		"as requester for somebody else": facts(approves("ada"), approves("grace"),
			func(f *policy.Facts) { f.Request.Subject = "mallory" }),
		"as subject of somebody else's request": facts(approves("ada"), approves("grace"),
			func(f *policy.Facts) { f.Request.Requester = "mallory" }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decision := decide(test)
			require.Equal(t, contract.RulingReview, decision.Ruling)
			require.Equal(t, 1, decision.Approvals)
			require.Equal(t, []string{"edsger", "barbara"}, decision.From)
		})
	}
}

func TestTheStricterOfPinnedAndPresentTermsHolds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		facts  policy.Facts
		needed int
		from   []string
	}{
		"a reviewer was taken off":        {facts(nowFrom(2, "grace", "edsger")), 2, []string{"grace", "edsger"}},
		"a reviewer was put on":           {facts(nowFrom(2, "grace", "edsger", "mallory")), 2, []string{"grace", "edsger"}},
		"more approvals are needed now":   {facts(nowFrom(3, "grace", "edsger", "barbara")), 3, []string{"grace", "edsger", "barbara"}},
		"fewer approvals are needed now":  {facts(nowFrom(1, "grace", "edsger")), 2, []string{"grace", "edsger"}},
		"a reviewer left":                 {facts(func(f *policy.Facts) { delete(f.People, "barbara") }), 2, []string{"grace", "edsger"}},
		"who approved is no reviewer now": {facts(approves("barbara"), nowFrom(2, "grace", "edsger")), 2, []string{"grace", "edsger"}},
		"who approved was not one at first": {
			facts(approves("mallory"), nowFrom(2, "grace", "edsger", "mallory")), 2, []string{"grace", "edsger"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decision := decide(test.facts)
			require.Equal(t, contract.RulingReview, decision.Ruling)
			require.Zero(t, decision.Approvals)
			require.Equal(t, test.needed, decision.Needed)
			require.Equal(t, test.from, decision.From)
		})
	}
}

func TestOnlyWhatTheTemplateGivesTodayIsGranted(t *testing.T) {
	t.Parallel()
	given := contract.Access{
		Target:      "orders-db",
		Entitlement: []byte(`{"role":"reporting"}`),
		Person:      "ada",
		Account:     "ada",
	}
	more, moved, another := given, given, given
	more.Entitlement, moved.Account, another.Person = []byte(`{"role":"owner"}`), "ada-2", "mallory"
	for name, tc := range map[string]struct {
		asked contract.Access
		want  contract.Ruling
	}{
		"what it gives":                         {given, contract.RulingGrant},
		"another entitlement":                   {more, contract.RulingDeny},
		"an account that the directory changed": {moved, contract.RulingDeny},
		"somebody else's":                       {another, contract.RulingDeny},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decision := decide(facts(approves("grace"), approves("edsger"), func(f *policy.Facts) {
				f.Request.Terms.Accesses, f.Present.Accesses = []contract.Access{tc.asked}, []contract.Access{given}
			}))
			require.Equal(t, tc.want, decision.Ruling, decision.Why)
		})
	}
}
