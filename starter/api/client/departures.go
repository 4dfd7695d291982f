package client

import (
	"context"
	"net/http"

	"curfew/starter/api"
)

// Holders lists what people have.
func (c *Client) Holders(ctx context.Context) (Answer[api.Holders], error) {
	return call[api.Holders](ctx, c, http.MethodGet, "/v1/holders", nil)
}

// ConfirmDirectory lets the directory of this moment end access, however many people lose theirs.
func (c *Client) ConfirmDirectory(ctx context.Context, body api.ConfirmationBody) (Answer[api.Confirmed], error) {
	return call[api.Confirmed](ctx, c, http.MethodPost, "/v1/directory/confirmation", body)
}
