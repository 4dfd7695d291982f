package policy_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/internal/policy"
	"curfew/workflows/contract"
)

var everybody = []string{"ada", "grace", "edsger", "barbara", "mallory", "trent"}

// anyFacts are mostly such that the reviews decide, so that grants are not rare.
func anyFacts(t *rapid.T) policy.Facts {
	someone := rapid.SampledFrom(everybody)
	mostly := rapid.SampledFrom([]bool{true, true, true, true, true, true, false})
	pinned := anyTerms(t, "d1")
	facts := policy.Facts{
		Request: contract.Request{
			ID: "r1", Requester: someone.Draw(t, "requester"), Subject: someone.Draw(t, "subject"), Duration: hours(2),
			AskedAt: asked, Purpose: contract.Purpose{Ticket: "OPS-7"}, Terms: pinned,
		},
		Reviews: rapid.SliceOfN(rapid.Custom(anyReview), 0, 8).Draw(t, "reviews"),
		Now:     asked.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "now")) * time.Minute),
		People:  map[string]policy.Person{},
		Groups:  map[string][]string{"sec": rapid.SliceOfN(someone, 0, 4).Draw(t, "sec")},
		Ticket:  policy.Ticket{Found: mostly.Draw(t, "found")},
	}
	if mostly.Draw(t, "present") {
		present := pinned
		if rapid.Bool().Draw(t, "changed") {
			present = anyTerms(t, "d2")
		}
		facts.Present = &present
	}
	for _, person := range everybody {
		if mostly.Draw(t, person) {
			facts.People[person] = policy.Person{}
		}
	}
	return facts
}

// anyTerms have one or two rules of the same names, so that pinned and present ones meet.
func anyTerms(t *rapid.T, digest string) contract.Terms {
	rule := func(name string) contract.ApprovalRule {
		r := contract.ApprovalRule{
			Name: name, Count: rapid.IntRange(0, 3).Draw(t, "count"), Deny: rapid.IntRange(0, 2).Draw(t, "deny"),
			From: rapid.SliceOfN(rapid.SampledFrom(everybody), 2, 8).Draw(t, "from"),
		}
		if rapid.Bool().Draw(t, "group") {
			r.Groups = []string{"sec"}
		}
		if rapid.Bool().Draw(t, "escalates") {
			r.After = contract.Duration{Duration: 3 * time.Minute}
			r.Then = contract.People{People: rapid.SliceOfN(rapid.SampledFrom(everybody), 1, 3).Draw(t, "then")}
		}
		return r
	}
	terms := contract.Terms{Digest: digest, MaxDuration: hours(4)}
	terms.Rules.OnBehalf.Anybody, terms.Rules.Ticket.Required = true, true
	terms.Rules.Approvals = append(terms.Rules.Approvals, rule("peers"))
	if rapid.IntRange(0, 3).Draw(t, "two") == 0 {
		terms.Rules.Approvals = append(terms.Rules.Approvals, rule("security"))
	}
	return terms
}

func anyReview(t *rapid.T) contract.Review {
	return contract.Review{
		Request:  rapid.SampledFrom([]string{"r1", "r1", "r1", "r2"}).Draw(t, "request"),
		Reviewer: rapid.SampledFrom(everybody).Draw(t, "reviewer"),
		Verdict: rapid.SampledFrom([]contract.Verdict{
			contract.VerdictApprove, contract.VerdictApprove, contract.VerdictApprove, contract.VerdictDeny,
		}).Draw(t, "verdict"),
		At: asked.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "minute")) * time.Minute),
	}
}

// may is a rule in other words than the code's.
func may(facts policy.Facts, rule contract.ApprovalRule, person string) bool {
	if _, known := facts.People[person]; !known || person == facts.Request.Requester ||
		person == facts.Request.Subject {
		return false
	}
	listed := slices.Contains(rule.From, person) || len(rule.Groups) > 0 && slices.Contains(facts.Groups["sec"], person)
	escalated := rule.After.Duration > 0 && facts.Now.Sub(asked) >= rule.After.Duration
	return listed || escalated && slices.Contains(rule.Then.People, person)
}

func TestP1_AGrantHasTheApprovalsThatEveryRuleOfBothTermsAsksFor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		decision := decide(facts)
		require.NotEmpty(t, decision.Why)
		if decision.Ruling != contract.RulingGrant {
			return
		}
		require.NotNil(t, facts.Present)
		for _, rule := range slices.Concat(facts.Request.Terms.Rules.Approvals, facts.Present.Rules.Approvals) {
			approved := map[string]bool{}
			denied := map[string]bool{}
			for _, review := range facts.Reviews {
				if review.Request != facts.Request.ID || !may(facts, rule, review.Reviewer) {
					continue
				}
				if review.Verdict == contract.VerdictApprove {
					approved[review.Reviewer] = true
				} else if first(facts, review) {
					denied[review.Reviewer] = true
				}
			}
			require.GreaterOrEqual(t, len(approved), max(1, rule.Count), "approvals of %s", rule.Name)
			require.Less(t, len(denied), max(1, rule.Deny), "denials of %s", rule.Name)
		}
	})
}

