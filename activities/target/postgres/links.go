package postgres

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"curfew/activities/target"
	"curfew/internal/keepalive/pgpool"
)

// callTimeout leaves the server the time to say what became of a call that is given up.
const callTimeout = target.CallTimeout - pgpool.CancelGrace

// links are the connections to one server. One of them is set apart: where others have taken all that the server
// allows, the subject of an access that is to end among them, it is the one that is left to end it.
type links struct {
	pool  *pgpool.Pool
	spare *pgpool.Pool // holds one connection

	crowd     atomic.Pointer[string] // who had the most sessions when that was last asked
	crowdedAt atomic.Int64           // when that was, in nanoseconds
}

func openLinks(config *pgxpool.Config) (*links, error) {
	// The context is for connections that are made ahead of use: none.
	ctx := context.Background() //nolint:forbidigo // no caller's work depends on it
	apart := config.Copy()
	apart.MaxConns, config.MaxConns = 1, config.MaxConns-1
	spare, err := pgpool.New(ctx, apart)
	if err != nil || config.MaxConns == 0 {
		return &links{pool: spare, spare: spare}, err
	}
	pool, err := pgpool.New(ctx, config)
	return &links{pool: pool, spare: spare}, err
}

// sessionsTried is how many sessions the server may end under one call: one of either pool, and one that is new.
const sessionsTried = 3

// use lends a connection to some work, for as long as one call may take. When the server ends the session, as an
// administrator may have it do, and as it does before it stops, the work is done once more over another: so it must do
// no harm twice.
func (l *links) use(ctx context.Context, work func(ctx context.Context, conn *pgx.Conn) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for range sessionsTried {
		if err = l.once(ctx, work); !isSessionEnded(err) {
			return err
		}
	}
	return err
}

func (l *links) once(ctx context.Context, work func(ctx context.Context, conn *pgx.Conn) error) error {
	conn, err := l.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return work(ctx, conn.Conn)
}

// acquire waits for the spare connection where the server takes no more.
func (l *links) acquire(ctx context.Context) (*pgpool.Conn, error) {
	conn, refused := l.pool.Acquire(ctx)
	if codeOf(refused) != codeTooManyConnections {
		return conn, refused
	}
	conn, err := l.spare.Acquire(ctx)
	if err != nil {
		return nil, refused
	}
	l.count(ctx, conn.Conn)
	return conn, nil
}

// ping asks over the spare connection, and makes it if need be.
func (l *links) ping(ctx context.Context) error {
	if l.spare.Busy() {
		return nil // whoever has it will see
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	conn, err := l.spare.AcquireAlive(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if conn.Fresh() && l.pool != l.spare {
		l.pool.DropIdle() // they are as old as the one that it replaces
	}
	l.count(ctx, conn.Conn)
	return nil
}

// crowdLasts is how long it is known who has the most sessions.
const crowdLasts = time.Second

// count remembers who has the most sessions: when the server is full it can't be asked any more.
func (l *links) count(ctx context.Context, conn *pgx.Conn) {
	now, last := time.Now().UnixNano(), l.crowdedAt.Load()
	if now-last < crowdLasts.Nanoseconds() || !l.crowdedAt.CompareAndSwap(last, now) {
		return
	}
	var (
		account     string
		theirs, all int
	)
	if conn.QueryRow(ctx, crowdStatement).Scan(&account, &theirs, &all) == nil {
		crowd := fmt.Sprintf(
			"%d of the server's %d connections were those of %q when that was last seen",
			theirs,
			all,
			account,
		)
		l.crowd.Store(&crowd)
	}
}
