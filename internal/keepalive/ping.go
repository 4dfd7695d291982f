package keepalive

import (
	"context"
	"time"
)

// Ping asks whether somebody answers, whatever the answer: for a second, over a connection that is kept if there is
// one, and then over a new one. The function asks over a transport that is Forgetful, and fails when there is no
// answer.
func Ping(ctx context.Context, ask func(context.Context) error) error {
	if within(ctx, patience, ask) == nil {
		return nil
	}
	return within(ctx, ConnectTimeout, ask)
}

func within(ctx context.Context, bound time.Duration, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	return ask(ctx)
}
