package seal_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// grounds are a request that was reviewed.
func (o *office) grounds(t testing.TB, reviewers ...string) contract.Grounds {
	t.Helper()
	g := contract.Grounds{Request: sealed(t, o.server, seal.OfRequest(request()), request())}
	for _, reviewer := range reviewers {
		g.Reviews = append(g.Reviews, o.reviewed(t, review(reviewer), request()))
	}
	return g
}

// reviewed is a review of what a reviewer was shown.
func (o *office) reviewed(t testing.TB, review contract.Review, shown any) contract.Sealed[contract.Review] {
	t.Helper()
	return sealed(t, o.server, seal.OfReview(review, digest(t, shown)), review)
}

func (o *office) extended(t testing.TB, extension contract.Extension) contract.Sealed[contract.Extension] {
	t.Helper()
	return sealed(t, o.server, seal.OfExtension(extension, digest(t, request())), extension)
}

// decided is a chain with a decision to grant.
func (o *office) decided(
	t testing.TB,
	grounds contract.Grounds,
	change ...func(*contract.DecisionFact),
) contract.Chain {
	t.Helper()
	fact, err := o.verifier.Grounds(grounds)
	require.NoError(t, err)
	fact.Ruling, fact.Until, fact.PolicyDigest = contract.RulingGrant, now.Add(2*time.Hour+time.Minute), "policy"
	fact.Lasts.Duration = seal.Longest(grounds)
	for _, c := range change {
		c(&fact)
	}
	return contract.Chain{Grounds: grounds, Decision: sealed(t, o.decider, seal.OfDecision(fact), fact)}
}

func (o *office) allows(t testing.TB, chain contract.Chain) (contract.DecisionFact, error) {
	t.Helper()
	return o.verifier.Allows(sent(t, chain), request().ID, request().Terms.Accesses[0])
}

func TestAChainOfSealsAllowsWhatWasDecided(t *testing.T) {
	t.Parallel()
	o := open(t)
	longer := extension("p-alice")
	grounds := o.grounds(t, "p-carol", "p-dave")
	extended := grounds
	extended.Extensions = append(extended.Extensions, o.extended(t, longer))
	extended.Reviews = append(slices.Clone(grounds.Reviews), o.reviewed(t, review("p-carol"), longer))
	signaled := extension(contract.ActorSignal)
	sealed := o.grounds(t, "p-carol")
	sealed.Extensions = []contract.Sealed[contract.Extension]{{Fact: signaled}}
	sealed.Reviews = append(sealed.Reviews, o.reviewed(t, review("p-dave"), signaled))
	turned := o.decided(t, grounds)
	turned.Reviews = []contract.Sealed[contract.Review]{grounds.Reviews[1], grounds.Reviews[0]}
	for name, chain := range map[string]contract.Chain{
		"reviews in another order":                      turned,
		"request and reviews":                           o.decided(t, grounds),
		"no reviews, when the policy asks for none":     o.decided(t, o.grounds(t)),
		"an extension, and its review":                  o.decided(t, extended),
		"an extension by signal that a review approves": o.decided(t, sealed),
	} {
		decision, err := o.allows(t, chain)
		require.NoError(t, err, name)
		require.Equal(t, chain.Decision.Fact, decision, name)
	}
}