// first is true when nobody's earlier review takes the place of this one.
func first(facts policy.Facts, review contract.Review) bool {
	return !slices.ContainsFunc(facts.Reviews, func(other contract.Review) bool {
		return other.Request == review.Request && other.Reviewer == review.Reviewer && other.At.Before(review.At)
	})
}

func TestTheOrderOfReviewsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		want := decide(facts)
		facts.Reviews = rapid.Permutation(facts.Reviews).Draw(t, "order")
		require.Equal(t, want, decide(facts))
	})
}

func TestADenialMoreNeverMakesAYesOfANo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		before := decide(facts).Ruling
		denial := anyReview(t)
		denial.Verdict = contract.VerdictDeny
		facts.Reviews = append(facts.Reviews, denial)
		if before != contract.RulingGrant {
			require.NotEqual(t, contract.RulingGrant, decide(facts).Ruling)
		}
	})
}

func TestAnApprovalMoreNeverTakesAGrantBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		if decide(facts).Ruling != contract.RulingGrant {
			return
		}
		approval := anyReview(t)
		approval.Verdict = contract.VerdictApprove
		facts.Reviews = append(facts.Reviews, approval)
		require.Equal(t, contract.RulingGrant, decide(facts).Ruling)
	})
}

func TestWhoeverMayStillReviewCanMakeADifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		decision := decide(facts)
		if decision.Ruling != contract.RulingReview {
			require.Empty(t, decision.From)
			require.Zero(t, decision.Again)
			return
		}
		for !decision.Again.IsZero() {
			require.True(t, decision.Again.After(facts.Now))
			facts.Now = decision.Again
			decision = decide(facts)
		}
		for _, person := range decision.From {
			facts.Reviews = append(facts.Reviews, contract.Review{
				Request: "r1", Reviewer: person, Verdict: contract.VerdictApprove, At: facts.Now,
			})
		}
		require.Equal(t, contract.RulingGrant, decide(facts).Ruling)
	})
}

// Fifty people review at once; whatever the order in which their reviews come, there is one decision, and it is final.
func TestFiftyReviewersAtOnceMakeOneDecision(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := facts(rules(func(r *contract.Rules) {
			r.Approvals = []contract.ApprovalRule{{Name: "all", Count: 20, Deny: 10, Groups: []string{"fifty"}}}
		}))
		denials, fifty := rapid.IntRange(0, 50).Draw(t, "denials"), []string{}
		for i := range 50 {
			person := "p-" + strconv.Itoa(i)
			fifty, facts.People[person] = append(fifty, person), policy.Person{}
			verdict := contract.VerdictApprove
			if i < denials {
				verdict = contract.VerdictDeny
			}
			facts.Reviews = append(
				facts.Reviews,
				contract.Review{Request: "r1", Reviewer: person, Verdict: verdict, At: asked},
			)
		}
		facts.Groups["fifty"] = fifty
		facts.Reviews = rapid.Permutation(facts.Reviews).Draw(t, "order")
		want := contract.RulingGrant
		if denials >= 10 {
			want = contract.RulingDeny
		}
		require.Equal(t, want, decide(facts).Ruling, "%d denials", denials)
	})
}

func TestNoExtensionPassesTheMaximum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		around := rapid.SampledFrom([]time.Duration{-time.Hour, -1, 0, 1, time.Second, time.Hour, 1 << 62, -1 << 62})
		pinned, present := hours(4), hours(time.Duration(rapid.IntRange(1, 8).Draw(t, "present")))
		total := contract.Duration{
			Duration: rapid.SampledFrom([]time.Duration{0, pinned.Duration, present.Duration}).
				Draw(t, "near") +
				around.Draw(
					t,
					"by",
				),
		}
		decision := decide(facts(approves("grace"), approves("edsger"), func(f *policy.Facts) {
			f.Present.MaxDuration = present
			f.Extension = &policy.Extension{Total: total}
		}))
		allowed := total.Duration > 0 && total.Duration <= min(pinned.Duration, present.Duration)
		require.Equal(t, allowed, decision.Ruling == contract.RulingGrant, decision.Why)
		require.Equal(t, allowed, decision.Duration == total && total.Duration > 0)
	})
}
