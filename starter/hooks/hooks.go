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

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"curfew/activities/incident"
	"curfew/activities/ledger"
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
	Alarms    ledger.Alarms
	Tickets   ticket.System    // nil when there is no tracker
	Incidents incident.Systems // those that are configured
	Log       *zap.Logger
	// Limits are those that all entry points share; some of its own when nil.
	Limits *limit.Limits
	// Observer is told of deliveries; nil for nobody.
	Observer Observer
	// Answers is how answers get to Slack; a client with a time limit when nil.
	Answers *http.Client
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
	following errgroup.Group // answers that are on their way to Slack
}

// source is one that may send. How it is verified stays as it was opened.
type source struct {
	name   string
	opened config.Hook
	// expects refuses a delivery by its header alone, before its body is read; verify refuses it when that was read.
	expects func(header http.Header) error
	verify  verifier
	// read makes a delivery of a body that was verified.
	read func(s snapshot, ctx context.Context, header http.Header, body []byte) (message, error)
	// act does what a delivery comes to. It may be done again, and at the same time.
	act func(s snapshot, ctx context.Context, delivery contract.Delivery) (contract.Delivered, error)
	// lenient is true for a source that stops sending when it is told that it has sent nonsense.
	lenient bool
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
	// answersWithin bounds one answer to Slack, and mostAnswers how many are waited for at once.
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
		s, err := open(name, hook)
		if err != nil {
			return nil, err
		}
		h.sources[name] = s
	}
	return h, nil
}

func open(name string, hook config.Hook) (*source, error) {
	s := &source{name: name, opened: hook}
	var err error
	switch hook.Verify {
	case config.VerifyPagerDuty:
		s.verify, s.read, s.act, s.lenient = pagerDuty(
			hook.Secrets,
		), snapshot.readIncident, snapshot.actOnIncident, true
		s.expects = signedIn("X-PagerDuty-Signature")
	case config.VerifyJira:
		s.verify, s.read, s.act = jira(hook.Secrets), snapshot.readTicket, snapshot.actOnTicket
		s.expects = signedIn("X-Hub-Signature")
	case config.VerifySlack:
		s.verify, s.read, s.act = slackApp(hook.Secrets), snapshot.readButton, snapshot.actOnButton
		s.expects = signedIn("X-Slack-Signature", "X-Slack-Request-Timestamp")
	case config.VerifyStandard:
		s.read, s.act = snapshot.readOrder, snapshot.actOnOrder
		s.expects = signedIn(
			standardwebhooks.HeaderWebhookID,
			standardwebhooks.HeaderWebhookTimestamp,
			standardwebhooks.HeaderWebhookSignature,
		)
		s.verify, err = standard(hook)
	case config.VerifyBearer:
		s.verify, s.read, s.act = bearer(hook.Secrets), snapshot.readOrder, snapshot.actOnOrder
		s.expects = func(header http.Header) error { return s.verify(header, nil) }
	default:
		err = contract.Invalid("%q is no way to verify", hook.Verify).
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
