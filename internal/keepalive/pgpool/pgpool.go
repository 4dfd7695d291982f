// Package pgpool keeps connections to a PostgreSQL server. One that was idle is asked whether it lives before it is
// lent, and when it does not answer soon, or breaks while it is lent, all the others that are idle are closed with it:
// the network has forgotten them too. Connections in use are left alone.
package pgpool

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"curfew/internal/keepalive"
)

const (
	// trusted is how long a connection counts as alive after it was used.
	trusted = 200 * time.Millisecond
	// patience is how long a connection that was idle has to say that it lives.
	patience = time.Second
	// CancelGrace is how long a call that is given up waits for the server to say what became of it.
	CancelGrace = time.Second
	idleTime    = 5 * time.Minute
	// lifetime is so long that no connection ends by its age: where a server is full, it could not be replaced.
	lifetime = 10 * 365 * 24 * time.Hour
)

// Pool lends connections. Its methods may be called from many goroutines.
type Pool struct {
	pool *pgxpool.Pool

	mu      sync.Mutex
	dropped time.Time // when the idle connections were last closed
}

// New prepares a pool, and connects when somebody first asks for a connection. It takes the config over.
func New(ctx context.Context, config *pgxpool.Config) (*Pool, error) {
	p := &Pool{}
	config.MinConns, config.MinIdleConns = 0, 0
	config.MaxConnIdleTime, config.MaxConnLifetime = idleTime, lifetime
	config.ShouldPing = p.shouldPing
	config.BeforeClose = func(conn *pgx.Conn) { bound(conn, patience) }
	ready := config.AfterConnect
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		conn.PgConn().CustomData()[madeAt] = time.Now()
		if ready == nil {
			return nil
		}
		return ready(ctx, conn)
	}
	Configure(config.ConnConfig)
	var err error
	p.pool, err = pgxpool.NewWithConfig(ctx, config)
	return p, err
}

// Configure bounds how long a connection takes to be made, to be noticed dead and to be given up. What New makes is
// configured.
func Configure(conn *pgx.ConnConfig) {
	conn.ConnectTimeout = keepalive.ConnectTimeout
	conn.DialFunc = keepalive.Dialer().DialContext
	conn.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: CancelGrace}
	}
}

const madeAt = "curfew made at"

// Conn is a connection that is lent.
type Conn struct {
	*pgx.Conn
	pool  *Pool
	lent  *pgxpool.Conn
	fresh bool
}

// Acquire lends a connection that has just answered, or a new one. It waits while all are in use.
func (p *Pool) Acquire(ctx context.Context) (*Conn, error) {
	asked := time.Now()
	lent, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: lent.Conn(), pool: p, lent: lent, fresh: !made(lent.Conn()).Before(asked)}, nil
}

// AcquireAlive lends a connection that answers at this moment, or a new one.
func (p *Pool) AcquireAlive(ctx context.Context) (*Conn, error) {
	conn, err := p.Acquire(ctx)
	if err != nil || conn.fresh || alive(ctx, conn.Conn) {
		return conn, err
	}
	conn.Release()
	return p.Acquire(ctx)
}

// Busy is true while all connections that there may be are lent.
func (p *Pool) Busy() bool {
	now := p.pool.Stat()
	return now.AcquiredConns() == now.MaxConns()
}

// Fresh is true when the connection was made for whoever has it now, because none was idle that lived.
func (c *Conn) Fresh() bool { return c.fresh }

// Release gives the connection back. One that broke makes room for another at once, and takes those along that are
// idle.
func (c *Conn) Release() {
	if c.IsClosed() {
		cut(c.Conn)
		c.pool.drop(made(c.Conn))
	}
	c.lent.Release()
}

// Discard closes the connection and makes room for another.
func (c *Conn) Discard(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = c.Close(ctx) // it is closed even if the server doesn't hear of it
	cut(c.Conn)
	c.lent.Release()
}

// DropIdle closes the connections that nobody uses. Those in use are closed when they are given back.
func (p *Pool) DropIdle() { p.drop(time.Now()) }

// drop does so unless it was done since an instant.
func (p *Pool) drop(since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !since.Before(p.dropped) {
		p.dropped = time.Now()
		p.pool.Reset()
	}
}

// Close waits until every connection is given back, and closes them.
func (p *Pool) Close() { p.pool.Close() }

// shouldPing asks a connection that was idle whether it lives, in a bounded time. One that does not is closed, and then
// pgxpool's own question to it fails at once, and leads to another connection.
func (p *Pool) shouldPing(ctx context.Context, asked pgxpool.ShouldPingParams) bool {
	if asked.IdleDuration < trusted || alive(ctx, asked.Conn) {
		return false
	}
	cut(asked.Conn)
	p.drop(made(asked.Conn))
	return true
}

func made(conn *pgx.Conn) time.Time {
	at, _ := conn.PgConn().CustomData()[madeAt].(time.Time)
	return at
}

// alive is true when a connection answers within a second.
func alive(ctx context.Context, conn *pgx.Conn) bool {
	bound(conn, patience)
	defer bound(conn, 0)
	// The socket's own deadline is kept exactly. To end the wait by the context would wait on for what the server says.
	return conn.Ping(context.WithoutCancel(ctx)) == nil
}

// bound gives what is sent and received over a connection a time; 0 takes it away.
func bound(conn *pgx.Conn, within time.Duration) {
	deadline := time.Time{}
	if within > 0 {
		deadline = time.Now().Add(within)
	}
	_ = conn.PgConn().Conn().SetDeadline(deadline) // it fails only on a socket that is closed
}

// cut closes the socket of a connection that is no longer used. Otherwise pgx would keep its place in the pool while it
// waits for the server to say goodbye.
func cut(conn *pgx.Conn) { _ = conn.PgConn().Conn().Close() }
