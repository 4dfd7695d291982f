package lightrun

import (
	"net/http"
	"net/url"
	"strconv"
)

// page is a part of a list.
type page[T any] struct {
	Items   []T  `json:"items"`
	HasMore bool `json:"hasMore"`
	Limit   int  `json:"limit"`
	Offset  int  `json:"offset"`
	Total   *int `json:"total,omitempty"`
}

// paged answers the part of a list that the query asks for. A query to sort is refused and not ignored, so that nobody
// relies on it here. uncounted leaves the total out.
func paged[T any](all []T, query url.Values, uncounted bool) reply {
	number, err := natural(query.Get("page"), 0)
	if err != nil || number < 0 {
		return refuse(http.StatusBadRequest, "page must be 0 or more.")
	}
	size, err := natural(query.Get("size"), 20)
	if err != nil || size < 1 {
		return refuse(http.StatusBadRequest, "size must be 1 or more.")
	}
	if query.Has("sort") {
		return refuse(http.StatusBadRequest, "This stand-in does not sort.")
	}
	offset := min(number*size, len(all))
	end := min(offset+size, len(all))
	part := page[T]{
		Items:   append([]T{}, all[offset:end]...),
		HasMore: end < len(all),
		Limit:   size,
		Offset:  number * size,
	}
	if total := len(all); !uncounted {
		part.Total = &total
	}
	return reply{http.StatusOK, part}
}

func natural(text string, absent int) (int, error) {
	if text == "" {
		return absent, nil
	}
	number, err := strconv.ParseInt(text, 10, 32)
	return int(number), err
}
