package target_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// office has the keys of a server and of a worker that decides.
type office struct {
	t               *testing.T
	journal         ledger.Decisions
	server, decider *seal.Signer
	verifier        *seal.Verifier
	keys            seal.Keys
	access          contract.Access
	asked           time.Time
}

func newOffice(b *bench) *office { return newOfficeSince(b, 0) }

// newOfficeSince has keys that have been good for a while.
func newOfficeSince(b *bench, age time.Duration) *office {
	b.t.Helper()
	o := &office{t: b.t, journal: b.ledger, access: b.access, asked: time.Now().UTC().Truncate(time.Second)}
	for role, signer := range map[seal.Role]**seal.Signer{seal.RoleServer: &o.server, seal.RoleDecider: &o.decider} {
		key, private, err := seal.NewKey(role, o.asked.Add(-age))
		require.NoError(b.t, err)
		*signer, err = seal.ParseSigner(string(private))
		require.NoError(b.t, err)
		o.keys = append(o.keys, key)
	}
	var err error
	o.verifier, err = seal.NewVerifier(o.keys, time.Now)
	require.NoError(b.t, err)
	b.verifier = o.verifier
	return o
}

func sealed[T any](o *office, signer *seal.Signer, matter seal.Matter, fact T) contract.Sealed[T] {
	o.t.Helper()
	sealed, err := seal.Of(signer, matter, o.asked, fact)
	require.NoError(o.t, err)
	return sealed
}

// chain is a request that was decided, with extensions.
func (o *office) chain(id string, lasts time.Duration, extensions ...time.Duration) contract.Chain {
	o.t.Helper()
	hours := func(n time.Duration) contract.Duration { return contract.Duration{Duration: n * time.Hour} }
	request := contract.Request{
		ID:        id,
		Template:  "debug",
		Requester: "alice",
		Subject:   "alice",
		Duration:  contract.Duration{Duration: lasts},
		AskedAt:   o.asked,
		Terms:     contract.Terms{Accesses: []contract.Access{o.access}, MaxDuration: hours(8), PendingFor: hours(1)},
	}
	grounds := contract.Grounds{Request: sealed(o, o.server, seal.OfRequest(request), request)}
	digest, err := seal.Digest(request)
	require.NoError(o.t, err)
	for i, by := range extensions {
		extension := contract.Extension{
			Request:  id,
			By:       "alice",
			Duration: contract.Duration{Duration: by},
			At:       o.asked.Add(time.Duration(i)),
		}
		grounds.Extensions = append(
			grounds.Extensions,
			sealed(o, o.server, seal.OfExtension(extension, digest), extension),
		)
	}
	fact, err := o.verifier.Grounds(grounds)
	require.NoError(o.t, err)
	fact.Ruling, fact.Lasts.Duration, fact.Until = contract.RulingGrant, seal.Longest(grounds), seal.Latest(grounds)
	require.NoError(o.t, o.journal.Decide(o.t.Context(), ledger.Decision{
		Request: id, Ruling: contract.RulingGrant, At: o.asked, Explanation: []byte("{}"),
	}))
	return contract.Chain{Grounds: grounds, Decision: sealed(o, o.decider, seal.OfDecision(fact), fact)}
}

// hold is a command that asks for a lease of a chain's request.
func (b *bench) holdCommand(chain contract.Chain, lasts time.Duration) contract.GrantCommand {
	command := b.grantCommand(lasts, true)
	command.Leases[0].Request = chain.Request.Fact.ID
	command.Chains = []contract.Chain{chain}
	return command
}

