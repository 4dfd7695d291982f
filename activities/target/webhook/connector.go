package webhook

import (
	"context"
	"time"

	"curfew/activities/target"
	"curfew/internal/keepalive"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// connector asks the receiver once for each call.
type connector struct{ endpoint *endpoint }

// Ping implements target.Pinger.
func (c *connector) Ping(ctx context.Context) error {
	return keepalive.Ping(ctx, func(ctx context.Context) error {
		_, err := c.endpoint.call(ctx, message{Type: typeCheck})
		return err
	})
}

// Grant implements target.Connector.
func (c *connector) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	asked, err := about(typeGrant, access)
	if err != nil {
		return "", err
	}
	if access.Until.IsZero() {
		return "", contract.Invalid("is missing").At("until").Advise("say when the access ends")
	}
	asked.Until = access.Until.UTC()
	asked.Reference = contract.Shorten(access.Reference, maxReference)
	var answer struct {
		Result target.Granted `json:"result"`
	}
	if err := c.endpoint.ask(ctx, asked, &answer); err != nil {
		return "", err
	}
	switch answer.Result {
	case target.AccessGranted, target.AlreadyThere:
		return answer.Result, nil
	default:
		return "", c.endpoint.strange("the result of a grant is %q", outbound.Clip(string(answer.Result)))
	}
}

// Revoke implements target.Connector.
func (c *connector) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	asked, err := about(typeRevoke, access)
	if err != nil {
		return "", err
	}
	return c.endpoint.askToRevoke(ctx, asked)
}

func (e *endpoint) askToRevoke(ctx context.Context, asked message) (target.Revoked, error) {
	var answer struct {
		Result target.Revoked `json:"result"`
	}
	if err := e.ask(ctx, asked, &answer); err != nil {
		return "", err
	}
	switch answer.Result {
	case target.AccessRevoked, target.AlreadyAbsent:
		return answer.Result, nil
	default:
		return "", e.strange("the result of a revoke is %q", outbound.Clip(string(answer.Result)))
	}
}

// Inspect implements target.Connector.
func (c *connector) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	asked, err := about(typeInspect, access)
	if err != nil {
		return target.State{}, err
	}
	var answer struct {
		Held  *bool     `json:"held"`
		Until time.Time `json:"until"`
	}
	if err := c.endpoint.ask(ctx, asked, &answer); err != nil {
		return target.State{}, err
	}
	switch {
	case answer.Held == nil:
		return target.State{}, c.endpoint.strange("it does not say whether the access is held")
	case !*answer.Held:
		return target.State{}, nil
	default:
		return target.State{Held: true, Until: answer.Until}, nil
	}
}

// Check implements target.Checker: the receiver accepts a signature of ours.
func (c *connector) Check(ctx context.Context) error {
	var answer struct {
		Result string `json:"result"`
	}
	if err := c.endpoint.ask(ctx, message{Type: typeCheck}, &answer); err != nil {
		return err
	}
	if answer.Result != "ready" {
		return c.endpoint.strange("the result of a check is %q", outbound.Clip(answer.Result))
	}
	return nil
}
