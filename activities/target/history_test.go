package target

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// randomHistories is how many lives of requests are played, each with an intruder beside it.
const randomHistories = 1000

// For every state in which a request waits, was denied or has ended, no chain from its history opens anything, whatever
// token, end and leases it is shown with; and nobody loses by it what they have.
func TestP7NoChainFromTheHistoryOfARequestThatWaitsOrHasEndedOpensAnything(t *testing.T) {
	t.Parallel()
	office := newStamps(t)
	seeds := make(chan uint64)
	var players sync.WaitGroup
	for range 4 {
		players.Go(func() {
			for seed := range seeds {
				if fault := newLife(t, office, seed).play(); fault != "" {
					t.Errorf("history %d: %s", seed, fault)
				}
			}
		})
	}
	for seed := range uint64(randomHistories) {
		seeds <- seed
	}
	close(seeds)
	players.Wait()
}

// stamps are the keys of a server and of a worker that decides.
type stamps struct {
	keys            seal.Keys
	server, decider *seal.Signer
}

func newStamps(t *testing.T) *stamps {
	t.Helper()
	s := &stamps{}
	for role, signer := range map[seal.Role]**seal.Signer{seal.RoleServer: &s.server, seal.RoleDecider: &s.decider} {
		key, private, err := seal.NewKey(role, time.Now())
		require.NoError(t, err)
		*signer, err = seal.ParseSigner(string(private))
		require.NoError(t, err)
		s.keys = append(s.keys, key)
	}
	return s
}

// life is one access at one target, with the requests for it and an intruder who has all that they ever sent.
type life struct {
	t          *testing.T
	random     *rand.Rand
	office     *stamps
	verifier   *seal.Verifier
	now        time.Time
	activities *Activities
	watchdog   *Watchdog
	ledger     *memory
	target     *box
	access     contract.Access
	epoch      int64
	seq        int64
	requests   []*asked
	history    []contract.Chain // all that was ever sealed
	cut        bool             // the intruder has ended access, which they may
	log        []string
}

// asked is a request and what is true of it.
type asked struct {
	fact       contract.Sealed[contract.Request]
	extensions []contract.Sealed[contract.Extension]
	chain      contract.Chain // of the decision that counts; none while it waits
	until      time.Time      // of the lease that it has; zero when it has none
	latest     time.Time      // when its time is over, whoever shows its decision
	ended      bool
	forgotten  bool // its workflow was terminated: nobody tells of its end
}

func newLife(t *testing.T, office *stamps, seed uint64) *life {
	t.Helper()
	l := &life{
		t:      t,
		office: office,
		random: rand.New(rand.NewPCG(seed, 7)),
		now:    time.Now().UTC(),
		ledger: &memory{holdings: map[string]ledger.Holding{}, decided: map[string]bool{}},
		target: &box{},
		access: contract.Access{
			Target:      "box",
			Entitlement: json.RawMessage(`{"role":"reader"}`),
			Person:      "alice",
			Account:     "alice",
		},
	}
	var err error
	l.verifier, err = seal.NewVerifier(office.keys, func() time.Time { return l.now })
	require.NoError(t, err)
	targets := map[string]Target{"box": {Connector: l.target}}
	l.activities = New(Options{
		Targets:    targets,
		Holdings:   l.ledger,
		Tombstones: l.ledger,
		Decisions:  l.ledger,
		Alarms:     l.ledger,
		Verifier:   l.verifier,
		Log:        zap.NewNop(),
	})
	l.watchdog = l.activities.Watchdog(time.Minute)
	l.target.standing = l.random.IntN(4) == 0
	l.epoch = l.now.UnixNano()
	return l
}

func (l *life) clock() serverClock { return serverClock{started: l.now, arrived: time.Now()} }

func (l *life) token() contract.Token {
	l.seq++
	return contract.Token{Epoch: l.epoch, Seq: l.seq}
}

func (l *life) say(format string, args ...any) { l.log = append(l.log, fmt.Sprintf(format, args...)) }

