// Package compose opens what a configuration names and runs the server and the worker on it. Every program that is more
// than a client starts here.
package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"curfew/activities/clock"
	"curfew/activities/group"
	"curfew/activities/incident"
	"curfew/activities/kinds"
	"curfew/activities/ledger"
	"curfew/activities/ledger/postgres"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/identity"
	"curfew/internal/keyring"
	"curfew/internal/metrics"
	"curfew/internal/outbound"
	"curfew/internal/people"
	"curfew/internal/reload"
	"curfew/starter"
	"curfew/starter/api"
	"curfew/starter/limit"
	"curfew/starter/page"
	"curfew/starter/signin"
	"curfew/starter/web"
	"curfew/worker"
	"curfew/workflows/contract"
)

// App is what the configuration names, opened.
type App struct {
	Temporal client.Client

	config *reload.Live
	log    *zap.Logger
	// namespace is the one in Temporal.
	namespace string
	ledger    store
	tickets   ticket.System // nil when no tracker is configured
	// references resolve what stands for a ticket; nil when nothing does.
	references ticket.References
	incidents  incident.Systems
	groups     *group.Groups
	metrics    *metrics.Metrics
}

// store is where Curfew's own record is.
type store interface {
	ledger.Store
	Close() error
}

// observedStore is a ledger of whose calls the metrics are told.
type observedStore struct {
	ledger.Store
	io.Closer
}

// Open prepares the connection to Temporal and opens the ledger. Temporal, targets and trackers need not be up.
func Open(ctx context.Context, live *reload.Live, log *zap.Logger) (*App, error) {
	configured := live.Current()
	app := &App{config: live, log: log, metrics: metrics.New(live)}
	var err error
	if app.tickets, app.references, err = kinds.OpenTickets(configured.Tickets); err != nil {
		return nil, err
	}
	if app.incidents, err = kinds.OpenIncidents(configured.Incidents); err != nil {
		return nil, err
	}
	opened, err := open(ctx, configured.Ledger)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	app.ledger = observedStore{ledger.Observe(opened, app.metrics), opened}
	if app.groups, err = groups(configured, app.ledger); err != nil {
		return nil, errors.Join(err, app.ledger.Close())
	}
	if app.Temporal, app.namespace, err = dial(configured.Temporal, app.metrics, log); err != nil {
		return nil, errors.Join(err, app.ledger.Close())
	}
	return app, nil
}

func open(ctx context.Context, settings config.Ledger) (store, error) {
	if settings.Postgres.IsZero() {
		return sqlite.Open(ctx, settings.SQLite)
	}
	return postgres.Open(ctx, postgres.Settings{DSN: settings.Postgres})
}

// Close lets go of everything.
func (app *App) Close() error {
	app.Temporal.Close()
	_ = app.log.Sync() // stderr can't always be synced
	return app.ledger.Close()
}

// Follow takes the configuration over whenever its file changes, and on SIGHUP, until the context ends.
func (app *App) Follow(ctx context.Context) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGHUP)
	defer signal.Stop(told)
	app.config.Follow(ctx, told, app.log)
}

// Listen takes the address of the API.
func (app *App) Listen(ctx context.Context) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", app.config.Current().Server.Listen)
	if err != nil {
		return nil, contract.Invalid("%v", err).
			At("server.listen").
			Advise("choose an address of this machine that is free")
	}
	return listener, nil
}

// Serve answers the API on a listener until the context ends.
func (app *App) Serve(ctx context.Context, listener net.Listener) error {
	if _, err := app.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return contract.Unavailable("Temporal can't be reached: %v", err).
			At("temporal.address").
			Advise("check that it runs and is reachable from here")
	}
	verifier, err := app.verifier()
	if err != nil {
		return err
	}
	signer, err := server(app.config.Current().Seals, verifier)
	if err != nil {
		return err
	}
	shared, err := secrets(app.config.Current(), signer)
	if err != nil {
		return err
	}
	watch := clock.New(clock.Options{
		Process:   "the server " + worker.Process(),
		Temporal:  app.Temporal,
		Namespace: app.namespace,
		Ledger:    app.ledger,
		Alarms:    app.ledger,
		Log:       app.log,
	})
	requests, err := starter.New(starter.Options{
		Temporal: app.Temporal, Config: app.config, Ledger: app.ledger, Tickets: app.tickets,
		References: app.references, Incidents: app.incidents, Groups: app.groups, Sightings: app.ledger,
		Signer: signer, Verifier: verifier, Secrets: shared, Clock: watch, Log: app.log,
	})
	if err != nil {
		return err
	}
	limits := limit.New(app.config.Current().Server.Trusted)
	routes, err := app.routes(requests, shared, limits)
	if err != nil {
		return err
	}
	deliver, err := app.hooks(requests, routes, limits)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	watch.Compare(ctx) // before anything is sealed by it
	beside.Go(func() { watch.Run(ctx) })
	beside.Go(func() { deliver(ctx) })
	beside.Go(func() { requests.TellEnds(ctx) })
	beside.Go(func() { requests.EndDepartures(ctx) })
	beside.Go(func() { app.countLive(ctx) })
	app.log.Info("serving", zap.Stringer("address", listener.Addr()))
	return api.Serve(ctx, listener, routes, app.log)
}

// routes are the API and, where nobody can listen in, the pages.
func (app *App) routes(requests *starter.Starter, shared keyring.Ring, limits *limit.Limits) (*http.ServeMux, error) {
	callers, mux := identity.New(app.config.Current().OIDC), http.NewServeMux()
	mux.Handle(
		"/",
		api.New(api.Options{Starter: requests, Callers: callers, Limits: limits, Log: app.log}),
	)
	if outbound.InTheClear(app.config.Current().Server.URL) {
		app.log.Warn("there are no pages: signing in to them would send secrets in the clear",
			zap.String("fix", "write server.url with https://; only a loopback address may do without"))
		return mux, nil
	}
	frame, err := page.New(app.config.Current().Server.URL, app.log)
	if err != nil {
		return nil, contract.Invalid("%v", err).At("server.url").Advise("write the address that people reach Curfew at")
	}
	mux.Handle("GET "+page.PathAssets, frame.Assets())
	signIn := signin.New(signin.Options{
		Callers: callers, Frame: frame, URL: app.config.Current().Server.URL, Log: app.log,
		Secrets: shared, Limits: limits,
		Saw: func(ctx context.Context, caller identity.Caller) error {
			return requests.Current().RecordSignIn(ctx, caller)
		},
		Directory: func() *people.Directory { return &app.config.Current().Directory },
	})
	signIn.Handle(mux)
	web.New(web.Options{Starter: requests, Frame: frame, Sessions: signIn, Limits: limits}).
		Handle(mux)
	return mux, nil
}
