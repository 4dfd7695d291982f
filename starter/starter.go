// Package starter is what every entry point leads to, and the only Temporal client behind them: it checks what people
// ask for and who may ask it, starts requests, carries reviews, extensions and ends to them, and shows what became of
// them.
//
// A entry point authenticates and hands over the person's id; nothing in a body ever says who is acting. Errors are
// *contract.Problem, found with contract.ProblemOf; one with an inner cause prints it for the log.
package starter

import (
	"context"
	"crypto/rand"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.uber.org/zap"

	"curfew/activities/clock"
	"curfew/activities/group"
	"curfew/activities/incident"
	"curfew/activities/ledger"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/keyring"
	"curfew/internal/reload"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

const (
	// answerWithin bounds what needs a worker or Temporal to answer before an entry point answers.
	answerWithin = 10 * time.Second
	// statusWithin is short, because the ledger has an answer too.
	statusWithin = 2 * time.Second
)

// Ledger is what a Starter needs of Curfew's own record.
type Ledger interface {
	ledger.Events
	ledger.Holdings
	ledger.Tombstones
	ledger.Freezes
	ledger.Departures
	ledger.Alarms
	ledger.Decisions
}

// Options of a Starter.
type Options struct {
	Temporal client.Client
	Config   *reload.Live
	Ledger   Ledger
	Tickets  ticket.System // nil when no tracker is configured
	// References resolve what stands for a ticket; nil when nothing does.
	References ticket.References
	Incidents  incident.Systems
	Groups     *group.Groups    // nil for those that the configuration lists
	Sightings  ledger.Sightings // nil where no sign-in is remembered
	Log        *zap.Logger      // of what is done in nobody's name; nil for none
	// Signer seals what the server vouches for, and Verifier knows the seals; both are nil where nothing is sealed.
	Signer   *seal.Signer
	Verifier *seal.Verifier
	// Secrets are those that all servers share; one of this process's own when there is none.
	Secrets keyring.Ring
	// Clock says whether this server's is right; nil where nobody compares it.
	Clock *clock.Watch
	// Converter is the one that Temporal's client was made with; Temporal's default when nil.
	Converter converter.DataConverter
	// UntrackedAfter is how long after it was asked for a request is called untracked at the soonest; a minute when
	// zero.
	UntrackedAfter time.Duration
}

// Starter lasts as long as the server. Whatever depends on the configuration is done by a Snapshot of it; the Starter
// itself does only what does not, and what goes on while the configuration changes. Its methods may be called at the
// same time.
type Starter struct {
	*shared
	live *reload.Live
}

// Snapshot is a Starter that goes by one configuration: it checks what people ask for and who may ask it, starts
// requests, carries messages to them and shows them. Whoever does several things for one person, in one call or on one
// page, does them with one Snapshot, so that they are all judged alike. Its methods may be called at the same time.
type Snapshot struct {
	*shared
	config *config.Config
}

// shared is what a Starter and its snapshots have in common, whatever the configuration: connections, keys and caches.
type shared struct {
	temporal   client.Client
	events     ledger.Events
	holdings   ledger.Holdings
	tombstones ledger.Tombstones
	freezes    ledger.Freezes
	departures ledger.Departures
	alarms     ledger.Alarms
	journal    ledger.Decisions
	log        *zap.Logger
	tickets    ticket.System
	references ticket.References
	signer     *seal.Signer
	verifier   *seal.Verifier
	secrets    keyring.Ring
	process    string // tells it from other servers
	clock      *clock.Watch
	converter  converter.DataConverter
	digests    *lru.Cache[string, digests]
	seen       *lru.Cache[string, ledger.Sighting] // the last of each person that was remembered
	incidents  incident.Systems
	groups     *group.Groups
	sightings  ledger.Sightings

	untrackedAfter time.Duration
}

// New makes a Starter; an error is a fault in the program that calls it.
func New(o Options) (*Starter, error) {
	if o.Temporal == nil || o.Config == nil || o.Ledger == nil {
		return nil, contract.Internal("a starter needs Temporal, a configuration and a ledger")
	}
	if (o.Signer == nil) != (o.Verifier == nil) {
		return nil, contract.Internal("a starter that seals needs the public keys too")
	}
	if o.Groups == nil {
		o.Groups = group.New(nil, nil)
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Converter == nil {
		o.Converter = converter.GetDefaultDataConverter()
	}
	if o.UntrackedAfter == 0 {
		o.UntrackedAfter = untrackedAfter
	}
	if o.Secrets.IsZero() {
		o.Secrets = keyring.Random()
	}
	kept, err := lru.New[string, digests](mostDigests)
	if err != nil {
		return nil, err
	}
	seen, err := lru.New[string, ledger.Sighting](mostSeen)
	if err != nil {
		return nil, err
	}
	return &Starter{live: o.Config, shared: &shared{
		digests:        kept,
		seen:           seen,
		groups:         o.Groups,
		sightings:      o.Sightings,
		temporal:       o.Temporal,
		events:         o.Ledger,
		holdings:       o.Ledger,
		tombstones:     o.Ledger,
		freezes:        o.Ledger,
		departures:     o.Ledger,
		alarms:         o.Ledger,
		journal:        o.Ledger,
		log:            o.Log,
		tickets:        o.Tickets,
		references:     o.References,
		incidents:      o.Incidents,
		converter:      o.Converter,
		signer:         o.Signer,
		verifier:       o.Verifier,
		secrets:        o.Secrets,
		process:        rand.Text(),
		clock:          o.Clock,
		untrackedAfter: o.UntrackedAfter,
	}}, nil
}

// Current is a Snapshot by the configuration of this moment.
func (s *Starter) Current() *Snapshot { return &Snapshot{shared: s.shared, config: s.live.Current()} }

// Config is the configuration that the Snapshot goes by. Nobody changes it.
func (s *Snapshot) Config() *config.Config { return s.config }

// Ready is nil when Temporal and the ledger answer.
func (s *Starter) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	if _, err := s.temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return unavailable(err, "Temporal can't be reached")
	}
	if _, err := s.events.Requests(ctx, ledger.Filter{Limit: 1}); err != nil {
		return unreadable(err)
	}
	return nil
}

// known refuses an actor who is not in the directory.
func (s *Snapshot) known(actor string) error {
	if _, ok := s.config.People[actor]; !ok {
		return contract.Forbidden("you are not in the directory").
			Advise("ask an administrator to add you to the people in curfew.yaml")
	}
	return nil
}