func TestAChainThatDoesNotHoldAllowsNothing(t *testing.T) {
	t.Parallel()
	o := open(t)
	stranger := open(t)
	chain := o.decided(t, o.grounds(t, "p-carol", "p-dave"))
	another := with(request(), func(r *contract.Request) { r.ID = "another" })
	former := with(request(), func(r *contract.Request) { r.Duration.Duration = 3 * time.Hour })
	access := request().Terms.Accesses[0]
	for name, test := range map[string]struct {
		change func(*contract.Chain)
		says   string
	}{
		"an unsealed request":   {func(c *contract.Chain) { c.Request.Seal = "" }, "request: it has no seal"},
		"an unsealed review":    {func(c *contract.Chain) { c.Reviews[1].Seal = "" }, "review: it has no seal"},
		"an unsealed decision":  {func(c *contract.Chain) { c.Decision.Seal = "" }, "decision: it has no seal"},
		"a longer duration":     {func(c *contract.Chain) { c.Request.Fact.Duration.Duration *= 2 }, "request: it is not what was sealed"},
		"another requester":     {func(c *contract.Chain) { c.Request.Fact.Requester = "p-bob" }, "vouches for"},
		"another subject":       {func(c *contract.Chain) { c.Request.Fact.Subject = "p-bob" }, "not what was sealed"},
		"a review turned round": {func(c *contract.Chain) { c.Reviews[0].Fact.Verdict = contract.VerdictDeny }, "review: it is not"},
		"another reviewer":      {func(c *contract.Chain) { c.Reviews[0].Fact.Reviewer = "p-erin" }, "vouches for"},
		"a later end":           {func(c *contract.Chain) { c.Decision.Fact.Until = now.AddDate(1, 0, 0) }, "decision: it is not"},
		"one review less":       {func(c *contract.Chain) { c.Reviews = c.Reviews[:1] }, "made on other facts"},
		"one review more":       {func(c *contract.Chain) { c.Reviews = append(c.Reviews, o.reviewed(t, review("p-erin"), request())) }, "made on other facts"},
		"a review twice":        {func(c *contract.Chain) { c.Reviews[1] = c.Reviews[0] }, "has reviewed it twice"},
		"an extension more":     {func(c *contract.Chain) { c.Extensions = append(c.Extensions, o.extended(t, extension("p-alice"))) }, "made on other facts"},
		"a decision by the server": {func(c *contract.Chain) {
			c.Decision = sealed(t, o.server, seal.OfDecision(c.Decision.Fact), c.Decision.Fact)
		}, "a server key may not"},
		"a rogue worker's yes": {
			func(c *contract.Chain) {
				c.Decision = sealed(t, stranger.decider, seal.OfDecision(c.Decision.Fact), c.Decision.Fact)
			}, "is not known here",
		},
		"another request's decision": {
			func(c *contract.Chain) {
				g := contract.Grounds{Request: sealed(t, o.server, seal.OfRequest(another), another)}
				c.Decision = o.decided(t, g).Decision
			}, "made on other facts",
		},
		"another request's decision, without reviews": {
			func(c *contract.Chain) {
				g := contract.Grounds{Request: sealed(t, o.server, seal.OfRequest(another), another)}
				*c = contract.Chain{Grounds: o.grounds(t), Decision: o.decided(t, g).Decision}
			}, "made on other facts",
		},
		"a decision on the request as it was": {
			func(c *contract.Chain) {
				g := contract.Grounds{Request: sealed(t, o.server, seal.OfRequest(former), former)}
				*c = contract.Chain{Grounds: o.grounds(t), Decision: o.decided(t, g).Decision}
			}, "made on other facts",
		},
		"a decision in another request's name": {
			func(c *contract.Chain) {
				*c = o.decided(t, c.Grounds, func(d *contract.DecisionFact) { d.Request = "another" })
			}, "made on other facts",
		},
		"another request": {
			func(c *contract.Chain) {
				*c = o.decided(t, contract.Grounds{Request: sealed(t, o.server, seal.OfRequest(another), another)})
			}, `it is the request "another"`,
		},
		"a ruling to review": {
			func(c *contract.Chain) {
				*c = o.decided(t, c.Grounds, func(d *contract.DecisionFact) { d.Ruling = contract.RulingReview })
			}, `its ruling is "review"`,
		},
		"an end that the request does not allow": {
			func(c *contract.Chain) {
				*c = o.decided(t, c.Grounds, func(d *contract.DecisionFact) { d.Until = now.Add(4 * time.Hour) })
			}, "an end, 2026-11-23T16:00:00Z, that the request does not",
		},
		"a longer time than the request asks for": {
			func(c *contract.Chain) {
				*c = o.decided(t, c.Grounds, func(d *contract.DecisionFact) { d.Lasts.Duration++ })
			}, "that the request does not",
		},
		"no time": {
			func(c *contract.Chain) {
				*c = o.decided(t, c.Grounds, func(d *contract.DecisionFact) { d.Lasts.Duration = 0 })
			}, "it allows 0s",
		},
	} {
		forged := with(chain, func(c *contract.Chain) { c.Reviews = slices.Clone(c.Reviews) })
		test.change(&forged)
		decision, err := o.allows(t, forged)
		require.Error(t, err, name)
		requireRefused(t, err, test.says)
		require.Zero(t, decision)
	}
	for name, change := range map[string]func(*contract.Access){
		"another target":      func(a *contract.Access) { a.Target = "payroll" },
		"another entitlement": func(a *contract.Access) { a.Entitlement = json.RawMessage(`{"role":"owners"}`) },
		"another account":     func(a *contract.Access) { a.Account = "root" },
		"another person":      func(a *contract.Access) { a.Person = "p-bob" },
	} {
		_, err := o.verifier.Allows(chain, request().ID, with(access, change))
		require.Error(t, err, name)
		requireRefused(t, err, "does not ask for this access")
	}
	foreign := with(request(), func(r *contract.Request) { r.Subject = "p-bob" })
	_, err := o.verifier.Allows(
		o.decided(
			t,
			contract.Grounds{Request: sealed(t, o.server, seal.OfRequest(foreign), foreign)},
		),
		foreign.ID,
		access,
	)
	requireRefused(t, err, "does not ask for this access")
	_, err = o.verifier.Allows(contract.Chain{}, "", contract.Access{})
	requireRefused(t, err, "no seal")
}