// play takes random steps, and says what was wrong after one of them.
func (l *life) play() string {
	steps := []struct {
		weight int
		do     func()
	}{
		{
			3,
			l.ask,
		},
		{4, l.decide},
		{4, l.hold},
		{2, l.extend},
		{3, l.endEarly},
		{1, l.forget},
		{4, l.pass},
		{2, l.restart},
		{8, l.intrude},
		{2, l.foreignEnd},
	}
	for range 24 {
		n := l.random.IntN(33)
		for _, step := range steps {
			if n -= step.weight; n < 0 {
				step.do()
				break
			}
		}
		l.due()
		if fault := l.fault(); fault != "" {
			return fault + fmt.Sprintf("\n%v", l.log)
		}
	}
	return ""
}

// fault compares the target with what may be and what must be there.
func (l *life) fault() string {
	may, must := false, false
	for _, r := range l.requests {
		sealed := r.chain.Decision.Seal != ""
		may = may || sealed && !r.ended && l.now.Before(r.latest.Add(leeway))
		must = must || !r.ended && !r.forgotten && l.now.Before(r.until)
	}
	switch {
	case l.target.held && !may:
		return "the access is there, and nothing that goes on allows it"
	case !l.target.held && !l.target.standing && must && !l.cut:
		return "the access is not there, although a request holds it up"
	case l.target.tookStanding:
		return "access was taken away that was there before"
	}
	return ""
}

