package lightrun

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strconv"

	"curfew/workflows/contract"
)

const (
	pageSize = 100
	maxPages = 20
	// listings is how often a list is read anew because it changed between two of its pages.
	listings = 4
)

// collection is what Lightrun lists page by page.
type collection struct{ path, name string }

var (
	accesses = collection{"/api/v1/temp-access", "temporary accesses"}
	groups   = collection{"/api/v1/groups", "groups"}
)

// page is a part of a list. The vendor's document requires none of its fields: whether there is more is told by
// hasMore, or by the total, or by both.
type page[T any] struct {
	Items   *[]T  `json:"items"`
	HasMore *bool `json:"hasMore"`
	Total   *int  `json:"total"`
}

// isLast is true when nothing comes after a page with which so many entries were read.
func (p page[T]) isLast(read int) bool {
	if p.HasMore != nil {
		return !*p.HasMore
	}
	return read >= *p.Total || len(*p.Items) == 0
}

// errMoved means that the list changed while it was read, so that an entry may have slipped from one page to another.
var errMoved = errors.New("the list changed while it was read")

// listing is all that a collection has.
type listing[T any] struct {
	entries []T
	counted bool // Lightrun said how many there are
	pages   int
}

// list reads all that a collection has. What is spread over several pages without a total is read until it is twice the
// same.
func list[T any](ctx context.Context, a *api, of collection) (listing[T], error) {
	var former listing[T]
	for range listings {
		all, err := listOnce[T](ctx, a, of)
		switch {
		case errors.Is(err, errMoved):
			continue
		case err != nil:
			return listing[T]{}, err
		case all.counted || all.pages == 1 || reflect.DeepEqual(former, all):
			return all, nil
		}
		former = all
	}
	return listing[T]{}, contract.Unavailable("%s: the %s change faster than they can be listed", a, of.name)
}

func listOnce[T any](ctx context.Context, a *api, of collection) (all listing[T], err error) {
	var total *int
	for number := range maxPages {
		page, err := read[T](ctx, a, of, number, pageSize)
		if err != nil {
			return all, err
		}
		if number > 0 && !reflect.DeepEqual(page.Total, total) {
			return all, errMoved
		}
		total = page.Total
		all.entries, all.counted, all.pages = append(all.entries, *page.Items...), total != nil, number+1
		if !page.isLast(len(all.entries)) {
			continue
		}
		if total != nil && len(all.entries) < *total {
			return all, errMoved
		}
		return all, nil
	}
	return all, a.Strange("it lists more than %d %s", maxPages*pageSize, of.name)
}

// count returns how many entries a collection has.
func count(ctx context.Context, a *api, of collection) (int, error) {
	page, err := read[struct{}](ctx, a, of, 0, 1)
	if err != nil {
		return 0, err
	}
	if page.Total != nil {
		return *page.Total, nil
	}
	all, err := list[struct{}](ctx, a, of)
	return len(all.entries), err
}

// read reads a part of a list. A page without entries must say so: what is no list at all must not look like an empty
// one, for that would mean that access is gone.
func read[T any](ctx context.Context, a *api, of collection, number, size int) (page[T], error) {
	query := url.Values{"page": {strconv.Itoa(number)}, "size": {strconv.Itoa(size)}}
	answer, err := a.call(ctx, http.MethodGet, of.path, query, nil)
	if err != nil {
		return page[T]{}, err
	}
	if answer.Status != http.StatusOK {
		return page[T]{}, a.refusal(answer)
	}
	var part page[T]
	err = json.Unmarshal(answer.Body, &part)
	if err != nil || part.Items == nil || part.Total == nil && part.HasMore == nil {
		return page[T]{}, a.Strange("no list of %s", of.name)
	}
	return part, nil
}
