package people

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"go.temporal.io/sdk/client"

	"curfew/internal/chaos/judge"
	"curfew/internal/chaos/plan"
	"curfew/internal/chaos/world"
	"curfew/workflows/contract"
)

// Options of Simulator.
type Options struct {
	URL      string // of the API
	Tokens   map[string]string
	People   []world.Person
	Stranger world.Person // in whose name requests are forged
	Temporal string       // host and port
	Tickets  []string
	Begin    time.Time // when the plan begins
	// Wrong hears of what the writer of the namespace has done to accesses.
	Wrong func(judge.Fault)
}

// Simulator plays everybody. It is safe for concurrent use.
type Simulator struct {
	Options
	api      *apiClient
	temporal client.Client
	actLog   actLog

	mu       sync.Mutex
	requests []judge.Request
}

// New makes a simulator; nothing is said yet.
func New(o Options) (*Simulator, error) {
	dialed, err := client.NewLazyClient(client.Options{
		HostPort: o.Temporal, Namespace: contract.Namespace, Logger: silence{},
	})
	if err != nil {
		return nil, err
	}
	return &Simulator{Options: o, api: newClient(o.URL, o.Tokens), temporal: dialed}, nil
}

// silence is a log for Temporal's client: it would tell of the failures that are meant to be.
type silence struct{}

func (silence) Debug(string, ...any) {}
func (silence) Info(string, ...any)  {}
func (silence) Warn(string, ...any)  {}
func (silence) Error(string, ...any) {}

// Close lets go of Temporal.
func (c *Simulator) Close() { c.temporal.Close() }

// Said is what everybody has said so far.
func (c *Simulator) Said() []judge.Said { return c.actLog.all() }

// Requests are those that were asked for so far.
func (c *Simulator) Requests() []judge.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}

// Play does what a plan foresees, and returns when everybody has said their last word.
func (c *Simulator) Play(ctx context.Context, p plan.Plan) {
	var everybody sync.WaitGroup
	for _, request := range p.Requests {
		everybody.Go(func() { c.playRequest(ctx, request) })
	}
	for n, try := range p.Tries {
		everybody.Go(func() {
			if c.until(ctx, try.At) {
				c.try(ctx, n, try.How)
			}
		})
	}
	everybody.Wait()
}

// until waits for an instant of the plan.
func (c *Simulator) until(ctx context.Context, at time.Duration) bool {
	return Pause(ctx, time.Until(c.Begin.Add(at)))
}

// script is one request while it is played.
type script struct {
	*Simulator
	plan.Request
	id     string
	person world.Person
	status contract.Status // as it was when it became active
}

func (c *Simulator) playRequest(ctx context.Context, request plan.Request) {
	if !c.until(ctx, request.At) {
		return
	}
	id, err := newID()
	if err != nil {
		return
	}
	s := &script{Simulator: c, Request: request, id: id, person: c.People[request.Person]}
	if s.ask(ctx) != judge.Taken {
		return
	}
	s.decide(ctx)
	if s.Fate != plan.Approved && s.Fate != plan.BreakGlass || !s.active(ctx) {
		return
	}
	var meanwhile sync.WaitGroup
	active := time.Now()
	at := func(after time.Duration, do func()) {
		meanwhile.Go(func() {
			if Pause(ctx, time.Until(active.Add(after))) {
				do()
			}
		})
	}
	if s.Extend != nil {
		at(s.Extend.After, func() { s.extend(ctx) })
	}
	if s.EndAfter > 0 {
		at(s.EndAfter, func() { s.end(ctx) })
	}
	if s.Tamper != "" && s.Tamper != plan.ForgeReview {
		at(s.TamperAfter, func() { s.tamper(ctx) })
	}
	meanwhile.Wait()
	if s.Fate == plan.BreakGlass && Pause(ctx, time.Until(active.Add(s.Duration))) {
		s.actLog.insist(ctx, s.says(world.Carol, judge.ActPostReview), func(ctx context.Context) error {
			return s.review(ctx, world.Carol, contract.VerdictApprove)
		})
	}
}

func newID() (string, error) {
	id, err := ulid.New(ulid.Now(), rand.Reader)
	return id.String(), err
}

func (s *script) says(by string, act judge.Act) judge.Said {
	return judge.Said{Request: s.id, By: by, Act: act}
}

