package ldap

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// idleTime is how long a link is kept that nobody uses.
	idleTime = time.Minute
	// trusted is how long a link counts as alive after it was used. Then it is asked before it is lent.
	trusted      = 200 * time.Millisecond
	linkPatience = time.Second
)

// pool keeps links for the next call: a thousand ends may come due in one second, and saying each time who we are
// would cost the directory more than the rest.
type pool struct {
	dialer *dialer
	room   *semaphore.Weighted // for links that are in use

	mu   sync.Mutex
	idle []*link // the last one was used last
	// dropped is when the links that nobody used were cut.
	dropped time.Time
}

func newPool(dialer *dialer, size int) *pool {
	return &pool{dialer: dialer, room: semaphore.NewWeighted(int64(size))}
}

// use lends a link to some work, and cuts it when the context ends. The work says whether the link may be used again.
// One that broke takes those along that nobody uses: the network has forgotten them too.
func (p *pool) use(ctx context.Context, work func(*link) (reusable bool, err error)) error {
	if err := p.room.Acquire(ctx, 1); err != nil {
		return err
	}
	defer p.room.Release(1)
	lent, err := p.take(ctx, trusted)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, lent.cut)
	reusable, err := work(lent)
	switch whole := stop() && !lent.IsClosing(); {
	case whole && reusable:
		p.put(lent)
	case whole:
		lent.cut()
	default:
		p.drop(lent)
	}
	return err
}

// ping finds out whether the directory answers, and leaves a link for the next call. While all are in use, whoever has
// them will see.
func (p *pool) ping(ctx context.Context) error {
	if !p.room.TryAcquire(1) {
		return nil
	}
	defer p.room.Release(1)
	lent, err := p.take(ctx, 0)
	if err != nil {
		return err
	}
	p.put(lent)
	return nil
}

// take returns an idle link that lives, or makes one. One that was used within some time is not asked.
func (p *pool) take(ctx context.Context, unasked time.Duration) (*link, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for {
		last := p.pop()
		if last == nil {
			return p.dialer.dial(ctx)
		}
		if !last.idle.Stop() || last.IsClosing() {
			last.cut()
			continue
		}
		if time.Since(last.since) < unasked || last.answers() {
			return last, nil
		}
		p.drop(last)
	}
}

func (p *pool) pop() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	last := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return last
}

func (p *pool) put(unused *link) {
	unused.since, unused.idle = time.Now(), time.AfterFunc(idleTime, unused.cut)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, unused)
}

// drop cuts a link that broke, and those that nobody uses, unless that was done since it was made.
func (p *pool) drop(broken *link) {
	broken.cut()
	p.mu.Lock()
	defer p.mu.Unlock()
	if broken.made.Before(p.dropped) {
		return
	}
	p.dropped = time.Now()
	for _, unused := range p.idle {
		unused.cut()
	}
	p.idle = nil
}
