package facts

import (
	"context"
	"slices"
	"time"

	"curfew/activities/ledger"
	"curfew/internal/policy"
	"curfew/workflows/contract"
)

const (
	pageOfRequests = 500
	// mostPages bounds how many requests are looked at that gave somebody access without a break. Whoever has had more
	// gets nothing whose time without a break is bounded.
	mostPages = 20
)

// continuity reads since when the subject has had what is asked for, and which uses of break-glass access nobody has
// reviewed.
func (g Gatherer) continuity(ctx context.Context, facts *policy.Facts) error {
	if g.sources.Requests == nil {
		return nil
	}
	request := facts.Request
	begins := facts.Now
	if request.StartAt.After(begins) {
		begins = request.StartAt
	}
	// Each look goes further back than the one before, until there is a break in it: what people had long ago, or only
	// asked for, does not matter, however much it is.
	for back := policy.Break; ; back *= 4 {
		from := begins.Add(-back)
		held, all, err := g.heldSince(ctx, request.Subject, from)
		if err != nil {
			return err
		}
		facts.ContinuousSince, facts.Uncounted = continuousSince(stretches(held, facts), begins), !all
		first := begins
		if !facts.ContinuousSince.IsZero() {
			first = facts.ContinuousSince
		}
		if !all || !from.After(first.Add(-policy.Break)) {
			break
		}
	}
	if !request.BreakGlass {
		return nil
	}
	unreviewed, err := g.unreviewed(ctx, request)
	facts.Unreviewed = unreviewed
	return err
}

// stretches are the times during which requests gave the subject one of the accesses that are asked for.
func stretches(held []contract.Status, facts *policy.Facts) (had []stretch) {
	request := facts.Request
	for _, status := range held {
		if status.GrantedAt == nil || status.Subject != request.Subject || !shares(status, request.Terms) {
			continue
		}
		if status.ID == request.ID {
			facts.GrantedAt = *status.GrantedAt
		}
		had = append(had, stretchOf(status, facts.Now))
	}
	return had
}

// heldSince are a person's newest requests that gave access at an instant or later; all is false when there are more.
func (g Gatherer) heldSince(
	ctx context.Context,
	person string,
	since time.Time,
) (newest []contract.Status, all bool, err error) {
	filter := ledger.Filter{Person: person, HeldSince: since, Limit: pageOfRequests}
	for range mostPages {
		page, err := g.sources.Requests.Requests(ctx, filter)
		if err != nil {
			return nil, false, err
		}
		newest = append(newest, page...)
		if len(page) < pageOfRequests {
			return newest, true, nil
		}
		filter.Before = page[len(page)-1].ID
	}
	return newest, false, nil
}

// shares is true when a request gave one of the accesses of the terms.
func shares(status contract.Status, terms contract.Terms) bool {
	return slices.ContainsFunc(status.Holds, func(hold contract.HoldState) bool {
		return slices.ContainsFunc(
			terms.Accesses,
			func(access contract.Access) bool { return access.GrantID() == hold.Access.GrantID() },
		)
	})
}

// stretch is a time during which somebody had access.
type stretch struct{ from, to time.Time }

// stretchOf is how long a request gave access. One that has not ended may still give it after its deadline: its revoke
// may be stuck.
func stretchOf(status contract.Status, now time.Time) stretch {
	s := stretch{from: *status.GrantedAt, to: now}
	switch {
	case status.EndedAt != nil:
		s.to = *status.EndedAt
	case status.Until != nil && status.Until.After(now):
		s.to = *status.Until
	}
	return s
}

// continuousSince follows stretches back from a time, over breaks that are too short to be one; zero when there was
// none.
func continuousSince(had []stretch, until time.Time) time.Time {
	slices.SortFunc(had, func(a, b stretch) int { return b.to.Compare(a.to) }) // what ended last comes first
	since := until
	for _, s := range had {
		if s.to.Before(since.Add(-policy.Break)) {
			break
		}
		if s.from.Before(since) {
			since = s.from
		}
	}
	if since.Equal(until) {
		return time.Time{}
	}
	return since
}

// unreviewed are the requester's uses of break-glass access, but this one, that nobody has reviewed yet.
func (g Gatherer) unreviewed(ctx context.Context, request contract.Request) (ids []string, err error) {
	waiting, err := g.sources.Requests.Requests(
		ctx,
		ledger.Filter{Person: request.Requester, Waits: true, Limit: pageOfRequests},
	)
	if err != nil {
		return nil, err
	}
	for _, status := range waiting {
		if status.ID != request.ID && status.Requester == request.Requester && status.BreakGlass &&
			status.NeedsPostReview() {
			ids = append(ids, status.ID)
		}
	}
	return ids, nil
}
