package starter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// Selection says what the kill switch ends. Exactly one of its fields is set.
type Selection struct {
	Person   string // who has the access
	Target   string // by its configured name
	Template string
	All      bool
}

// EndReport is what the kill switch has ended, or would end.
type EndReport struct {
	DryRun   bool           `json:"dryRun,omitempty"`
	Requests []EndedRequest `json:"requests"` // by their ids
	// Names are what the subjects are called, by their ids.
	Names map[string]string `json:"names,omitempty"`
}

// EndedRequest is one request that the kill switch ends.
type EndedRequest struct {
	ID       string         `json:"id"`
	State    contract.State `json:"state"`
	Template string         `json:"template,omitempty"`
	Subject  string         `json:"subject"`
	Targets  []string       `json:"targets,omitempty"`
}

// mostEnded is how many requests the kill switch ends at once.
const mostEnded = 20_000

// End is the kill switch: it ends every request that has not ended and that is selected, with the access that it gave.
// The targets' workers carry that out, whatever state Temporal is in. A dry run only says what it would end.
func (s *Snapshot) End(
	ctx context.Context,
	actor string,
	selected Selection,
	reason string,
	dryRun bool,
) (EndReport, error) {
	if err := cmp.Or(s.allow(actor, OperationEnd), checkReason(reason), s.checkSelection(selected)); err != nil {
		return EndReport{}, err
	}
	found, err := s.selected(ctx, selected)
	if err != nil {
		return EndReport{}, err
	}
	report := EndReport{DryRun: dryRun, Requests: found, Names: s.config.Names(subjectsOf(found)...)}
	if dryRun || len(found) == 0 {
		return report, nil
	}
	tombstones := make([]contract.Tombstone, len(found))
	requests := make([]string, len(found))
	for i, request := range found {
		tombstones[i] = contract.Tombstone{Request: request.ID, Kind: contract.EndKillSwitch, By: actor, Reason: reason}
		requests[i] = request.ID
	}
	if err := s.record(ctx, tombstones...); err != nil {
		return EndReport{}, unavailable(err, "the ledger does not take the ends now: nothing is ended")
	}
	s.tellNow(ctx, tombstones)
	return report, s.raise(ctx, contract.Alarm{
		Kind: contract.AlarmEnded, Target: selected.Target, Requests: requests, Actor: actor,
		Text: fmt.Sprintf("%s ended %s at once (%s): %s", actor, counted(len(found)), selected, reason),
	})
}

func subjectsOf(requests []EndedRequest) []string {
	people := make([]string, len(requests))
	for i, request := range requests {
		people[i] = request.Subject
	}
	return people
}

// String names the selection in words.
func (s Selection) String() string {
	switch {
	case s.Person != "":
		return "all of the person " + s.Person
	case s.Target != "":
		return "all on the target " + s.Target
	case s.Template != "":
		return "all of the template " + s.Template
	}
	return "all"
}

func counted(requests int) string {
	if requests == 1 {
		return "1 request"
	}
	return fmt.Sprintf("%d requests", requests)
}

// checkSelection takes one selection. A person, a target or a template that is not in the configuration any more may
// still have access.
func (s *Snapshot) checkSelection(selected Selection) error {
	set := 0
	for _, name := range []string{selected.Person, selected.Target, selected.Template} {
		if len(name) > longestName {
			return contract.Invalid("%q is too long for a name", shortened(name)).
				At("person").
				Advise("copy the name from `curfew list`")
		}
		if name != "" {
			set++
		}
	}
	if selected.All {
		set++
	}
	if set != 1 {
		return contract.Invalid("it is not clear what is to end").
			At("person").
			Advise("give one of person, target, template and all")
	}
	return nil
}

// longestName is that of a person, a target or a template, in bytes.
const longestName = 256

