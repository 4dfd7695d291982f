// Package world runs a whole Curfew and everything around it, each part as a process of its own: Temporal in a file,
// the server, two workers, a PostgreSQL server as a target, another one or a file for the ledger, and the stand-ins of
// Lightrun and Jira. Between Curfew's processes and the rest are lines that can go bad.
package world

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"curfew/internal/chaos/observer"
	"curfew/internal/chaos/standin"
	"curfew/internal/testserver/postgres"
	"curfew/internal/testserver/process"
	"curfew/internal/testserver/proxy"
	"curfew/internal/testserver/temporal"
)

// The ledgers that there are.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// patience is far longer than anything takes to start.
const patience = time.Minute

// Options of a world.
type Options struct {
	Dir    string // where everything is kept; it must be there
	Curfew string // the program
	// StandIns is the program that runs the stand-ins, with the arguments that make it do so.
	StandIns []string
	Ledger   string // SQLite or Postgres
	People   int    // how many ask
	Tickets  []string
	// Died hears of each time that a program of Curfew's ended by itself, and was started again.
	Died func(name string, from, to time.Time)
}

// World is everything that runs.
type World struct {
	Server   *Service
	Workers  [2]*Service
	Temporal *temporal.Server
	Orders   *postgres.Server
	Store    *postgres.Server // of the ledger; nil when that is a file
	StandIns *standin.Client
	Ledger   *observer.Ledger
	Disk     *Disk
	// NoDisk says why the ledger's disk can't be filled; nil when it can.
	NoDisk error

	URL    string            // of Curfew's API
	Tokens map[string]string // of people, by their ids
	People []Person
	// Stranger has accounts, and never asks.
	Stranger Person

	options   Options
	lines     map[place]*proxy.Proxy
	addresses map[string]string // where lines lead to
	file      string            // of the ledger
	closers   []func()
}

// place is between a process of Curfew's and what it calls.
type place struct{ process, system string }

// Curfew's processes, and the systems that they have lines to, beside the targets.
const (
	server  = "server"
	worker1 = "worker-1"
	worker2 = "worker-2"

	ledgerLine = "ledger"
	jiraLine   = "jira"
)

var processes = []string{server, worker1, worker2}

// Open starts everything and returns when Curfew answers. Close must be called also after an error.
func Open(ctx context.Context, options Options) (*World, error) {
	w := &World{
		options: options, lines: map[place]*proxy.Proxy{}, addresses: map[string]string{}, Tokens: map[string]string{},
	}
	for n := range options.People {
		w.People = append(w.People, newPerson(fmt.Sprintf("p%02d", n)))
	}
	w.Stranger = newPerson("mallory")
	for _, step := range []func(context.Context) error{
		w.openDisk, w.openTemporal, w.openOrders, w.openLedger, w.openStandIns, w.openLines, w.openCurfew, w.readLedger,
	} {
		if err := step(ctx); err != nil {
			return w, err
		}
	}
	return w, nil
}

func newPerson(id string) Person {
	return Person{ID: id, Account: "account_" + id, Email: id + "@example.org"}
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

func (w *World) log(name string) (*os.File, error) {
	dir := filepath.Join(w.options.Dir, "logs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.Create(filepath.Join(dir, name+".log"))
}

func (w *World) openDisk(context.Context) error {
	// Below the folder of temporary files, where PostgreSQL's own user gets through.
	dir, err := os.MkdirTemp("", "curfew-chaos-disk-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // see above
		return err
	}
	w.Disk, w.NoDisk = newDisk(filepath.Join(dir, "ledger"))
	w.atClose(func() { _ = errors.Join(w.Disk.close(), os.RemoveAll(dir)) })
	return nil
}

func (w *World) openTemporal(context.Context) error {
	log, err := w.log("temporal")
	if err != nil {
		return err
	}
	w.Temporal, err = temporal.Launch(
		temporal.InFile(
			filepath.Join(w.options.Dir, "temporal.db"),
		),
		temporal.Shift(50*time.Millisecond),
		temporal.Log(log),
	)
	if err != nil {
		return err
	}
	w.atClose(func() { w.Temporal.Kill(); _ = log.Close() })
	return nil
}

// openStandIns starts the stand-ins, whose one line says where they are.
func (w *World) openStandIns(context.Context) error {
	w.Tokens[curfew] = rand.Text()
	setup := standin.Setup{
		Token:   w.Tokens[curfew],
		Pool:    poolID,
		Tickets: w.options.Tickets,
		Users:   []string{w.Stranger.Email},
	}
	for _, person := range w.People {
		setup.Users = append(setup.Users, person.Email)
	}
	log, err := w.log("stand-ins")
	if err != nil {
		return err
	}
	addresses, running, err := launchStandIns(w.options.StandIns, setup, log)
	if err != nil {
		return err
	}
	w.atClose(func() { running.Kill(); _ = log.Close() })
	w.StandIns = standin.NewClient(addresses.Control)
	w.addresses[Lightrun], w.addresses[jiraLine] = addresses.Lightrun, addresses.Jira
	return nil
}

func (w *World) openLines(context.Context) error {
	for system, address := range w.addresses {
		for _, process := range processes {
			line, err := proxy.Launch(address)
			if err != nil {
				return err
			}
			w.atClose(line.Close)
			w.lines[place{process, system}] = line
		}
	}
	return nil
}

// ProxiesTo are the lines of all workers, and of the server where that has one, to a target or to the ledger.
func (w *World) ProxiesTo(system string) (found []*proxy.Proxy) {
	for _, process := range processes {
		if line, there := w.lines[place{process, system}]; there {
			found = append(found, line)
		}
	}
	return found
}

// ProxyOf is a worker's line to a target or to the ledger; nil when it has none.
func (w *World) ProxyOf(worker int, system string) *proxy.Proxy {
	return w.lines[place{processes[1+worker], system}]
}

// LedgerProxy is what ProxiesTo calls the ledger.
func (*World) LedgerProxy() string { return ledgerLine }

func (w *World) openCurfew(ctx context.Context) error {
	listen, err := process.FreeAddress()
	if err != nil {
		return err
	}
	w.URL = "http://" + listen
	if err := w.configure(listen); err != nil {
		return err
	}
	if w.Server, err = w.service(server, "server"); err != nil {
		return err
	}
	if err := w.answers(ctx, "/readyz"); err != nil { // it has made the ledger's tables then
		return err
	}
	for i, name := range []string{worker1, worker2} {
		if w.Workers[i], err = w.service(name, "worker", "--identity", name); err != nil {
			return err
		}
	}
	return nil
}

// service starts a program of Curfew's with its own configuration.
func (w *World) service(name string, arguments ...string) (*Service, error) {
	log, err := w.log(name)
	if err != nil {
		return nil, err
	}
	s := &Service{
		Name: name, log: log, died: func(from, to time.Time) { w.options.Died(name, from, to) },
		program: process.Program{Path: w.options.Curfew, Args: append(arguments, "--config", w.configOf(name))},
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	w.atClose(s.close)
	return s, nil
}

// answers returns when the server answers a path with 200.
func (w *World) answers(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := process.Answers(ctx, w.URL+path); err != nil {
		log := filepath.Join(w.options.Dir, "logs", server+".log")
		return fmt.Errorf("the server does not answer (%w); its log is in %s", err, log)
	}
	return nil
}
