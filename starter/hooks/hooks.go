// Package hooks is the entry point for systems that tell Curfew of something: incident tools, trackers, chat and
// scripts. It checks who sent a delivery, keeps of it where to look, and lets that into Temporal before it says yes; a
// server acts on it afterwards. A delivery is a hint: what it is about is read again where it comes from, and
// everything is done with the rights of the person whom the directory names for an account there, never with those of
// the sender.
package hooks

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"curfew/activities/incident"
	"curfew/activities/ledger"
	"curfew/activities/notify"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/starter"
	"curfew/starter/limit"
	"curfew/workflows/contract"
)

// Path is where sources send to; the last part is the name of the source.
const Path = "/v1/hooks/{source}"

// Options of the Hooks.
type Options struct {
	Starter   *starter.Starter
	Kinds     Kinds
	Alarms    ledger.Alarms
	Tickets   ticket.System    // nil when there is no tracker
	Incidents incident.Systems // those that are configured
	Log       *zap.Logger
	// Limits are those that all entry points share; some of its own when nil.
	Limits *limit.Limits
	// Observer is told of deliveries; nil for nobody.
	Observer Observer
	// Answers is how answers get to whoever pressed a button; a client with a time limit when nil.
	Answers *http.Client
}

// Kinds are the systems whose webhooks are read, by the names of their kinds.
type Kinds struct {
	Trackers  map[string]ticket.Kind
	Incidents map[string]incident.Kind
	Channels  map[string]notify.Kind
}

// Observer is told of each delivery, by the source that it was addressed to and the status of the answer. It must be
// quick.
type Observer interface {
	WebhookAnswered(source string, status int)
}

// Hooks are the sources of a configuration. They may be used by several goroutines.
type Hooks struct {
	Options
	sources   map[string]*source
	following errgroup.Group // answers that are on their way
}

// source is one that may send. How it is verified stays as it was opened.
type source struct {
	name   string
	opened config.Hook
	// system is what people's accounts are called on the system that sends, and title how people write it; empty for a
	// program.
	system, title string
	// expects refuses a delivery by its header alone, before its body is read; verify refuses it when that was read.
	expects func(header http.Header) error
	verify  verifier
	read    reader
	act     actor
	// lenient is true for a source that stops sending when it is told that it has sent nonsense.
	lenient bool
	// tellBack tells whoever pressed a button what came of it; nil for a source that has none.
	tellBack func(ctx context.Context, client *http.Client, address, text string) error
}

// snapshot is a source as one configuration has it. All that is done about one delivery goes by it.
type snapshot struct {
	*Hooks
	*source
	hook    config.Hook
	starter *starter.Snapshot
}

// message is what a source has sent, read.
type message struct {
	delivery contract.Delivery
	// unused says why there is nothing to do, which operators are told once a day; it is idle when that is how it
	// should be.
	unused string
	idle   bool
	// answerTo is where the source wants to hear what came of it.
	answerTo string
	// refused says why nothing comes of it, to whoever hears there.
	refused error
}

const (
	// answersWithin bounds one answer, and mostAnswers how many are waited for at once.
	answersWithin = 10 * time.Second
	mostAnswers   = 200
)

// New makes the entry point. An error is a fault in the configuration that its check does not find, or in the program.
func New(o Options) (*Hooks, error) {
	if o.Answers == nil {
		o.Answers = &http.Client{
			Timeout:       answersWithin,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	if o.Limits == nil {
		o.Limits = limit.New(nil)
	}
	h := &Hooks{Options: o, sources: map[string]*source{}}
	h.following.SetLimit(mostAnswers)
	for name, hook := range o.Starter.Current().Config().Hooks {
		s, err := h.open(name, hook)
		if err != nil {
			return nil, err
		}
		h.sources[name] = s
	}
	return h, nil
}

// open puts together how the deliveries of one source are verified, read and acted on.
func (h *Hooks) open(name string, hook config.Hook) (*source, error) {
	s := &source{name: name, opened: hook}
	var err error
	switch kind := hook.Verify; {
	case h.Kinds.Incidents[kind].Webhooks != nil:
		system := h.Kinds.Incidents[kind]
		s.system, s.title, s.lenient = system.Name, system.Title, system.Webhooks.Lenient
		s.verifiedBy(system.Webhooks.Verifier(hook.Secrets))
		s.read, s.act = incidentReader(system.Webhooks), incidentActor(system.Webhooks)
	case h.Kinds.Trackers[kind].Webhooks != nil:
		tracker := h.Kinds.Trackers[kind]
		s.system, s.title = tracker.Name, tracker.Title
		s.verifiedBy(tracker.Webhooks.Verifier(hook.Secrets))
		s.read, s.act = ticketReader(tracker.Webhooks), ticketActor(tracker.Webhooks)
	case h.Kinds.Channels[kind].Webhooks != nil:
		channel := h.Kinds.Channels[kind]
		s.system, s.title, s.tellBack = channel.Accounts, channel.Title, channel.Webhooks.Answer
		s.verifiedBy(channel.Webhooks.Verifier(hook.Secrets))
		s.read, s.act = pressReader(channel.Webhooks), snapshot.actOnPress
	case kind == config.VerifyStandard:
		s.read, s.act = snapshot.readOrder, snapshot.actOnOrder
		err = s.standard(hook)
	case kind == config.VerifyBearer:
		s.verify, s.read, s.act = bearer(hook.Secrets), snapshot.readOrder, snapshot.actOnOrder
		s.expects = func(header http.Header) error { return s.verify(header, nil) }
	default:
		err = contract.Invalid("%q is no way to verify", kind).
			At("hooks." + name + ".verify").
			Advise("see docs/hooks.md")
	}
	return s, err
}

// Deliver acts on a delivery that a server of Curfew has let in. It is the activity contract.ActivityDeliver.
func (h *Hooks) Deliver(ctx context.Context, in contract.DeliveryInput) (contract.Delivered, error) {
	delivery, err := h.Starter.VerifyDelivery(in)
	if err != nil {
		return contract.Delivered{}, err
	}
	s, found := h.sources[delivery.Source]
	if !found {
		return contract.Delivered{}, contract.NotFound("there is no source %q any more", delivery.Source).
			At("source").
			Advise("configure it again, or see there what it was about")
	}
	return s.act(h.current(s), ctx, delivery)
}

// current is a source by the configuration of this moment.
func (h *Hooks) current(s *source) snapshot {
	now := snapshot{Hooks: h, source: s, hook: s.opened, starter: h.Starter.Current()}
	if hook, found := now.starter.Config().Hooks[s.name]; found {
		now.hook = hook
	}
	return now
}

// turn makes the question whether a thing that a source has done in a person's name may be done now. What may not is
// tried again when its turn is.
func (h *Hooks) turn(source, person, thing string) func() error {
	return func() error { return h.Limits.Turn(source, person, thing) }
}