// selected are the requests that have not ended, and those that the holdings say still hold access up, whatever else is
// said of them.
func (s *Snapshot) selected(ctx context.Context, selected Selection) ([]EndedRequest, error) {
	found := map[string]EndedRequest{}
	take := func(status contract.Status) { found[status.ID] = endedRequest(status) }
	err := cmp.Or(s.eachOpen(ctx, selected, take), s.eachHeld(ctx, selected, found, take))
	switch {
	case err != nil:
		return nil, unreadable(err)
	case len(found) > mostEnded:
		return nil, contract.Capacity("it would end %d requests, and can end %d at once", len(found), mostEnded).
			Advise("end those of one target, person or template first")
	}
	all := make([]EndedRequest, 0, len(found))
	for _, request := range found {
		all = append(all, request)
	}
	slices.SortFunc(all, func(a, b EndedRequest) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// eachOpen goes through the requests that have not ended.
func (s *Snapshot) eachOpen(ctx context.Context, selected Selection, do func(contract.Status)) error {
	for _, state := range contract.OpenStates() {
		filter := ledger.Filter{State: state, Template: selected.Template, Person: selected.Person, Limit: untoldPage}
		for {
			page, err := s.events.Requests(ctx, filter)
			if err != nil {
				return err
			}
			for _, status := range page {
				if selected.fits(status) {
					do(status)
				}
			}
			if len(page) < untoldPage {
				break
			}
			filter.Before = page[len(page)-1].ID
		}
	}
	return nil
}

func (s Selection) fits(status contract.Status) bool {
	switch {
	case s.Person != "":
		return status.Subject == s.Person
	case s.Template != "":
		return status.Template == s.Template
	case s.Target != "":
		return slices.ContainsFunc(
			status.Holds,
			func(hold contract.HoldState) bool { return hold.Access.Target == s.Target },
		)
	}
	return s.All
}

// always is later than any end.
var always = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// eachHeld goes through the open holdings, for requests that were not found by their state.
func (s *Snapshot) eachHeld(
	ctx context.Context,
	selected Selection,
	found map[string]EndedRequest,
	do func(contract.Status),
) error {
	filter := ledger.DueFilter{Before: always, Limit: untoldPage}
	if selected.Target != "" {
		filter.Targets = []string{selected.Target}
	}
	for {
		page, err := s.holdings.Due(ctx, filter)
		if err != nil {
			return err
		}
		for _, holding := range page {
			if selected.Person != "" && holding.Access.Person != selected.Person {
				continue
			}
			if err := s.eachLease(ctx, holding, selected, found, do); err != nil {
				return err
			}
		}
		if len(page) < untoldPage {
			return nil
		}
		filter.After = page[len(page)-1].DueCursor()
	}
}

// eachLease goes through the requests that keep a holding open, but for those that were found.
func (s *Snapshot) eachLease(
	ctx context.Context,
	holding ledger.Holding,
	selected Selection,
	found map[string]EndedRequest,
	do func(contract.Status),
) error {
	for _, request := range holding.Leases.Requests() {
		if _, known := found[request]; known {
			continue
		}
		status, err := s.recorded(ctx, request)
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		if selected.Template == "" || status.Template == selected.Template {
			do(heldStatus(status, request, holding))
		}
	}
	return nil
}

// heldStatus is what the holding knows of a request, beside what its record says.
func heldStatus(status contract.Status, request string, holding ledger.Holding) contract.Status {
	status.ID, status.Subject = request, holding.Access.Person
	status.State = contract.StateActive
	if len(status.Holds) == 0 {
		status.Holds = []contract.HoldState{{Access: holding.Access}}
	}
	return status
}

func endedRequest(status contract.Status) EndedRequest {
	var targets []string
	for _, hold := range status.Holds {
		targets = append(targets, hold.Access.Target)
	}
	return EndedRequest{
		ID:       status.ID,
		State:    status.State,
		Template: status.Template,
		Subject:  status.Subject,
		Targets:  distinct(targets),
	}
}

// tellNow has the workflows told beside the answer: nobody waits for it, and those that are not reached are told later.
func (s *Snapshot) tellNow(ctx context.Context, ends []contract.Tombstone) {
	ctx = context.WithoutCancel(ctx)
	go func() {
		var all errgroup.Group
		all.SetLimit(toldAtOnce)
		for _, t := range ends {
			all.Go(func() error {
				s.tellEnd(ctx, t)
				return nil
			})
		}
		_ = all.Wait() // tellEnd says what went wrong
	}()
}

// raise puts an alarm on record about what was done.
func (s *Snapshot) raise(ctx context.Context, alarm contract.Alarm) error {
	alarm.At = now()
	alarm.ID = fmt.Sprintf("%s/%s", alarm.Kind, ulid.Make())
	if err := s.alarms.Raise(ctx, alarm); err != nil {
		return unavailable(err, "it is done, but the ledger does not take the alarm about it")
	}
	return nil
}
