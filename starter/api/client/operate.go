package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"curfew/starter"
	"curfew/starter/api"
	"curfew/workflows/contract"
)

// Stuck lists the revokes that are past their alarm time.
func (c *Client) Stuck(ctx context.Context) (Answer[api.Stuck], error) {
	return call[api.Stuck](ctx, c, http.MethodGet, "/v1/stuck", nil)
}

// RetryStuck tries a stuck revoke again at once.
func (c *Client) RetryStuck(ctx context.Context, body api.GrantBody) (Answer[contract.GrantStatus], error) {
	return call[contract.GrantStatus](ctx, c, http.MethodPost, "/v1/stuck/retry", body)
}

// TakeOverStuck makes Curfew stop trying: the caller answers for the access.
func (c *Client) TakeOverStuck(ctx context.Context, body api.TakeOverBody) (Answer[contract.GrantStatus], error) {
	return call[contract.GrantStatus](ctx, c, http.MethodPost, "/v1/stuck/takeover", body)
}

// AlarmFilter narrows a list of alarms. Empty fields don't.
type AlarmFilter struct {
	Kind   string
	Target string
	Before string
	Limit  int // 0 leaves it to the server
}

// Alarms lists what concerns operators, newest first.
func (c *Client) Alarms(ctx context.Context, filter AlarmFilter) (Answer[api.Alarms], error) {
	query := url.Values{}
	for name, value := range map[string]string{"kind": filter.Kind, "target": filter.Target, "before": filter.Before} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if filter.Limit != 0 {
		query.Set("limit", strconv.Itoa(filter.Limit))
	}
	return call[api.Alarms](ctx, c, http.MethodGet, "/v1/alarms?"+query.Encode(), nil)
}

// Sweep compares every target with the live grants, now.
func (c *Client) Sweep(ctx context.Context, body api.SweepBody) (Answer[contract.SweepReport], error) {
	return call[contract.SweepReport](ctx, c, http.MethodPost, "/v1/sweeps", body)
}

// End ends many requests at once.
func (c *Client) End(ctx context.Context, body api.EndBody) (Answer[starter.EndReport], error) {
	return call[starter.EndReport](ctx, c, http.MethodPost, "/v1/ends", body)
}

// Frozen says whether anything is granted now.
func (c *Client) Frozen(ctx context.Context) (Answer[api.Freeze], error) {
	return call[api.Freeze](ctx, c, http.MethodGet, "/v1/freeze", nil)
}

// Freeze keeps anything from being granted.
func (c *Client) Freeze(ctx context.Context, body api.ReasonBody) (Answer[api.Freeze], error) {
	return call[api.Freeze](ctx, c, http.MethodPost, "/v1/freeze", body)
}

// Thaw lets things be granted again.
func (c *Client) Thaw(ctx context.Context, body api.ReasonBody) (Answer[api.Freeze], error) {
	return call[api.Freeze](ctx, c, http.MethodPost, "/v1/thaw", body)
}
