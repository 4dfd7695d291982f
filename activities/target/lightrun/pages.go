package lightrun

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"curfew/workflows/contract"
)

const (
	pageSize = 100
	maxPages = 20
	// listings is how often a list is read anew because it changed between two of its pages.
	listings = 3
)

// collection is what Lightrun lists page by page.
type collection struct{ path, name string }

var (
	accesses = collection{"/api/v1/temp-access", "temporary accesses"}
	groups   = collection{"/api/v1/groups", "groups"}
)

// page is a part of a list.
type page[T any] struct {
	Items   *[]T `json:"items"`
	HasMore bool `json:"hasMore"`
	Total   *int `json:"total"`
}

// errMoved means that the list changed while it was read, so that an entry may have slipped from one page to another.
var errMoved = errors.New("the list changed while it was read")

// list returns all that a collection has.
func list[T any](ctx context.Context, a *api, of collection) ([]T, error) {
	for range listings {
		all, err := listOnce[T](ctx, a, of)
		if !errors.Is(err, errMoved) {
			return all, err
		}
	}
	return nil, contract.Problemf(contract.KindUnavailable, "", "", "%s: the %s change faster than they can be listed", a, of.name)
}

func listOnce[T any](ctx context.Context, a *api, of collection) ([]T, error) {
	var all []T
	var total int
	for number := range maxPages {
		page, err := read[T](ctx, a, of, number, pageSize)
		if err != nil {
			return nil, err
		}
		if number > 0 && *page.Total != total {
			return nil, errMoved
		}
		total = *page.Total
		all = append(all, *page.Items...)
		if page.HasMore {
			continue
		}
		if len(all) < total {
			return nil, errMoved
		}
		return all, nil
	}
	return nil, a.strange("it lists more than %d %s", maxPages*pageSize, of.name)
}

// count returns how many entries a collection has.
func count(ctx context.Context, a *api, of collection) (int, error) {
	page, err := read[struct{}](ctx, a, of, 0, 1)
	if err != nil {
		return 0, err
	}
	return *page.Total, nil
}

// read reads a part of a list. A page without entries must say so: what is no list at all must not look like an empty
// one, for that would mean that access is gone.
func read[T any](ctx context.Context, a *api, of collection, number, size int) (page[T], error) {
	query := url.Values{"page": {strconv.Itoa(number)}, "size": {strconv.Itoa(size)}}
	answer, err := a.call(ctx, http.MethodGet, of.path, query, nil)
	if err != nil {
		return page[T]{}, err
	}
	if answer.status != http.StatusOK {
		return page[T]{}, a.refusal(answer)
	}
	var part page[T]
	if err := json.Unmarshal(answer.body, &part); err != nil || part.Items == nil || part.Total == nil {
		return page[T]{}, a.strange("it answered with no list of %s", of.name)
	}
	return part, nil
}
