package chaos

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"curfew/internal/chaos/judge"
	"curfew/internal/chaos/people"
	"curfew/internal/chaos/plan"
	"curfew/internal/chaos/world"
	"curfew/internal/sandbox"
	"curfew/internal/testserver/process"
	"curfew/internal/testserver/proxy"
)

// store is what the database of the ledger is called among what crashes.
const store = "ledger"

// clockOff is how wrong a wrong clock is.
const clockOff = 5 * time.Minute

// injector plays faults, and writes down from when until when each was there.
type injector struct {
	*world.World

	mu       sync.Mutex
	faults   []judge.Fault
	failed   []string // what could not be played, and why
	lightrun []*sandbox.Fault
	jira     []*sandbox.Fault

	starting sync.Mutex
	down     map[string]int // how many faults keep a database or Temporal down
}

// playable are those of some faults that can be played here; the others are named with the reason.
func playable(w *world.World, wanted []plan.FaultKind) (can []plan.FaultKind, left []string) {
	for _, fault := range wanted {
		switch {
		case fault == plan.WrongClock && !process.CanShiftClocks:
			left = append(left, string(fault)+": a process can be given another clock on Linux on amd64 only")
		case fault == plan.FillDisk && w.NoDisk != nil:
			left = append(left, string(fault)+": "+w.NoDisk.Error())
		case fault == plan.KillLedger && w.Store == nil:
			left = append(left, string(fault)+": the ledger is a file")
		default:
			can = append(can, fault)
		}
	}
	return can, left
}

// play does what a plan foresees and returns when everything is mended.
func (t *injector) play(ctx context.Context, begin time.Time, faults []plan.Fault) {
	var all sync.WaitGroup
	for _, planned := range faults {
		all.Go(func() {
			if !people.Pause(ctx, time.Until(begin.Add(planned.At))) {
				return
			}
			t.one(ctx, planned)
		})
	}
	all.Wait()
}

// one plays a fault. It is mended also when the context has ended.
func (t *injector) one(ctx context.Context, planned plan.Fault) {
	fault := judge.Fault{From: time.Now()}
	mend, err := t.cause(ctx, planned, &fault)
	if err == nil {
		people.Pause(ctx, planned.For)
		err = mend(context.WithoutCancel(ctx))
	}
	fault.To = time.Now()
	t.note(fault)
	if err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.failed = append(t.failed, fmt.Sprintf("%s at %s: %v", planned.Kind, planned.At.Round(time.Second), err))
	}
}

func (t *injector) note(fault judge.Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, fault)
}

// again is within what time a program that ends by itself once more has never run.
const again = 10 * time.Second

// noteDeath notes that a program has ended by itself. One that ends again and again, because what it needs is down,
// does so once.
func (t *injector) noteDeath(fault judge.Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.faults {
		if former := &t.faults[i]; former.What == fault.What && fault.From.Sub(former.To) < again {
			former.To = fault.To
			return
		}
	}
	t.faults = append(t.faults, fault)
}

func (t *injector) noted() []judge.Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.faults)
}

// mending takes a fault back.
type mending = func(context.Context) error

// cause begins a fault, and says what it is.
func (t *injector) cause(ctx context.Context, planned plan.Fault, fault *judge.Fault) (mending, error) {
	worker := int(planned.Which % 2)
	is := func(kind judge.Kind, format string, args ...any) {
		fault.Kind, fault.What = kind, fmt.Sprintf(format, args...)
	}
	switch planned.Kind {
	case plan.KillWorker:
		is(judge.WorkerDied, "%s killed", t.Workers[worker].Name)
		return killed(t.Workers[worker])
	case plan.StopWorker:
		is(judge.WorkerHung, "%s stopped", t.Workers[worker].Name)
		return stopped(t.Workers[worker])
	case plan.KillServer:
		is(judge.Elsewhere, "the server killed")
		return killed(t.Server)
	case plan.StopServer:
		is(judge.Elsewhere, "the server stopped")
		return stopped(t.Server)
	case plan.WrongClock:
		off := clockOff
		if planned.Which&2 != 0 {
			off = -off
		}
		is(judge.WorkerDied, "%s started with its clock off by %s", t.Workers[worker].Name, off)
		return func(context.Context) error { return t.Workers[worker].SetClock(0) }, t.Workers[worker].SetClock(off)
	case plan.KillTemporal:
		is(judge.TemporalDown, "Temporal killed")
		return t.crash("temporal", t.Temporal.Kill, t.Temporal.Relaunch), nil
	case plan.StopTemporal:
		is(judge.TemporalDown, "Temporal stopped")
		return t.pauseTemporal(), nil
	case plan.KillLedger:
		is(judge.LedgerDown, "the ledger's database crashed")
		return t.crash(store, t.Store.Crash, t.reviveStore), nil
	case plan.KillTarget, plan.SilenceTarget, plan.LoseReplies, plan.LieAboutIt:
		return t.targets(ctx, planned, fault)
	case plan.DisturbJira:
		return t.misbehaveJira(ctx, planned, fault)
	case plan.Rewrite:
		return t.rewrite(planned, fault)
	default:
		return t.network(ctx, planned, fault)
	}
}

