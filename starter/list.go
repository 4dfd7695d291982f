package starter

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// longestPage is how many requests a page of a list has at most, and largestPage how many bytes their JSON has
	// together at most, unless one alone has more. Whoever asks for more gets the rest with the next page.
	longestPage = 100
	largestPage = 1 << 20
	// mostPages is how many pages are read for one that has something to show.
	mostPages = 5
)

// Page is a part of a list, newest first.
type Page struct {
	Requests []contract.Status
	Next     string // what Before continues it with; empty on the last page
}

// List returns the ledger's statuses of requests that the actor can see, newest first. The page may be shorter than the
// filter asks for, also when there are more.
func (s *Snapshot) List(ctx context.Context, actor string, filter ledger.Filter) (Page, error) {
	filter.Before = s.openCursor(filter.Before)
	if err := cmp.Or(s.allow(actor, OperationList), checkFilter(filter)); err != nil {
		return Page{}, err
	}
	length, err := filter.PageLength()
	if err != nil {
		return Page{}, err
	}
	filter.Viewer, filter.Limit = "", min(length, longestPage)
	if show, _ := RuleOf(OperationShow); !show.Allows(s.roles(actor)) { // not all of them
		filter.Viewer = actor
	}
	page, err := s.page(ctx, actor, filter)
	for n := 1; err == nil && n < mostPages && len(page.Requests) == 0 && page.Next != ""; n++ {
		filter.Before = page.Next
		page, err = s.page(ctx, actor, filter)
	}
	if err != nil {
		return Page{}, unreadable(err)
	}
	page.Requests = s.withTracking(ctx, s.withEndings(ctx, page.Requests))
	for i, status := range page.Requests {
		page.Requests[i] = s.named(s.withKeepers(ctx, status))
	}
	return s.withHiddenCursor(page.within(largestPage))
}

// page reads one page of a list.
func (s *Snapshot) page(ctx context.Context, actor string, filter ledger.Filter) (Page, error) {
	page, err := s.stretch(ctx, filter, func(contract.Status) bool { return true })
	if err != nil || filter.Viewer != actor && filter.Reviewer != actor || filter.Person != "" {
		return page, err
	}
	return s.withNewcomer(ctx, actor, filter, page)
}

// stretch reads what a filter finds next, and keeps what is wanted of it.
func (s *Snapshot) stretch(ctx context.Context, filter ledger.Filter, wanted func(contract.Status) bool) (Page, error) {
	found, err := s.events.Requests(ctx, filter)
	if err != nil {
		return Page{}, err
	}
	var page Page
	if len(found) == filter.Limit {
		page.Next = found[len(found)-1].ID
	}
	page.Requests = slices.DeleteFunc(found, func(status contract.Status) bool { return !wanted(status) })
	return page, nil
}

// merged are the newest of two stretches of the same list, as far back as both have been read, and not more than so
// many.
func merged(one, other Page, most int) Page {
	all := Page{Requests: slices.Concat(one.Requests, other.Requests), Next: max(one.Next, other.Next)}
	slices.SortFunc(all.Requests, func(a, b contract.Status) int { return strings.Compare(b.ID, a.ID) })
	if all.Next != "" {
		all.Requests = slices.DeleteFunc(
			all.Requests,
			func(status contract.Status) bool { return status.ID < all.Next },
		)
	}
	return all.first(most)
}

// first is the page with so many requests at most.
func (p Page) first(most int) Page {
	if len(p.Requests) <= most {
		return p
	}
	return Page{Requests: p.Requests[:most], Next: p.Requests[most-1].ID}
}

// within is the page with as many requests as have room in so many bytes of JSON, and one at least.
func (p Page) within(bytes int) Page {
	for i, status := range p.Requests {
		text, _ := json.Marshal(status) // a status has always been JSON before
		if bytes -= len(text); bytes < 0 && i > 0 {
			return p.first(i)
		}
	}
	return p
}

func checkFilter(filter ledger.Filter) error {
	if filter.State != "" && !slices.Contains(contract.States(), filter.State) {
		return contract.Invalid("there is no state %q", shortened(string(filter.State))).
			At("state").
			Advise("choose pending, scheduled, granting, active, revoking or ended")
	}
	if filter.Before != "" && checkID(filter.Before) != nil {
		return contract.Invalid("%q is not the id of a request", shortened(filter.Before)).
			At("before").
			Advise("give the next of the page before, or the id of a request")
	}
	_, err := filter.PageLength()
	return err
}
