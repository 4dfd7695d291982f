package ledger

import (
	"context"
	"errors"
	"time"

	"curfew/workflows/contract"
)

// Observer is told of calls to the ledger. It must be quick.
type Observer interface {
	// LedgerCalled is told of each call, by the name of its method.
	LedgerCalled(operation string, took time.Duration, err error)
	// HoldingLocked is told how long the lock of a holding was waited for.
	HoldingLocked(waited time.Duration)
	// AlarmRaised is told of each alarm that was raised, repetitions included.
	AlarmRaised(kind contract.AlarmKind)
}

// Observe returns the same ledger, of which an observer is told.
func Observe(store Store, observer Observer) Store { return observed{store, observer} }

type observed struct {
	store    Store
	observer Observer
}

// call times one call.
func (o observed) call(operation string, began time.Time, err error) {
	o.observer.LedgerCalled(operation, time.Since(began), err)
}

// timed times one call that answers something. That there is no such thing is an answer, too.
func timed[T any](o observed, operation string, call func() (T, error)) (T, error) {
	began := time.Now()
	answer, err := call()
	failed := err
	if errors.Is(err, ErrNotFound) {
		failed = nil
	}
	o.call(operation, began, failed)
	return answer, err
}

// done times one call that answers nothing.
func (o observed) done(operation string, call func() error) error {
	began := time.Now()
	err := call()
	o.call(operation, began, err)
	return err
}

func (o observed) Append(ctx context.Context, events []contract.Event, status contract.Status) error {
	return o.done("Append", func() error { return o.store.Append(ctx, events, status) })
}

func (o observed) Request(ctx context.Context, id string) (contract.Status, []contract.Event, error) {
	type answer struct {
		status contract.Status
		events []contract.Event
	}
	found, err := timed(o, "Request", func() (a answer, err error) {
		a.status, a.events, err = o.store.Request(ctx, id)
		return a, err
	})
	return found.status, found.events, err
}

func (o observed) Requests(ctx context.Context, filter Filter) ([]contract.Status, error) {
	return timed(o, "Requests", func() ([]contract.Status, error) { return o.store.Requests(ctx, filter) })
}

func (o observed) HasClock() bool { return o.store.HasClock() }

func (o observed) Now(ctx context.Context) (time.Time, error) {
	return timed(o, "Now", func() (time.Time, error) { return o.store.Now(ctx) })
}

// Lock is no call that takes long only when the ledger is slow: it waits for whoever has the lock.
func (o observed) Lock(ctx context.Context, grant string) (Locked, error) {
	began := time.Now()
	locked, err := o.store.Lock(ctx, grant)
	o.observer.HoldingLocked(time.Since(began))
	if err != nil {
		o.call("Lock", began, err)
		return nil, err
	}
	return observedLock{locked, o}, nil
}

func (o observed) Due(ctx context.Context, filter DueFilter) ([]Holding, error) {
	return timed(o, "Due", func() ([]Holding, error) { return o.store.Due(ctx, filter) })
}

func (o observed) Held(ctx context.Context, filter HeldFilter) ([]Holding, error) {
	return timed(o, "Held", func() ([]Holding, error) { return o.store.Held(ctx, filter) })
}

func (o observed) Read(ctx context.Context, grant string) (Holding, error) {
	return timed(o, "Read", func() (Holding, error) { return o.store.Read(ctx, grant) })
}

func (o observed) Tokens(ctx context.Context, grants []string) (map[string]contract.Token, error) {
	return timed(o, "Tokens", func() (map[string]contract.Token, error) { return o.store.Tokens(ctx, grants) })
}

func (o observed) AddTombstones(ctx context.Context, tombstones ...contract.Tombstone) error {
	return o.done("AddTombstones", func() error { return o.store.AddTombstones(ctx, tombstones...) })
}

func (o observed) TombstoneOf(ctx context.Context, request string) (contract.Tombstone, error) {
	return timed(o, "TombstoneOf", func() (contract.Tombstone, error) { return o.store.TombstoneOf(ctx, request) })
}

func (o observed) Ended(ctx context.Context, filter EndedFilter) ([]Holding, error) {
	return timed(o, "Ended", func() ([]Holding, error) { return o.store.Ended(ctx, filter) })
}

func (o observed) Untold(ctx context.Context, filter UntoldFilter) ([]contract.Tombstone, error) {
	return timed(o, "Untold", func() ([]contract.Tombstone, error) { return o.store.Untold(ctx, filter) })
}

func (o observed) SetFreeze(ctx context.Context, freeze Freeze) (Freeze, error) {
	return timed(o, "SetFreeze", func() (Freeze, error) { return o.store.SetFreeze(ctx, freeze) })
}

func (o observed) Freeze(ctx context.Context) (Freeze, error) {
	return timed(o, "Freeze", func() (Freeze, error) { return o.store.Freeze(ctx) })
}

func (o observed) Absent(ctx context.Context, found Observation) (map[string]Absence, error) {
	return timed(o, "Absent", func() (map[string]Absence, error) { return o.store.Absent(ctx, found) })
}

func (o observed) ConfirmDirectory(ctx context.Context, confirmation Confirmation) error {
	return o.done("ConfirmDirectory", func() error { return o.store.ConfirmDirectory(ctx, confirmation) })
}

func (o observed) ConfirmedDirectory(ctx context.Context, digest string) (Confirmation, error) {
	return timed(o, "ConfirmedDirectory", func() (Confirmation, error) {
		return o.store.ConfirmedDirectory(ctx, digest)
	})
}

func (o observed) Raise(ctx context.Context, alarm contract.Alarm) error {
	err := o.done("Raise", func() error { return o.store.Raise(ctx, alarm) })
	if err == nil {
		o.observer.AlarmRaised(alarm.Kind)
	}
	return err
}

func (o observed) List(ctx context.Context, filter AlarmFilter) ([]contract.Alarm, error) {
	return timed(o, "List", func() ([]contract.Alarm, error) { return o.store.List(ctx, filter) })
}

func (o observed) Decide(ctx context.Context, decision Decision) error {
	return o.done("Decide", func() error { return o.store.Decide(ctx, decision) })
}

func (o observed) DecisionsOf(ctx context.Context, request string) ([]Decision, error) {
	return timed(o, "DecisionsOf", func() ([]Decision, error) { return o.store.DecisionsOf(ctx, request) })
}

func (o observed) See(ctx context.Context, sighting Sighting) error {
	return o.done("See", func() error { return o.store.See(ctx, sighting) })
}

func (o observed) Seen(ctx context.Context, since time.Time) ([]Sighting, error) {
	return timed(o, "Seen", func() ([]Sighting, error) { return o.store.Seen(ctx, since) })
}

func (o observed) Census(ctx context.Context) (Census, error) {
	return timed(o, "Census", func() (Census, error) { return o.store.Census(ctx) })
}

// observedLock is a holding that was locked by an observed ledger.
type observedLock struct {
	Locked
	by observed
}

func (l observedLock) Save(ctx context.Context, holding Holding) error {
	return l.by.done("Save", func() error { return l.Locked.Save(ctx, holding) })
}

func (l observedLock) Stops(ctx context.Context, requests ...string) (Stops, error) {
	return timed(l.by, "Stops", func() (Stops, error) { return l.Locked.Stops(ctx, requests...) })
}