func TestP6GroundsHoldNoReviewOfOnesOwn(t *testing.T) {
	t.Parallel()
	o := open(t)
	onBehalf := with(request(), func(r *contract.Request) { r.Subject = "p-bob" })
	longer := extension("p-carol")
	for name, grounds := range map[string]contract.Grounds{
		"by who is both": o.grounds(t, "p-dave", "p-alice"),
		"by the requester": {
			Request: sealed(t, o.server, seal.OfRequest(onBehalf), onBehalf),
			Reviews: []contract.Sealed[contract.Review]{o.reviewed(t, review("p-alice"), onBehalf)},
		},
		"by the subject": {
			Request: sealed(t, o.server, seal.OfRequest(onBehalf), onBehalf),
			Reviews: []contract.Sealed[contract.Review]{o.reviewed(t, review("p-bob"), onBehalf)},
		},
		"by who asked for more": {
			Request: o.grounds(t).Request, Extensions: []contract.Sealed[contract.Extension]{o.extended(t, longer)},
			Reviews: []contract.Sealed[contract.Review]{o.reviewed(t, review("p-carol"), longer)},
		},
	} {
		_, err := o.verifier.Grounds(grounds)
		require.Error(t, err, name)
		requireRefused(t, err, "has asked for it or would get it")
	}
}

func TestGroundsThatDoNotBelongTogetherAreRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	former := with(request(), func(r *contract.Request) { r.Duration.Duration = time.Minute })
	elsewhere := with(review("p-carol"), func(r *contract.Review) { r.Request = "another" })
	signaled := extension(contract.ActorSignal)
	abroad := with(extension("p-alice"), func(e *contract.Extension) { e.Request = "another" })
	for name, test := range map[string]struct {
		change func(*contract.Grounds)
		says   string
	}{
		"a review of the request as it was": {
			func(g *contract.Grounds) { g.Reviews = append(g.Reviews, o.reviewed(t, review("p-carol"), former)) }, "was shown something else",
		},
		"a review of an extension that is not there": {
			func(g *contract.Grounds) { g.Reviews = append(g.Reviews, o.reviewed(t, review("p-carol"), signaled)) }, "was shown something else",
		},
		"a review of another request": {
			func(g *contract.Grounds) { g.Reviews = append(g.Reviews, o.reviewed(t, elsewhere, request())) }, `belongs to the request "another"`,
		},
		"two reviews of one person": {
			func(g *contract.Grounds) {
				g.Reviews = append(g.Reviews, o.reviewed(t, review("p-carol"), request()),
					o.reviewed(t, with(review("p-carol"), func(r *contract.Review) { r.Reason = "again" }), request()))
			}, "has reviewed it twice",
		},
		"a signaled extension that nobody vouches for": {
			func(g *contract.Grounds) {
				g.Extensions = append(g.Extensions, contract.Sealed[contract.Extension]{Fact: signaled})
			},
			"no review vouches for it",
		},
		"a signaled extension that is denied": {
			func(g *contract.Grounds) {
				g.Extensions = append(g.Extensions, contract.Sealed[contract.Extension]{Fact: signaled})
				g.Reviews = append(g.Reviews, o.reviewed(t, with(review("p-dave"), func(r *contract.Review) { r.Verdict = contract.VerdictDeny }), signaled))
			}, "no review vouches for it",
		},
		"an approval of the request for a signaled extension": {
			func(g *contract.Grounds) {
				g.Extensions = append(g.Extensions, contract.Sealed[contract.Extension]{Fact: signaled})
				g.Reviews = append(g.Reviews, o.reviewed(t, review("p-dave"), request()))
			}, "no review vouches for it",
		},
		"a signaled extension of another request": {
			func(g *contract.Grounds) {
				fact := with(signaled, func(e *contract.Extension) { e.Request = "another" })
				g.Extensions = append(g.Extensions, contract.Sealed[contract.Extension]{Fact: fact})
			}, `belongs to the request "another"`,
		},
		"an extension of another request": {
			func(g *contract.Grounds) { g.Extensions = append(g.Extensions, o.extended(t, abroad)) }, `belongs to the request "another"`,
		},
		"an extension of the request as it was": {
			func(g *contract.Grounds) {
				e := extension("p-alice")
				g.Extensions = append(g.Extensions, sealed(t, o.server, seal.OfExtension(e, digest(t, former)), e))
			}, "shown something else",
		},
		"an extension twice": {
			func(g *contract.Grounds) {
				g.Extensions = append(g.Extensions, o.extended(t, extension("p-alice")), o.extended(t, extension("p-alice")))
			}, "there twice",
		},
		"an extension by nothing": {
			func(g *contract.Grounds) {
				g.Extensions = append(g.Extensions, o.extended(t, with(extension("p-alice"), func(e *contract.Extension) { e.Duration.Duration = -1 })))
			}, "makes nothing longer",
		},
		"more than can be looked at": {
			func(g *contract.Grounds) { g.Reviews = make([]contract.Sealed[contract.Review], 1001) }, "more than 1000",
		},
	} {
		grounds := o.grounds(t)
		test.change(&grounds)
		fact, err := o.verifier.Grounds(grounds)
		require.Error(t, err, name)
		requireRefused(t, err, test.says)
		require.Zero(t, fact)
	}
}