func killed(s *world.Service) (mending, error) {
	s.Kill()
	return func(context.Context) error { return s.Revive() }, nil
}

func stopped(s *world.Service) (mending, error) {
	s.Stop()
	return func(context.Context) error { s.Resume(); return nil }, nil
}

// crash ends what several faults may have ended, and starts it again with the last of them.
func (t *injector) crash(name string, kill func(), start func() error) mending {
	t.starting.Lock()
	defer t.starting.Unlock()
	t.down[name]++
	kill()
	return func(context.Context) error {
		t.starting.Lock()
		defer t.starting.Unlock()
		t.down[name]--
		if t.down[name] > 0 {
			return nil
		}
		return start()
	}
}

func (t *injector) pauseTemporal() mending {
	t.Temporal.Signal(syscall.SIGSTOP)
	return func(context.Context) error {
		t.Temporal.Signal(syscall.SIGCONT)
		return nil
	}
}

// targets is what goes wrong with a target as a whole.
func (t *injector) targets(ctx context.Context, planned plan.Fault, fault *judge.Fault) (mending, error) {
	fault.Kind, fault.Target = judge.TargetDown, world.Lightrun
	const accesses = "/api/v1/temp-access"
	switch {
	case planned.Kind == plan.KillTarget && planned.Which&1 == 0:
		fault.What, fault.Target = "the database crashed", world.Orders
		return t.crash(world.Orders, t.Orders.Crash, t.Orders.Relaunch), nil
	case planned.Kind == plan.KillTarget:
		fault.What = "Lightrun down"
		return t.misbehave(ctx, &t.lightrun, t.StandIns.MisbehaveLightrun, sandbox.Fault{Down: true})
	case planned.Kind == plan.SilenceTarget:
		fault.Target = pick(planned.Which, world.Orders, world.Lightrun)
		fault.What = fault.Target + " silent"
		return silence(t.ProxiesTo(fault.Target)), nil
	case planned.Kind == plan.LoseReplies:
		fault.What = "Lightrun loses replies"
		method := pick(planned.Which, http.MethodPost, http.MethodDelete)
		return t.misbehave(
			ctx,
			&t.lightrun,
			t.StandIns.MisbehaveLightrun,
			sandbox.Fault{Method: method, Path: accesses, LoseReply: true},
		)
	default:
		fault.What = "Lightrun says done and does nothing"
		lie := pick(
			planned.Which,
			sandbox.Fault{Method: http.MethodDelete, Lie: true},
			sandbox.Fault{Method: http.MethodPost, Lie: true},
		)
		lie.Path = accesses
		return t.misbehave(ctx, &t.lightrun, t.StandIns.MisbehaveLightrun, lie)
	}
}

// pick draws one of several.
func pick[T any](which uint32, several ...T) T { return several[int(which>>1)%len(several)] }

func (t *injector) misbehaveJira(ctx context.Context, planned plan.Fault, fault *judge.Fault) (mending, error) {
	wrong := pick(
		planned.Which,
		sandbox.Fault{
			Method:    http.MethodPost,
			LoseReply: true,
		},
		sandbox.Fault{Down: true},
		sandbox.Fault{Status: http.StatusInternalServerError},
		sandbox.Fault{Status: http.StatusTooManyRequests, RetryAfter: "3"},
		sandbox.Fault{Delay: 3 * time.Second},
	)
	fault.Kind, fault.What = judge.Elsewhere, "Jira in trouble"
	return t.misbehave(ctx, &t.jira, t.StandIns.MisbehaveJira, wrong)
}

