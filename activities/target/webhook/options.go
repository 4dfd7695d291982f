package webhook

import (
	"context"
	"time"

	"curfew/activities/target"
)

const (
	maxPages    = 100
	maxSessions = 1_000_000
)

// sessions is for receivers that can end what a subject has open.
type sessions struct{ endpoint *endpoint }

// EndSessions implements target.SessionEnder.
func (s sessions) EndSessions(ctx context.Context, access target.Access) (int, error) {
	asked, err := about(typeSessions, access)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Ended *int `json:"ended"`
	}
	if err := s.endpoint.ask(ctx, asked, &answer); err != nil {
		return 0, err
	}
	if answer.Ended == nil || *answer.Ended < 0 || *answer.Ended > maxSessions {
		return 0, s.endpoint.strange("it does not say how many sessions have ended")
	}
	return *answer.Ended, nil
}

// marks is for receivers that can list what they were asked to grant.
type marks struct{ endpoint *endpoint }

// listed is one page of a list.
type listed struct {
	Accesses *[]struct {
		Key     string    `json:"key"`
		Account string    `json:"account"`
		Until   time.Time `json:"until"`
	} `json:"accesses"`
	More *bool `json:"more"`
}

// List implements target.Lister. Each page goes on behind the last key of the one before, so that what comes and goes
// meanwhile moves nothing from one page to another.
func (m marks) List(ctx context.Context) ([]target.Marked, error) {
	all, last := []target.Marked{}, ""
	for range maxPages {
		var page listed
		if err := m.endpoint.ask(ctx, message{Type: typeList, After: last}, &page); err != nil {
			return nil, err
		}
		if page.Accesses == nil || page.More == nil {
			return nil, m.endpoint.strange("it is no list of accesses")
		}
		for _, one := range *page.Accesses {
			if !keyPattern.MatchString(one.Key) || one.Key <= last || !validAccount(one.Account) {
				return nil, m.endpoint.strange(
					"an access is listed out of the order of keys, or without a key or an account",
				)
			}
			all, last = append(all, target.Marked{Key: one.Key, Account: one.Account, Until: one.Until}), one.Key
		}
		if !*page.More {
			return all, nil
		}
	}
	return nil, m.endpoint.strange("the list goes on after %d pages", maxPages)
}

// Remove implements target.Lister.
func (m marks) Remove(ctx context.Context, found target.Marked) error {
	_, err := m.endpoint.askToRevoke(ctx, message{Type: typeRemove, Key: found.Key, Account: found.Account})
	return err
}