func TestP7NoLeaseIsTakenThatWasNotDecided(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(*office, *contract.GrantCommand){
		"without a chain": func(_ *office, c *contract.GrantCommand) { c.Chains = nil },
		"for a year": func(_ *office, c *contract.GrantCommand) {
			c.Leases[0].Until = time.Now().AddDate(1, 0, 0)
		},
		"for longer than it was decided": func(_ *office, c *contract.GrantCommand) {
			c.Leases[0].Until = time.Now().Add(time.Hour + 2*time.Minute)
		},
		"by another request's chain": func(o *office, c *contract.GrantCommand) { c.Chains = []contract.Chain{o.chain("s", time.Hour)} },
		"of another account":         func(_ *office, c *contract.GrantCommand) { c.Access.Account = "root" },
		"with an edited decision": func(_ *office, c *contract.GrantCommand) {
			c.Chains[0].Decision.Fact.Lasts.Duration = 8 * time.Hour
		},
		"with the server's seal on a decision": func(o *office, c *contract.GrantCommand) {
			fact := c.Chains[0].Decision.Fact
			c.Chains[0].Decision = sealed(o, o.server, seal.OfDecision(fact), fact)
		},
		"in nobody's name": func(_ *office, c *contract.GrantCommand) { c.Leases[0].Request = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			o := newOffice(b)
			command := b.holdCommand(o.chain("r", time.Hour), time.Hour)
			forge(o, &command)
			_, err := b.grant(command)
			requireKind(t, contract.KindForbidden, err)
			require.False(t, b.can())
			alarms, err := b.ledger.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmForged})
			require.NoError(t, err)
			require.Len(t, alarms, 1)

			_, err = b.grant(b.holdCommand(o.chain("r", time.Hour), time.Hour))
			require.NoError(t, err, "what was decided is granted")
			require.True(t, b.can())
		})
	}
}

func TestP7AForgedLeaseHurtsNoOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := newOffice(b)
	command := b.holdCommand(o.chain("r", time.Hour), time.Hour)
	honest := command.Leases[0].Until
	command.Leases = command.Leases.With(contract.Lease{Request: "forged", Until: time.Now().AddDate(1, 0, 0)})
	receipt, err := b.grant(command)
	require.NoError(t, err)
	require.True(t, b.can())
	require.True(t, honest.Equal(receipt.Until))
	require.Len(t, receipt.Refused, 1)
	require.Equal(t, "forged", receipt.Refused[0].Request)

	longer := b.grantCommand(365*24*time.Hour, false)
	receipt, err = b.grant(longer)
	require.NoError(t, err)
	require.True(t, honest.Equal(receipt.Until), "a lease that may not be longer stays as it was")
	require.Equal(t, "r", receipt.Refused[0].Request)
}

func TestP7AnExtensionIsTakenWithTheDecisionThatAllowsIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := newOffice(b)
	_, err := b.grant(b.holdCommand(o.chain("r", time.Hour), time.Hour))
	require.NoError(t, err)
	longer := b.holdCommand(o.chain("r", time.Hour, 30*time.Minute), 90*time.Minute)
	receipt, err := b.grant(longer)
	require.NoError(t, err)
	require.Empty(t, receipt.Refused)
	require.True(t, longer.Until.Equal(receipt.Until))
	receipt, err = b.grant(b.holdCommand(o.chain("r", time.Hour, 30*time.Minute), 93*time.Minute))
	require.NoError(t, err)
	require.Len(t, receipt.Refused, 1)
	require.True(t, longer.Until.Equal(receipt.Until))
}

func TestP7WhatWasGivenUpForGoodIsNotTakenAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chain := newOffice(b).chain("r", time.Hour)
	_, err := b.grant(b.holdCommand(chain, time.Hour))
	require.NoError(t, err)
	over := b.endNow()
	over.Gone = contract.Gone{Released: []string{"r"}, Over: []string{"r"}}
	_, err = b.end(over)
	require.NoError(t, err)
	_, err = b.grant(b.holdCommand(chain, time.Minute))
	requireKind(t, contract.KindClosed, err)
	require.False(t, b.can())
}

