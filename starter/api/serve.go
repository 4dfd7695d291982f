package api

import (
	"context"
	"net"
	"net/http"

	"go.uber.org/zap"

	"curfew/internal/serve"
)

// drainWithin is how long calls that are being handled may go on when the server stops.
const drainWithin = handleWithin

// Serve serves until the context ends, and then lets calls that are being handled finish. Streams end at once: their
// clients come back to another server. It closes the listener.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, log *zap.Logger) error {
	return serve.Until(ctx, listener, &http.Server{
		Handler: handler, ReadTimeout: readWithin, WriteTimeout: readWithin + writeWithin, ErrorLog: zap.NewStdLog(log),
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), servingKey{}, ctx)
		},
	}, drainWithin, "API")
}

type servingKey struct{}

// serving is the context that ends when the server stops, unlike that of a call.
func serving(ctx context.Context) context.Context {
	if server, ok := ctx.Value(servingKey{}).(context.Context); ok {
		return server
	}
	return ctx
}