func (l *life) any(fits func(*asked) bool) *asked {
	var some []*asked
	for _, r := range l.requests {
		if fits(r) {
			some = append(some, r)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some[l.random.IntN(len(some))]
}

func lasting(d time.Duration) contract.Duration { return contract.Duration{Duration: d} }

func sealedBy[T any](l *life, signer *seal.Signer, matter seal.Matter, fact T) contract.Sealed[T] {
	sealed, err := seal.Of(signer, matter, l.now, fact)
	require.NoError(l.t, err)
	return sealed
}

func (l *life) ask() {
	if len(l.requests) == 4 {
		return
	}
	request := contract.Request{
		ID:        fmt.Sprint("r", len(l.requests)),
		Template:  "t",
		Requester: "alice",
		Subject:   "alice",
		AskedAt:   l.now,
		Duration:  lasting(time.Duration(1+l.random.IntN(60)) * time.Minute),
		Terms: contract.Terms{
			Accesses:    []contract.Access{l.access},
			MaxDuration: lasting(8 * time.Hour),
			PendingFor:  lasting(4 * time.Hour),
		},
	}
	if l.random.IntN(3) == 0 {
		request.StartAt = l.now.Add(time.Duration(1+l.random.IntN(120)) * time.Minute)
	}
	l.say(
		"%s asked at %s for %s from %s",
		request.ID,
		l.now.Format(time.TimeOnly),
		request.Duration,
		request.StartAt.Format(time.TimeOnly),
	)
	l.requests = append(l.requests, &asked{fact: sealedBy(l, l.office.server, seal.OfRequest(request), request)})
	l.history = append(
		l.history,
		contract.Chain{Grounds: contract.Grounds{Request: l.requests[len(l.requests)-1].fact}},
	)
}

// decide seals a decision to grant once the start has come, or denies the request.
func (l *life) decide() {
	r := l.any(func(r *asked) bool { return !r.ended && r.chain.Decision.Seal == "" })
	if r == nil {
		return
	}
	if l.random.IntN(4) == 0 {
		l.over(r, contract.EndKind(contract.OutcomeDenied))
		return
	}
	if !r.fact.Fact.StartAt.After(l.now) {
		l.decided(r)
	}
}

// decided is what the policy seals, and what the request shows from then on.
func (l *life) decided(r *asked) {
	grounds := contract.Grounds{Request: r.fact, Extensions: slices.Clone(r.extensions)}
	fact, err := l.verifier.Grounds(grounds)
	require.NoError(l.t, err)
	fact.Ruling, fact.Lasts = contract.RulingGrant, lasting(seal.Longest(grounds))
	fact.Until = l.now.Add(r.fact.Fact.Terms.PendingFor.Duration).Add(fact.Lasts.Duration)
	if latest := seal.Latest(grounds); latest.Before(fact.Until) {
		fact.Until = latest
	}
	r.chain = contract.Chain{Grounds: grounds, Decision: sealedBy(l, l.office.decider, seal.OfDecision(fact), fact)}
	r.latest, l.ledger.decided[fact.Request] = fact.Until, true
	l.history = append(l.history, r.chain)
	l.say("%s decided", fact.Request)
}

func (l *life) command(r *asked, until time.Time, opens bool) contract.GrantCommand {
	leases := contract.Leases{}
	for _, other := range l.requests {
		if !other.ended && other != r && l.now.Before(other.until) {
			leases = leases.With(contract.Lease{Request: other.fact.Fact.ID, Until: other.until})
		}
	}
	leases = leases.With(contract.Lease{Request: r.fact.Fact.ID, Until: until})
	return contract.GrantCommand{
		Access: l.access,
		Token:  l.token(),
		Until:  leases.End(),
		Leases: leases,
		Chains: []contract.Chain{r.chain},
		Opens:  opens,
	}
}

func (l *life) hold() {
	r := l.any(func(r *asked) bool { return !r.ended && r.chain.Decision.Seal != "" && r.until.IsZero() })
	if r == nil {
		return
	}
	receipt, err := l.activities.grant(
		l.t.Context(),
		l.command(r, l.now.Add(r.chain.Decision.Fact.Lasts.Duration), true),
		l.clock(),
	)
	l.say("%s holds: %v", r.fact.Fact.ID, err)
	if err == nil {
		lease, _ := receipt.Leases.Find(r.fact.Fact.ID)
		r.until, r.latest = lease.Until, lease.Until
	}
}

func (l *life) extend() {
	r := l.any(func(r *asked) bool { return !r.ended && !r.forgotten && l.now.Before(r.until) })
	if r == nil || len(r.extensions) > 1 {
		return
	}
	digest, err := seal.Digest(r.fact.Fact)
	require.NoError(l.t, err)
	x := contract.Extension{
		Request:  r.fact.Fact.ID,
		By:       "alice",
		Duration: lasting(10 * time.Minute),
		At:       l.now.Add(time.Duration(len(r.extensions))),
	}
	r.extensions = append(r.extensions, sealedBy(l, l.office.server, seal.OfExtension(x, digest), x))
	until := r.until.Add(x.Duration.Duration)
	l.decided(r)
	r.latest = until
	if _, err := l.activities.grant(l.t.Context(), l.command(r, until, false), l.clock()); err == nil {
		r.until = until
	}
}

// endEarly is one of the ways in which a request ends before its time.
func (l *life) endEarly() {
	r := l.any(func(r *asked) bool { return !r.ended && !r.forgotten })
	if r == nil {
		return
	}
	kinds := []contract.EndKind{
		contract.EndNow,
		contract.EndReleased,
		contract.EndCanceled,
		contract.EndKind(contract.OutcomeWithdrawn),
		contract.EndKind(contract.OutcomeFailed),
	}
	l.over(r, kinds[l.random.IntN(len(kinds))])
}

// over ends a request as the server, or its workflow, does, and has it carried out: by the grant, or by the watchdog
// alone.
func (l *life) over(r *asked, kind contract.EndKind) {
	l.say("%s ends: %s", r.fact.Fact.ID, kind)
	held := l.now.Before(r.until)
	r.ended = true
	if kind != contract.EndCanceled || !held {
		require.NoError(
			l.t,
			l.ledger.AddTombstones(l.t.Context(), contract.Tombstone{Request: r.fact.Fact.ID, Kind: kind}),
		)
	}
	if held && kind != contract.EndNow {
		l.end(r.fact.Fact.ID)
	}
	require.NoError(
		l.t,
		l.watchdog.endIfEnded(l.t.Context(), l.watchdog.targets["box"], ledger.Holding{Grant: l.access.GrantID()}),
	)
}

// end is what a grant sends when a request gives its lease up.
func (l *life) end(request string) {
	left := contract.Leases{}
	for _, r := range l.requests {
		if !r.ended && l.now.Before(r.until) {
			left = left.With(contract.Lease{Request: r.fact.Fact.ID, Until: r.until})
		}
	}
	if len(left) > 0 {
		_, err := l.activities.grant(l.t.Context(), contract.GrantCommand{
			Access: l.access,
			Token:  l.token(),
			Until:  left.End(),
			Leases: left,
			Gone:   contract.Gone{Released: []string{request}, Over: []string{request}},
		}, l.clock())
		l.say("shortened: %v", err)
		return
	}
	command := contract.EndCommand{
		Access: l.access,
		Token:  l.token(),
		Until:  l.now,
		Mine:   !l.target.standing,
		Gone:   contract.Gone{Released: []string{request}, Over: []string{request}},
	}
	err := l.carryOut(command)
	l.activities.recordReleased(l.t.Context(), l.access.GrantID(), command.Over)
	l.say("ended: %v", err)
}

// carryOut does what the activity does at the instant.
func (l *life) carryOut(command contract.EndCommand) error {
	if err := l.activities.checkEpoch(l.t.Context(), command.Access, command.Token, l.clock()); err != nil {
		return err
	}
	locked, err := l.ledger.Lock(l.t.Context(), command.Access.GrantID())
	if err == nil {
		_, err = l.activities.endLocked(l.t.Context(), Target{Connector: l.target}, locked, command, l.clock())
	}
	return err
}

// forget terminates a request's workflow: its grant keeps its deadline, and nobody puts its end on record.
func (l *life) forget() {
	if r := l.any(func(r *asked) bool { return !r.ended && l.now.Before(r.until) }); r != nil {
		r.forgotten = true
		l.say("%s terminated", r.fact.Fact.ID)
	}
}

func (l *life) pass() { l.now = l.now.Add(time.Duration(l.random.IntN(45*60)) * time.Second) }

// restart begins a new chain of runs of the grant.
func (l *life) restart() { l.epoch, l.seq = l.now.UnixNano(), 0 }

// due ends what is past its deadline, as the grant's End does, and then the request's.
func (l *life) due() {
	holding := l.ledger.holdings[l.access.GrantID()]
	if holding.Open && !holding.Until.After(l.now) {
		err := l.carryOut(contract.EndCommand{
			Access: l.access,
			Token:  contract.Token{Epoch: holding.Token.Epoch, Seq: holding.Token.Seq + 1},
			Until:  l.now,
			Mine:   !holding.Standing,
		})
		l.say("deadline: %v", err)
	}
	for _, r := range l.requests {
		if !r.ended && !r.forgotten && !r.until.IsZero() && !l.now.Before(r.until) {
			l.over(r, contract.EndKind(contract.OutcomeExpired))
		}
	}
}

// intrude shows chains from the history again.
func (l *life) intrude() {
	if len(l.history) == 0 {
		return
	}
	command := contract.GrantCommand{Access: l.access, Token: l.anyToken(), Opens: l.random.IntN(4) > 0}
	for range 1 + l.random.IntN(2) {
		chain := l.history[l.random.IntN(len(l.history))]
		id := chain.Request.Fact.ID
		command.Chains = append(command.Chains, chain)
		command.Leases = command.Leases.With(
			contract.Lease{Request: id, Until: l.now.Add(time.Duration(1+l.random.IntN(10*3600)) * time.Second)},
		)
	}
	for _, lease := range l.ledger.holdings[l.access.GrantID()].Leases {
		if _, named := command.Leases.Find(lease.Request); !named {
			command.Leases = command.Leases.With(lease)
		}
	}
	receipt, err := l.activities.grant(l.t.Context(), command, l.clock())
	l.say("intruder shows %v with %v: %v %v", command.Leases.Requests(), command.Token, receipt.Leases.Requests(), err)
	if err != nil {
		return
	}
	// The grant's next command comes after this one, as a workflow's that starts anew does.
	l.epoch, l.seq = max(l.epoch, command.Token.Epoch), max(l.seq, command.Token.Seq)
	for _, r := range l.requests {
		lease, held := receipt.Leases.Find(r.fact.Fact.ID)
		switch {
		case held && r.until.IsZero():
			r.latest = lease.Until // its time has begun
		case held:
			r.until = earlier(r.until, lease.Until) // they may end it sooner
		}
	}
}

func (l *life) anyToken() contract.Token {
	return []contract.Token{
		{Epoch: l.epoch, Seq: l.seq + 1}, {Epoch: l.now.UnixNano(), Seq: 1}, {Epoch: 1 << 62, Seq: 1}, {Epoch: 1, Seq: 1 << 40},
	}[l.random.IntN(4)]
}

// foreignEnd is an End that no grant has sent.
func (l *life) foreignEnd() {
	command := contract.EndCommand{Access: l.access, Token: l.anyToken(), Until: l.now, Mine: true}
	if len(l.history) > 0 {
		command.Chain = &l.history[l.random.IntN(len(l.history))]
	}
	before := l.ledger.holdings[l.access.GrantID()]
	err := l.carryOut(command)
	after := l.ledger.holdings[l.access.GrantID()]
	l.cut = l.cut || before.Open && !after.Open
	l.say("intruder ends with %v: %v", command.Token, err)
	for _, used := range before.Uses {
		if used.Until.After(l.now) &&
			!slices.ContainsFunc(
				after.Uses,
				func(u ledger.Use) bool { return u.Request == used.Request && u.Until.Equal(used.Until) },
			) {
			l.t.Errorf("an End has emptied what the holding remembers: %v, then %v", before.Uses, after.Uses)
		}
	}
	l.epoch = max(l.epoch, after.Token.Epoch)
	l.seq = max(l.seq, after.Token.Seq)
}

// box is a target that holds one access.
type box struct{ held, standing, tookStanding bool }

func (b *box) Grant(context.Context, Access) (Granted, error) {
	b.held = true
	return AccessGranted, nil
}

func (b *box) Revoke(context.Context, Access) (Revoked, error) {
	b.tookStanding = b.tookStanding || b.standing
	b.held = false
	return AccessRevoked, nil
}

func (b *box) Inspect(context.Context, Access) (State, error) {
	return State{Held: b.held || b.standing}, nil
}

// memory is a ledger of one life.
type memory struct {
	ledger.Holdings
	ledger.Tombstones
	ledger.Decisions
	ledger.Alarms
	holdings   map[string]ledger.Holding
	tombstones []contract.Tombstone
	decided    map[string]bool
}

func (m *memory) HasClock() bool { return true }

func (m *memory) Now(context.Context) (time.Time, error) { return time.Now().UTC(), nil }

func (m *memory) DecisionsOf(_ context.Context, request string) ([]ledger.Decision, error) {
	if !m.decided[request] {
		return nil, nil
	}
	return []ledger.Decision{{Request: request, Ruling: contract.RulingGrant}}, nil
}

func (m *memory) Read(_ context.Context, grant string) (ledger.Holding, error) {
	return m.holdings[grant], nil
}

func (m *memory) TombstoneOf(_ context.Context, request string) (contract.Tombstone, error) {
	for _, t := range m.tombstones {
		if t.Request == request && t.Grant == "" {
			return t, nil
		}
	}
	return contract.Tombstone{}, ledger.ErrNotFound
}

func (m *memory) Raise(context.Context, contract.Alarm) error { return nil }

func (m *memory) AddTombstones(_ context.Context, all ...contract.Tombstone) error {
	m.tombstones = append(m.tombstones, all...)
	return nil
}

func (m *memory) Lock(_ context.Context, grant string) (ledger.Locked, error) {
	return &memoryLock{m, grant}, nil
}

type memoryLock struct {
	memory *memory
	grant  string
}

func (l *memoryLock) Holding() ledger.Holding { return l.memory.holdings[l.grant] }

func (l *memoryLock) Save(_ context.Context, holding ledger.Holding) error {
	l.memory.holdings[l.grant] = holding
	return nil
}

func (l *memoryLock) Stops(_ context.Context, requests ...string) (ledger.Stops, error) {
	var found []contract.Tombstone
	for _, t := range l.memory.tombstones {
		if slices.Contains(requests, t.Request) && (t.Grant == "" || t.Grant == l.grant) {
			found = append(found, t)
		}
	}
	return ledger.StopsOf(found, ledger.Freeze{}), nil
}

func (l *memoryLock) Unlock() {}
