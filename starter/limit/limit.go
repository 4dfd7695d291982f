// Package limit bounds what one person, one token, one address and one source of webhooks may have a server do, so that
// nobody crowds others out. All entry points share one Limits.
package limit

import (
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"curfew/workflows/contract"
)

// Each of these is refilled so many times a second, and holds so many calls at most. A person has more than any of
// their tokens: a program that runs wild does not keep its person from ending it.
const (
	callsOfAPerson, burstOfAPerson     = 50, 200
	callsOfAToken, burstOfAToken       = 40, 150
	changesOfAPerson, changesAtOnce    = 2, 20
	strangersOfAnAddress, strangeBurst = 5, 50
	deliveriesOfASource, deliveryBurst = 100, 1000
)

// mostKnown is how many of each sort are remembered; those that called last. Whoever is forgotten begins anew.
const mostKnown = 20_000

// Limits are what one server process allows. They may be used by several goroutines.
type Limits struct {
	people, tokens, changes, strangers, sources *buckets
	turns                                       *turns
	bodies                                      *bodies
	proxies                                     []netip.Prefix
}

// New makes the limits of a server. The proxies are those whose X-Forwarded-For is believed.
func New(proxies []netip.Prefix) *Limits {
	return &Limits{
		people: newBuckets(callsOfAPerson, burstOfAPerson), tokens: newBuckets(callsOfAToken, burstOfAToken),
		changes: newBuckets(changesOfAPerson, changesAtOnce), strangers: newBuckets(strangersOfAnAddress, strangeBurst),
		sources: newBuckets(deliveriesOfASource, deliveryBurst), bodies: newBodies(), proxies: proxies,
		turns: newTurns(newBuckets(changesOfAPerson, changesAtOnce)),
	}
}

// Unbounded are limits that count no calls, for tests of what they would get in the way of.
func Unbounded() *Limits {
	free := newBuckets(rate.Inf, 0)
	return &Limits{
		people:    free,
		tokens:    free,
		changes:   free,
		strangers: free,
		sources:   free,
		bodies:    newBodies(),
		turns:     newTurns(free),
	}
}

// Call counts one call of a person, who has shown who they are by a token or a session. The error is a
// *contract.Problem of KindTooMany.
func (l *Limits) Call(person, token string) error {
	if wait := l.people.take(person); wait > 0 {
		return tooMany(wait, "you make more than %d calls a second", callsOfAPerson)
	}
	if wait := l.tokens.take(token); wait > 0 {
		return tooMany(wait, "your token makes more than %d calls a second", callsOfAToken)
	}
	return nil
}

// Change counts one thing that a person asks for or reviews: workflows work on it, and people are notified of it. What
// takes access away is never counted.
func (l *Limits) Change(person string) error {
	if wait := l.changes.take(person); wait > 0 {
		return tooMany(wait, "you ask for or review more than %d things a second", changesOfAPerson)
	}
	return nil
}

// Stranger counts one call that has not shown who makes it, for its address. Only such calls are counted, and only they
// are refused: many people may share an address with a stranger.
func (l *Limits) Stranger(r *http.Request) error {
	if wait := l.strangers.take(l.Address(r)); wait > 0 {
		return tooMany(wait, "too many calls come from your address that do not show who makes them")
	}
	return nil
}

// Source counts one delivery of a source of webhooks.
func (l *Limits) Source(name string) error {
	if wait := l.sources.take(name); wait > 0 {
		return tooMany(wait, "this source sends more than %d deliveries a second", deliveriesOfASource)
	}
	return nil
}

// Turn counts one thing that a source has done in a person's name, of those that Change counts. Each person has a
// count of their own at each source, apart from what they do themselves: nobody who makes a source name somebody keeps
// that person from asking and reviewing, and no source keeps another waiting. What comes too soon is told when its turn
// is, and has that turn when it comes back; what comes back again is not counted again.
func (l *Limits) Turn(source, person, thing string) error {
	if wait := l.turns.take(source+"\x00"+person, thing); wait > 0 {
		return tooMany(wait, "%s asks for or reviews more than %d things a second in the name of %s", source,
			changesOfAPerson, person)
	}
	return nil
}

func tooMany(wait time.Duration, fault string, args ...any) error {
	problem := contract.TooMany(fault, args...).Advise("wait, and try again")
	problem.RetryAfter.Duration = wait
	return problem
}
