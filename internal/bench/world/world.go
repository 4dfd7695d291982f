// Package world runs a whole Curfew to measure it, each part as a process of its own: Temporal in a file, the server,
// one worker with the ledger in a file, PostgreSQL as the target, and beside them the worker of the floor.
package world

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"

	"curfew/internal/seal"
	"curfew/internal/testserver/postgres"
	"curfew/internal/testserver/process"
	"curfew/internal/testserver/temporal"
)

// patience is far longer than anything takes to start.
const patience = time.Minute

// curfew is Curfew's own account at the target, and that of the floor.
const curfew = "curfew"

// ErrBusy is the server's answer to somebody who calls too often, and to everybody while it has too much to do.
var ErrBusy = errors.New("the server answers 429 or 503")

// Busy is true for the status of such an answer.
func Busy(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// Options of a world.
type Options struct {
	Dir    string   // where everything is kept
	Curfew string   // the program
	Bare   []string // the command that runs the worker of the floor; its arguments follow
	People int      // how many can ask
	// Responders is how many of them, the first, are on call at PagerDuty.
	Responders int
	Sleeping   int // how many templates there are of those that Sleeping names
}

// World is everything that runs.
type World struct {
	URL       string // of Curfew's API
	Client    client.Client
	Temporal  *temporal.Server
	Target    *Target
	Incidents *Incidents
	Server    *process.Process
	Worker    *process.Process
	Floor     *process.Process // the worker of the floor
	// TemporalTook and CurfewTook are how long it took from nothing until Temporal answered, and from then on until the
	// server and the worker were ready.
	TemporalTook, CurfewTook time.Duration

	options        Options
	config         string // where Curfew's configuration is
	people         []Person
	secrets        string
	orders         *postgres.Server
	serverM, workM string // where metrics and health are
	tokens         map[string]string
	taken          int // how many people have been handed out
	closers        []func()
}

// Open starts everything and returns when Curfew answers. Close must be called also after an error.
func Open(ctx context.Context, options Options) (*World, error) {
	w := &World{options: options, tokens: map[string]string{}, secrets: filepath.Join(options.Dir, "secrets")}
	if err := os.MkdirAll(options.Dir, 0o700); err != nil {
		return w, err
	}
	for n := range options.People {
		w.people = append(w.people, newPerson(n))
	}
	for _, step := range []func(context.Context) error{
		w.openTemporal, w.openTarget, w.openIncidents, w.openCurfew, w.openFloor,
	} {
		if err := step(ctx); err != nil {
			return w, err
		}
	}
	return w, nil
}

// Close ends everything that runs, Curfew first.
func (w *World) Close() {
	for len(w.closers) > 0 {
		last := len(w.closers) - 1
		w.closers[last]()
		w.closers = w.closers[:last]
	}
}

func (w *World) atClose(closer func()) { w.closers = append(w.closers, closer) }

// TemporalFile is Temporal's database.
func (w *World) TemporalFile() string { return filepath.Join(w.options.Dir, "temporal.db") }

// LedgerFile is the ledger.
func (w *World) LedgerFile() string { return filepath.Join(w.options.Dir, "ledger.db") }

// People are all who can ask.
func (w *World) People() []Person { return w.people }

// NewPeople are people who have not asked for anything yet.
func (w *World) NewPeople(n int) ([]Person, error) {
	if w.taken+n > len(w.people) {
		return nil, fmt.Errorf(
			"there are %d people, and %d of them have asked: %d more can't",
			len(w.people),
			w.taken,
			n,
		)
	}
	w.taken += n
	return w.people[w.taken-n : w.taken], nil
}

// Token is somebody's, for the API.
func (w *World) Token(id string) string { return w.tokens[id] }

func (w *World) log(name string) (*os.File, error) {
	path := filepath.Join(w.options.Dir, name+".log")
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func (w *World) openTemporal(ctx context.Context) error {
	out, err := w.log("temporal")
	if err != nil {
		return err
	}
	w.atClose(func() { _ = out.Close() })
	began := time.Now()
	w.Temporal, err = temporal.Launch(
		temporal.InFile(w.TemporalFile()), temporal.Shift(50*time.Millisecond), temporal.Log(out))
	if err != nil {
		return err
	}
	w.TemporalTook = time.Since(began)
	w.atClose(w.Temporal.Kill)
	w.Client, err = temporal.Dial(ctx, w.Temporal.Address)
	if err != nil {
		return err
	}
	w.atClose(w.Client.Close)
	return nil
}

func (w *World) openTarget(ctx context.Context) (err error) {
	if w.orders, err = postgres.Launch(ctx, ""); err != nil {
		return err
	}
	w.atClose(w.orders.Stop)
	w.Target, err = openTarget(ctx, w.orders, w.people, Sleeping(w.options.Sleeping))
	return err
}

// configure writes secrets, keys and the configuration.
func (w *World) configure() (path string, err error) {
	if err := os.MkdirAll(w.secrets, 0o700); err != nil {
		return "", err
	}
	// The keys are good since an hour ago, so that a clock that is behind finds them so.
	if err := seal.WriteNew(w.secrets, time.Now().Add(-time.Hour)); err != nil {
		return "", err
	}
	w.tokens[Reviewer] = rand.Text()
	for _, person := range w.people {
		w.tokens[person.ID] = rand.Text()
	}
	files := map[string]string{
		"orders": w.orders.URL(curfew, postgres.Superuser), "pagerduty": w.Incidents.key, "hook": w.Incidents.secret,
	}
	for id, token := range w.tokens {
		files[id] = token
	}
	for name, secret := range files {
		if err := os.WriteFile(filepath.Join(w.secrets, name), []byte(secret), 0o600); err != nil {
			return "", err
		}
	}
	var addresses [3]string
	for i := range addresses {
		if addresses[i], err = process.FreeAddress(); err != nil {
			return "", err
		}
	}
	w.URL, w.serverM, w.workM = "http://"+addresses[0], "http://"+addresses[1], "http://"+addresses[2]
	w.Incidents.hooks = w.URL + "/v1/hooks/pd"
	return settings{
		Temporal: w.Temporal.Address, Listen: addresses[0], Secrets: w.secrets,
		ServerMetrics: addresses[1], WorkerMetrics: addresses[2], People: w.people,
		PagerDuty: w.Incidents.url, Opening: opening, Waiting: waiting, Responders: w.options.Responders,
		Sleeping: Sleeping(w.options.Sleeping),
	}.write(w.options.Dir)
}

func (w *World) openIncidents(ctx context.Context) (err error) {
	var closer func()
	w.Incidents, closer, err = openIncidents(ctx, w.options.Responders)
	if err == nil {
		w.atClose(closer)
	}
	return err
}

func (w *World) openCurfew(ctx context.Context) (err error) {
	if w.config, err = w.configure(); err != nil {
		return err
	}
	began := time.Now()
	if w.Server, err = w.run("server", w.options.Curfew, "server", "--config", w.config); err != nil {
		return err
	}
	if err := w.ready(ctx, w.serverM, "server"); err != nil { // it has made the ledger's tables then
		return err
	}
	if w.Worker, err = w.run("worker", w.options.Curfew, "worker", "--config", w.config); err != nil {
		return err
	}
	err = w.ready(ctx, w.workM, "worker")
	w.CurfewTook = time.Since(began)
	return err
}

// end ends a process politely, so that Temporal gives no task to it any more.
func end(p *process.Process) {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.Exited():
	case <-time.After(patience):
		p.Kill()
	}
}

// Restart ends the server and the worker, and returns how long they took until both were ready again.
func (w *World) Restart(ctx context.Context) (took time.Duration, err error) {
	end(w.Server)
	end(w.Worker)
	began := time.Now()
	if w.Server, err = w.run("server", w.options.Curfew, "server", "--config", w.config); err != nil {
		return 0, err
	}
	if w.Worker, err = w.run("worker", w.options.Curfew, "worker", "--config", w.config); err != nil {
		return 0, err
	}
	if err := w.ready(ctx, w.serverM, "server"); err != nil {
		return 0, err
	}
	err = w.ready(ctx, w.workM, "worker")
	return time.Since(began), err
}

// openFloor starts the worker of the floor, which says nothing: its first workflow waits for it.
func (w *World) openFloor(context.Context) (err error) {
	command := append(slices.Clone(w.options.Bare[1:]),
		w.Temporal.Address, w.orders.URL(curfew, postgres.Superuser), BareRole)
	w.Floor, err = w.run("floor", w.options.Bare[0], command...)
	return err
}

// EndFloor ends the worker of the floor.
func (w *World) EndFloor() { end(w.Floor) }

// RestartFloor starts the worker of the floor again, once it has ended.
func (w *World) RestartFloor(ctx context.Context) error {
	return w.openFloor(ctx)
}

func (w *World) run(name, path string, arguments ...string) (*process.Process, error) {
	out, err := w.log(name)
	if err != nil {
		return nil, err
	}
	running, err := process.Start(process.Program{Path: path, Args: arguments, Out: out, Err: out})
	if err != nil {
		return nil, err
	}
	w.atClose(func() { running.Kill(); _ = out.Close() })
	return running, nil
}

// ready returns when a process says that it is ready.
func (w *World) ready(ctx context.Context, url, name string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := process.Answers(ctx, url+"/readyz"); err != nil {
		return fmt.Errorf(
			"%s does not answer (%w); its log is in %s",
			name,
			err,
			filepath.Join(w.options.Dir, name+".log"),
		)
	}
	return nil
}
