package target

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// listenEvery is how often the tokens of all holdings that Ends wait for are read.
	listenEvery = time.Second
	// listenWithin bounds that one query.
	listenWithin = 2 * time.Second
)

// waiting are the Ends of this process that have not begun. One query a second reads the tokens of all their holdings,
// so hearing of a newer command costs an End nothing, and while the ledger is away it goes by what was seen last.
type waiting struct {
	holdings ledger.Holdings
	observer Observer
	log      *zap.Logger

	mu        sync.Mutex
	places    map[string]map[*place]bool // by grant
	listening bool
}

// place is where one End waits.
type place struct {
	in        *waiting
	grant     string
	token     contract.Token
	newer     contract.Token // zero until overtaken is closed
	overtaken chan struct{}
}

func newWaiting(holdings ledger.Holdings, observer Observer, log *zap.Logger) *waiting {
	return &waiting{holdings: holdings, observer: observer, log: log, places: map[string]map[*place]bool{}}
}

// join gives an End a place, and listens for as long as any is taken.
func (w *waiting) join(ctx context.Context, command contract.EndCommand) *place {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := &place{in: w, grant: command.Access.GrantID(), token: command.Token, overtaken: make(chan struct{})}
	if w.places[p.grant] == nil {
		w.places[p.grant] = map[*place]bool{}
	}
	w.places[p.grant][p] = true
	w.observer.EndsWaiting(1)
	if !w.listening {
		w.listening = true
		go w.listen(context.WithoutCancel(ctx)) // the attempt that comes first must not end it for the others
	}
	return p
}

func (p *place) leave() {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	if p.in.places[p.grant][p] {
		p.in.observer.EndsWaiting(-1)
	}
	delete(p.in.places[p.grant], p)
	if len(p.in.places[p.grant]) == 0 {
		delete(p.in.places, p.grant)
	}
}

// overtakenBy returns the token of the newer command that was seen, and whether one was.
func (p *place) overtakenBy() (contract.Token, bool) {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	return p.newer, p.newer != contract.Token{}
}

// saw tells the Ends that wait for a grant of a command whose token its holding bears.
func (w *waiting) saw(grant string, token contract.Token) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := range w.places[grant] {
		if p.token.Before(token) && (p.newer == contract.Token{}) {
			p.newer = token
			close(p.overtaken)
		}
	}
}

func (w *waiting) listen(ctx context.Context) {
	tick := time.NewTicker(listenEvery)
	defer tick.Stop()
	for range tick.C {
		grants := w.grants()
		if len(grants) == 0 {
			return
		}
		w.hear(ctx, grants)
	}
}

// grants are those that Ends wait for. Whoever finds none has to stop listening.
func (w *waiting) grants() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listening = len(w.places) > 0
	return slices.Collect(maps.Keys(w.places))
}

func (w *waiting) hear(ctx context.Context, grants []string) {
	ctx, done := context.WithTimeout(ctx, listenWithin)
	defer done()
	tokens, err := w.holdings.Tokens(ctx, grants)
	if err != nil {
		w.log.Warn("the ledger does not say which ends were overtaken; they go by what was seen last",
			zap.Int("waiting", len(grants)), zapError(err))
		return
	}
	for grant, token := range tokens {
		w.saw(grant, token)
	}
}
