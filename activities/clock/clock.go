// Package clock compares the clock of a process with those that it has to agree with: Temporal's, and the ledger's
// where that has one. A process whose clock is off names itself in an alarm, and neither decides nor grants until its
// clock is right. Ends go on: they follow those other clocks.
package clock

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// Tolerance is how far a clock may be off.
	Tolerance = 5 * time.Second

	compareEvery  = 10 * time.Second
	compareWithin = 3 * time.Second
	// leaveFor is how long work is left to other processes before it is tried here again.
	leaveFor = time.Second
)

// Options of a Watch.
type Options struct {
	Process   string // what operators know this process by
	Temporal  client.Client
	Namespace string // in Temporal
	Ledger    ledger.Clock
	Alarms    ledger.Alarms
	// Follow is told of each instant of Temporal's clock that is over; nil where nobody wants to know.
	Follow func(time.Time)
	Log    *zap.Logger
	// Now is the clock that is compared; nil for that of this process.
	Now func() time.Time
}

// Watch knows how far the clock of this process is off. Its methods may be called at the same time.
type Watch struct {
	Options
	identity string // what Temporal knows this process by

	mu       sync.Mutex
	readings [2]reading // of Temporal's clock and of the ledger's
	alarmed  bool       // the alarm is on record about what is wrong now
}

// New makes a watch that has compared nothing yet.
func New(o Options) *Watch {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Watch{Options: o, identity: contract.Shorten(o.Process, longestIdentity)}
}

// Run compares until the context ends.
func (w *Watch) Run(ctx context.Context) {
	again := time.NewTicker(compareEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			w.Compare(ctx)
		}
	}
}

// Compare reads the other clocks. When this one is off, it looks once more before it says so.
func (w *Watch) Compare(ctx context.Context) {
	w.read(ctx)
	if w.off() != nil {
		w.read(ctx)
	}
	wrong := w.off()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case wrong == nil && w.alarmed:
		w.alarmed = false
		w.Log.Info("the clock of this process is right again: it decides and grants")
	case wrong != nil && !w.alarmed:
		w.Log.Error(
			"the clock of this process is off: it decides and grants nothing until that is set right",
			zap.Stringer("off", wrong),
		)
		w.alarmed = w.raise(ctx, wrong)
	}
}

// Check is a problem while the clock of this process is off. It is one of those that are tried again: by a process
// whose clock is right, or here when that is so.
func (w *Watch) Check() error {
	if w == nil {
		return nil
	}
	wrong := w.off()
	if wrong == nil {
		return nil
	}
	problem := contract.Unavailable("%s: it decides and grants nothing", w.says(wrong)).
		At("clock").
		Advise("set its clock right")
	problem.RetryAfter.Duration = leaveFor
	return problem
}

// raise puts the alarm into the ledger, dated by the clock that this one differs from.
func (w *Watch) raise(ctx context.Context, wrong *offset) bool {
	ctx, done := context.WithTimeout(ctx, compareWithin)
	defer done()
	at := w.Now().Add(-wrong.by).UTC()
	err := w.Alarms.Raise(ctx, contract.Alarm{
		ID: fmt.Sprintf(
			"%s/%s/%d",
			contract.AlarmClockOff,
			w.identity,
			at.Unix(),
		),
		Kind:  contract.AlarmClockOff,
		At:    at,
		Actor: contract.ActorCurfew,
		Text: w.says(wrong) +
			". It decides and grants nothing until its clock is set right. Access ends on time all the same.",
	})
	if err != nil {
		w.Log.Error("the ledger did not take the alarm about this process's clock; it is raised again", zap.Error(err))
	}
	return err == nil
}

func (w *Watch) says(wrong *offset) string {
	return fmt.Sprintf("The clock of %s is %s", w.Process, wrong)
}

// offset is how far this clock is ahead of another one; negative when it is behind.
type offset struct {
	by   time.Duration
	whom string
}

func (o offset) String() string {
	where := "ahead of"
	if o.by < 0 {
		where = "behind"
	}
	return fmt.Sprintf("%s %s %s", o.by.Abs().Round(100*time.Millisecond), where, o.whom)
}

// off is by how much this clock differs from one of the others beyond what is tolerated and what the reading left open;
// nil when it is right, as far as anybody knows.
func (w *Watch) off() *offset {
	w.mu.Lock()
	defer w.mu.Unlock()
	var worst *offset
	for _, r := range w.readings {
		if by := r.least(w.Now()); by.Abs() > Tolerance && (worst == nil || by.Abs() > worst.by.Abs()) {
			worst = &offset{by, r.whose}
		}
	}
	return worst
}