// misbehave adds a fault to a stand-in's; mending takes that one away.
func (t *injector) misbehave(
	ctx context.Context,
	faults *[]*sandbox.Fault,
	set func(context.Context, []sandbox.Fault) error,
	wrong sandbox.Fault,
) (mending, error) {
	change := func(ctx context.Context, by func([]*sandbox.Fault) []*sandbox.Fault) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		*faults = by(*faults)
		all := []sandbox.Fault{}
		for _, fault := range *faults {
			all = append(all, *fault)
		}
		return set(ctx, all)
	}
	return func(ctx context.Context) error {
			return change(ctx, func(former []*sandbox.Fault) []*sandbox.Fault {
				return slices.DeleteFunc(former, func(f *sandbox.Fault) bool { return f == &wrong })
			})
		}, change(ctx, func(former []*sandbox.Fault) []*sandbox.Fault {
			return append(former, &wrong)
		})
}

// rewrite changes the configuration of all processes: into something that is wrong, or that is right.
func (t *injector) rewrite(planned plan.Fault, fault *judge.Fault) (mending, error) {
	fault.Kind, fault.What = judge.Elsewhere, "the configuration rewritten"
	change := func(text string) string { return strings.ReplaceAll(text, "max: 10m", "max: 9m") }
	if planned.Which&2 != 0 {
		fault.What = "the configuration broken"
		change = func(text string) string { return text + "\nbroken: [\n" }
	}
	back, err := t.Rewrite(change)
	if err != nil {
		return nil, err
	}
	return func(context.Context) error { return back() }, nil
}

// network is what goes wrong between Curfew and what it calls.
func (t *injector) network(ctx context.Context, planned plan.Fault, fault *judge.Fault) (mending, error) {
	systems := []string{world.Orders, world.Lightrun}
	if t.Store != nil {
		systems = append(systems, t.LedgerProxy())
	}
	system := pick(planned.Which, systems...)
	if system != t.LedgerProxy() {
		fault.Target = system
	}
	switch planned.Kind {
	case plan.CutWorker:
		fault.Kind = judge.WorkerHung
		if system == t.LedgerProxy() {
			fault.Kind = judge.LedgerHung
		}
		worker := int(planned.Which % 2)
		fault.What = fmt.Sprintf("%s cut off from %s", t.Workers[worker].Name, system)
		return silence([]*proxy.Proxy{t.ProxyOf(worker, system)}), nil
	case plan.ForgetConnections:
		fault.Kind, fault.What = judge.Forgotten, "connections to "+system+" forgotten"
		return forget(t.ProxiesTo(system)), nil
	case plan.SilenceLedger:
		fault.Target, fault.Kind, fault.What = "", judge.LedgerHung, "the ledger silent"
		if t.Store == nil {
			fault.What = "the ledger's file locked"
			return lockFile(ctx, t.LedgerFile())
		}
		return silence(t.ProxiesTo(t.LedgerProxy())), nil
	case plan.FillDisk:
		fault.Target, fault.Kind, fault.What = "", judge.LedgerDown, "the ledger's disk full"
		return t.fillDisk()
	default:
		return nil, fmt.Errorf("nobody knows how to play %s", planned.Kind)
	}
}

func silence(lines []*proxy.Proxy) mending {
	for _, line := range lines {
		line.Silence()
	}
	return func(context.Context) error {
		for _, line := range lines {
			line.Speak()
		}
		return nil
	}
}

// forget loses connections; what is left of them at the end is reset.
func forget(lines []*proxy.Proxy) mending {
	for _, line := range lines {
		line.Forget()
	}
	return func(context.Context) error {
		for _, line := range lines {
			line.Reset()
		}
		return nil
	}
}

// lockFile writes to an SQLite file, and does not come to an end with it.
func lockFile(ctx context.Context, file string) (mending, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return func(context.Context) error {
		_ = tx.Rollback() // nothing was written
		return db.Close()
	}, nil
}

// fillDisk leaves the ledger no room.
func (t *injector) fillDisk() (mending, error) {
	if err := t.Disk.Fill(); err != nil {
		return nil, err
	}
	return t.crash(store, func() {}, t.reviveStore), nil // what has crashed can't start again without room
}

// reviveStore gives the ledger room, and starts its database again when that has given up.
func (t *injector) reviveStore() error {
	if err := t.Disk.Clear(); err != nil || t.Store == nil || t.Store.Running() {
		return err
	}
	return t.Store.Relaunch()
}
