package ldap

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	defaultConnections = 8
	mostConnections    = 100
	// idleTime is how long a link is kept that nobody uses.
	idleTime = time.Minute
)

// pool keeps links for the next call: a thousand ends may come due in one second, and saying each time who we are
// would cost the directory more than the rest.
type pool struct {
	dialer *dialer
	room   *semaphore.Weighted // for links that are in use

	mu   sync.Mutex
	idle []*link // the last one was used last
}

func newPool(dialer *dialer, size int) *pool {
	return &pool{dialer: dialer, room: semaphore.NewWeighted(int64(size))}
}

// use lends a link to some work, and cuts it when the context ends. The work says whether the link may be used again.
func (p *pool) use(ctx context.Context, work func(*link) (reusable bool, err error)) error {
	if err := p.room.Acquire(ctx, 1); err != nil {
		return err
	}
	defer p.room.Release(1)
	lent, err := p.take(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, lent.cut)
	reusable, err := work(lent)
	if stop() && reusable {
		p.put(lent)
	} else {
		lent.cut()
	}
	return err
}

// take returns an idle link that still lives, or makes one.
func (p *pool) take(ctx context.Context) (*link, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for {
		last := p.pop()
		if last == nil {
			return p.dialer.dial(ctx)
		}
		if last.idle.Stop() && !last.IsClosing() {
			return last, nil
		}
		last.cut()
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
	unused.idle = time.AfterFunc(idleTime, unused.cut)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, unused)
}
