// Package compose opens what a configuration names and runs the server and the worker on it. Every program that is more
// than a client starts here.
package compose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.uber.org/zap"

	"curfew/activities/group"
	"curfew/activities/incident"
	"curfew/activities/ledger"
	"curfew/activities/ledger/postgres"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/ticket"
	"curfew/activities/ticket/jira"
	"curfew/activities/ticket/zephyr"
	"curfew/internal/config"
	"curfew/internal/identity"
	"curfew/starter"
	"curfew/starter/api"
	"curfew/starter/page"
	"curfew/starter/signin"
	"curfew/starter/web"
	"curfew/workflows/contract"
)

// House is what the configuration names, opened.
type House struct {
	Temporal client.Client

	config  *config.Live
	log     *zap.Logger
	ledger  store
	tickets ticket.System // nil when no tracker is configured
	// references resolve what stands for a ticket; nil when nothing does.
	references ticket.References
	incidents  incident.Systems
	groups     *group.Groups
}

// store is where Curfew's own record is.
type store interface {
	ledger.Events
	ledger.Holdings
	ledger.Alarms
	ledger.Decisions
	ledger.Sightings
	Close() error
}

// Open prepares the connection to Temporal and opens the ledger. Temporal, targets and trackers need not be up.
func Open(ctx context.Context, live *config.Live, log *zap.Logger) (*House, error) {
	configured := live.Current()
	h := &House{config: live, log: log}
	err := h.openTickets(configured.Tickets)
	if err != nil {
		return nil, err
	}
	if h.incidents, err = incidents(configured.Incidents); err != nil {
		return nil, err
	}
	if h.ledger, err = open(ctx, configured.Ledger); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	if h.groups, err = groups(configured, h.ledger); err != nil {
		return nil, errors.Join(err, h.ledger.Close())
	}
	if h.Temporal, err = dial(configured.Temporal, log); err != nil {
		return nil, errors.Join(err, h.ledger.Close())
	}
	return h, nil
}

// openTickets opens the tracker, and what leads to its tickets.
func (h *House) openTickets(settings config.Tickets) error {
	if settings.Jira == nil {
		return nil
	}
	tracker, err := jira.New(*settings.Jira)
	if err != nil {
		return err
	}
	h.tickets = tracker
	if settings.Zephyr == nil {
		return nil
	}
	references, err := zephyr.New(*settings.Zephyr, tracker)
	if err != nil {
		return err
	}
	h.references = references
	return nil
}

func open(ctx context.Context, settings config.Ledger) (store, error) {
	if settings.Postgres.IsZero() {
		return sqlite.Open(ctx, settings.SQLite)
	}
	return postgres.Open(ctx, postgres.Settings{DSN: settings.Postgres})
}

// Close lets go of everything.
func (h *House) Close() error {
	h.Temporal.Close()
	_ = h.log.Sync() // stderr can't always be synced
	return h.ledger.Close()
}

// Follow takes the configuration over whenever its file changes, and on SIGHUP, until the context ends.
func (h *House) Follow(ctx context.Context) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGHUP)
	defer signal.Stop(told)
	h.config.Follow(ctx, told, h.log)
}

// Listen takes the address of the API.
func (h *House) Listen(ctx context.Context) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", h.config.Current().Server.Listen)
	if err != nil {
		return nil, contract.Problemf(contract.KindInvalid, "server.listen", "choose an address of this machine that is free", "%v", err)
	}
	return listener, nil
}

// Serve answers the API on a listener until the context ends.
func (h *House) Serve(ctx context.Context, listener net.Listener) error {
	if _, err := h.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return contract.Problemf(contract.KindUnavailable, "temporal.address", "check that it runs and is reachable from here",
			"Temporal can't be reached: %v", err)
	}
	verifier, err := h.verifier()
	if err != nil {
		return err
	}
	signer, err := server(h.config.Current().Seals, verifier)
	if err != nil {
		return err
	}
	requests, err := starter.New(starter.Options{
		Temporal: h.Temporal, Config: h.config, Events: h.ledger, Alarms: h.ledger, Decisions: h.ledger, Tickets: h.tickets,
		References: h.references, Incidents: h.incidents, Groups: h.groups, Sightings: h.ledger, Signer: signer, Verifier: verifier,
	})
	if err != nil {
		return err
	}
	doors, err := h.doors(requests)
	if err != nil {
		return err
	}
	deliver, err := h.hooks(requests, doors)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	beside.Go(func() { deliver(ctx) })
	h.log.Info("serving", zap.Stringer("address", listener.Addr()))
	return api.Serve(ctx, listener, doors, h.log)
}

// doors are the API and, where nobody can listen in, the pages.
func (h *House) doors(requests *starter.Starter) (*http.ServeMux, error) {
	callers, mux := identity.New(h.config), http.NewServeMux()
	mux.Handle("/", api.New(api.Options{Starter: requests, Config: h.config, Callers: callers, Log: h.log}))
	if config.InTheClear(h.config.Current().Server.URL) {
		h.log.Warn("there are no pages: signing in to them would send secrets in the clear",
			zap.String("fix", "write server.url with https://; only a loopback address may do without"))
		return mux, nil
	}
	frame, err := page.New(h.config.Current().Server.URL, h.log)
	if err != nil {
		return nil, contract.Problemf(contract.KindInvalid, "server.url", "write the address that people reach Curfew at", "%v", err)
	}
	mux.Handle("GET "+page.PathAssets, frame.Assets())
	door := signin.New(signin.Options{
		Callers: callers, Frame: frame, URL: h.config.Current().Server.URL, Saw: requests.Saw, Log: h.log,
		Name: func(person string) string { return cmp.Or(h.config.Current().People[person].Name, person) },
	})
	door.Handle(mux)
	web.New(web.Options{Starter: requests, Config: h.config, Frame: frame, Door: door}).Handle(mux)
	return mux, nil
}

// dial prepares the connection to Temporal as its environment and profile say; what curfew.yaml says comes first.
func dial(settings config.Temporal, log *zap.Logger) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, contract.Problemf(contract.KindInvalid, "temporal", "mend Temporal's profile or its TEMPORAL_* variables", "%v", err)
	}
	options.HostPort = cmp.Or(settings.Address, options.HostPort, client.DefaultHostPort)
	options.Namespace = cmp.Or(settings.Namespace, options.Namespace, contract.Namespace)
	options.Logger = temporalLog{log.Sugar()}
	temporal, err := client.NewLazyClient(options)
	if err != nil {
		return nil, contract.Problemf(contract.KindInvalid, "temporal", "mend Temporal's profile or its TEMPORAL_* variables", "%v", err)
	}
	return temporal, nil
}