func TestP7OneDecisionGivesNoMoreTimeThanItSaysHoweverOftenItIsShown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chain := newOffice(b).chain("r", time.Hour)
	_, err := b.grant(b.holdCommand(chain, time.Hour))
	require.NoError(t, err)
	b.aged(40 * time.Minute)
	again := b.endNow()
	again.Gone.Released = []string{"r"}
	_, err = b.end(again)
	require.NoError(t, err)
	require.False(t, b.can())

	receipt, err := b.grant(b.holdCommand(chain, time.Hour))
	require.NoError(t, err, "a request that another target held up comes back for the rest")
	require.True(t, b.can())
	require.WithinDuration(t, time.Now().Add(20*time.Minute), receipt.Until, 30*time.Second)

	receipt, err = b.grant(b.holdCommand(chain, 21*time.Minute))
	require.NoError(t, err)
	require.Len(t, receipt.Refused, 1, "while it is held, its end does not move")
	b.aged(21 * time.Minute)
	again.Token = b.token()
	_, err = b.end(again)
	require.NoError(t, err)
	_, err = b.grant(b.holdCommand(chain, time.Minute))
	requireKind(t, contract.KindClosed, err)
	require.False(t, b.can())
}

// A request whose decision was good until a while ago is late, and no forgery.
func TestAnExpiredLeaseOfAnHonestChainIsNoForgery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := newOfficeSince(b, 5*time.Hour)
	o.asked = o.asked.Add(
		-4 * time.Hour,
	) // it may wait for an hour, and for another one for its target, and last an hour
	_, err := b.grant(b.holdCommand(o.chain("r", time.Hour), time.Hour))
	requireKind(t, contract.KindClosed, err)
	require.ErrorContains(t, err, "its time is over")
	require.False(t, b.can())
	require.Empty(t, b.alarms(contract.AlarmForged))
}

// The server's clock is ahead, or that of this worker behind. Whoever has the right time may take it, later or
// elsewhere.
func TestASealOfTheFutureIsTriedAgainAndNeverAForgery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := newOffice(b)
	chain := o.chain("r", time.Hour)
	behind, err := seal.NewVerifier(o.keys, func() time.Time { return time.Now().Add(-5 * time.Minute) })
	require.NoError(t, err)
	b.verifier = behind
	command := b.holdCommand(chain, time.Hour)
	_, err = b.grant(command)
	requireKind(t, contract.KindUnavailable, err)
	require.ErrorContains(t, err, "still to come")
	require.False(t, b.can())
	require.Empty(t, b.alarms(contract.AlarmForged))

	b.verifier = o.verifier
	_, err = b.grant(command)
	require.NoError(t, err)
	require.True(t, b.can())

	b.verifier = behind
	_, err = b.end(b.endNow())
	require.NoError(t, err, "an end goes ahead whatever the clocks say")
	require.False(t, b.can())
}

// aged makes the holding believe that it was opened earlier.
func (b *bench) aged(by time.Duration) {
	b.t.Helper()
	locked, err := b.ledger.Lock(b.t.Context(), b.access.GrantID())
	require.NoError(b.t, err)
	defer locked.Unlock()
	holding := locked.Holding()
	require.Len(b.t, holding.Uses, 1)
	holding.Uses[0].Since = holding.Uses[0].Since.Add(-by)
	require.NoError(b.t, locked.Save(b.t.Context(), holding))
}

func TestP7HowALeaseEndsIsAsItWasAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	command := b.holdCommand(newOffice(b).chain("r", time.Hour), time.Hour)
	command.Leases[0].KeepSessions, command.Leases[0].Restore = true, true
	command.Leases[0].Reference, command.Leases[0].DriftCheckInterval.Duration = "OPS-666", time.Nanosecond
	receipt, err := b.grant(command)
	require.NoError(t, err)
	require.False(t, receipt.Leases[0].KeepSessions, "sessions would outlive the access")
	asked := command.Chains[0].Request.Fact
	require.Equal(t, asked.Reference(), receipt.Leases[0].Reference, "the target would show another ticket")
	require.Equal(
		t,
		asked.Terms.DriftCheckInterval,
		receipt.Leases[0].DriftCheckInterval,
		"the target would be asked without a pause",
	)
	require.False(t, receipt.Leases[0].Restore)
}