// Whatever the decider says: pending for an hour, an hour for its targets, then two hours and what it was extended by.
func TestNoDecisionPassesWhatTheRequestAllows(t *testing.T) {
	t.Parallel()
	o := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		fact := request()
		fact.Duration.Duration = rapid.SampledFrom([]time.Duration{1, time.Minute, 2 * time.Hour, 8 * time.Hour, 9 * time.Hour, 1<<63 - 1}).
			Draw(rt, "duration")
		wait := fact.Terms.PendingFor.Duration
		begins := fact.AskedAt.Add(wait)
		if rapid.Bool().Draw(rt, "scheduled") {
			fact.StartAt = now.Add(rapid.SampledFrom([]time.Duration{time.Minute, 48 * time.Hour}).Draw(rt, "start"))
			if fact.StartAt.After(begins) {
				begins = fact.StartAt
			}
		}
		grounds := contract.Grounds{Request: sealed(t, o.server, seal.OfRequest(fact), fact)}
		lasts := min(fact.Duration.Duration, 8*time.Hour)
		for i, by := range rapid.SliceOfN(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 5 * time.Hour, 1<<63 - 1}), 0, 4).Draw(rt, "extensions") {
			e := with(
				extension("p-alice"),
				func(e *contract.Extension) { e.Duration.Duration, e.Reason = by, fmt.Sprint(i) },
			)
			grounds.Extensions = append(
				grounds.Extensions,
				sealed(t, o.server, seal.OfExtension(e, digest(t, fact)), e),
			)
			lasts = min(lasts+min(by, 8*time.Hour), 8*time.Hour)
		}
		latest := begins.Add(wait + lasts)
		past := rapid.SampledFrom([]time.Duration{-time.Hour, -1, 0, 1, time.Minute, 100 * 365 * 24 * time.Hour}).
			Draw(rt, "past the limit")

		chain := o.decided(t, grounds, func(d *contract.DecisionFact) { d.Until = latest.Add(past) })
		decision, err := o.verifier.Allows(chain, fact.ID, fact.Terms.Accesses[0])

		if past > 0 {
			require.Error(rt, err)
			require.Zero(rt, decision)
			return
		}
		require.NoError(rt, err)
		require.False(rt, decision.Until.After(latest))
		require.LessOrEqual(rt, decision.Lasts.Duration, lasts)
	})
}

func BenchmarkAllows(b *testing.B) {
	o := open(b)
	chain := o.decided(b, o.grounds(b, "p-carol", "p-dave"))
	for b.Loop() {
		_, err := o.verifier.Allows(chain, request().ID, request().Terms.Accesses[0])
		require.NoError(b, err)
	}
}

func TestP2BreakGlassAccessLastsNoLongerThanItsOwnMaximum(t *testing.T) {
	t.Parallel()
	fact := request()
	fact.Duration.Duration, fact.Terms.MaxDuration.Duration = 4*time.Hour, 8*time.Hour
	fact.Terms.Rules.BreakGlass.MaxDuration.Duration = time.Hour
	grounds := contract.Grounds{Request: contract.Sealed[contract.Request]{Fact: fact}}
	require.Equal(t, 4*time.Hour, seal.Longest(grounds))
	grounds.Request.Fact.BreakGlass = true
	require.Equal(t, time.Hour, seal.Longest(grounds))
}