// ask asks for access, under an id of the asker's own so that asking again is no second request.
func (s *script) ask(ctx context.Context) judge.Answer {
	body := map[string]any{
		"id":       s.id,
		"template": s.Template,
		"duration": s.Duration.String(),
		"reason":   fmt.Sprintf("request %d of a trial", s.Number),
		"ticket":   s.Tickets[s.Number%len(s.Tickets)],
	}
	request := judge.Request{
		ID:        s.id,
		Requester: s.person.ID,
		Keys:      keysOf(s.person, s.Template),
		Duration:  s.Duration,
		Needed:    1,
	}
	switch {
	case s.Fate == plan.BreakGlass:
		body["breakGlass"], request.Needed = true, 0
	case s.Template == plan.Both:
		request.Needed = 2
	}
	if s.StartIn > 0 {
		request.StartAt = time.Now().Add(s.StartIn).UTC().Truncate(time.Second)
		body["startAt"] = request.StartAt
	}
	s.mu.Lock()
	s.requests = append(s.requests, request)
	s.mu.Unlock()
	return s.actLog.insist(ctx, s.says(s.person.ID, judge.ActAsk), func(ctx context.Context) error {
		_, err := s.api.call(ctx, s.person.ID, http.MethodPost, "/v1/requests", body)
		return err
	})
}

// keysOf is what a template gives.
func keysOf(person world.Person, template plan.Template) (keys []judge.Key) {
	read := judge.Key{Target: world.Orders, Account: person.Account, Entitlement: world.ReadRole}
	write := judge.Key{Target: world.Orders, Account: person.Account, Entitlement: world.WriteRole}
	debug := judge.Key{Target: world.Lightrun, Account: person.Email, Entitlement: world.Pool}
	switch template {
	case plan.Write:
		return []judge.Key{write}
	case plan.Debug:
		return []judge.Key{debug}
	case plan.Both:
		return []judge.Key{read, debug}
	case plan.Everything:
		return []judge.Key{read, write, debug}
	default:
		return []judge.Key{read}
	}
}

// decide is what reviewers, and the requester, say while it is pending.
func (s *script) decide(ctx context.Context) {
	if s.ApproveOwn {
		s.actLog.insist(ctx, s.says(s.person.ID, judge.ActApproveOwn), func(ctx context.Context) error {
			return s.review(ctx, s.person.ID, contract.VerdictApprove)
		})
	}
	if s.Tamper == plan.ForgeReview {
		s.tamper(ctx)
	}
	if !Pause(ctx, s.Decide) {
		return
	}
	reviewers := []string{world.Bob, world.Carol}
	if s.Number%2 == 1 {
		slices.Reverse(reviewers)
	}
	switch s.Fate {
	case plan.Approved:
		needed := 1
		if s.Template == plan.Both {
			needed = 2
		}
		for _, reviewer := range reviewers[:needed] {
			s.actLog.insist(ctx, s.says(reviewer, judge.ActApprove), func(ctx context.Context) error {
				return s.review(ctx, reviewer, contract.VerdictApprove)
			})
		}
	case plan.Denied:
		s.actLog.insist(ctx, s.says(reviewers[0], judge.ActDeny), func(ctx context.Context) error {
			return s.review(ctx, reviewers[0], contract.VerdictDeny)
		})
	case plan.Withdrawn:
		s.actLog.insist(ctx, s.says(s.person.ID, judge.ActCancel), func(ctx context.Context) error {
			return s.change(ctx, s.person.ID, "cancellation", map[string]any{"reason": "not needed any more"})
		})
	case plan.Lapsed, plan.BreakGlass: // nobody says anything
	}
}

func (s *script) review(ctx context.Context, by string, verdict contract.Verdict) error {
	return s.change(ctx, by, "reviews", map[string]any{"verdict": verdict, "reason": "as it was planned"})
}

func (s *script) change(ctx context.Context, by, what string, body any) error {
	_, err := s.api.call(ctx, by, http.MethodPost, "/v1/requests/"+s.id+"/"+what, body)
	return err
}

const (
	// activeWithin is how long access is waited for, the start that was asked for included.
	activeWithin = 2 * time.Minute
	askEvery     = 500 * time.Millisecond
)

// active waits until there is access, and is false when there will be none.
func (s *script) active(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, activeWithin)
	defer cancel()
	for {
		status, err := s.api.call(ctx, s.person.ID, http.MethodGet, "/v1/requests/"+s.id, nil)
		switch {
		case err != nil:
		case status.State == contract.StateActive:
			s.status = status
			return true
		case status.State == contract.StateEnded || status.State == contract.StateRevoking:
			return false
		}
		if !Pause(ctx, askEvery) {
			return false
		}
	}
}

func (s *script) extend(ctx context.Context) {
	said := s.says(s.person.ID, judge.ActExtend)
	said.Duration = s.Extend.By
	s.actLog.once(ctx, said, func(ctx context.Context) error {
		return s.change(
			ctx,
			s.person.ID,
			"extensions",
			map[string]any{"duration": s.Extend.By.String(), "reason": "not done yet"},
		)
	})
}

func (s *script) end(ctx context.Context) {
	by := s.person.ID
	if s.Operator {
		by = world.Erin
	}
	s.actLog.insist(ctx, s.says(by, judge.ActRevoke), func(ctx context.Context) error {
		return s.change(ctx, by, "revocation", map[string]any{"reason": "done"})
	})
}
