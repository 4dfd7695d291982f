// Package api is the HTTP entry point: the starter's verbs as JSON, described by OpenAPI and refused with RFC 9457
// problem documents. A bearer token says who is acting; no body ever does.
package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.uber.org/zap"

	"curfew/internal/identity"
	"curfew/starter"
	"curfew/starter/limit"
)

const (
	// maxBody is far more than the longest reason takes.
	maxBody = 64 << 10
	// handleWithin is more than the starter waits for all that it asks in one call.
	handleWithin = 30 * time.Second
	// readWithin is longer than handleWithin, because a read deadline that passes cancels a handler that has long read
	// its body.
	readWithin = handleWithin + 5*time.Second
)

// Options of the API.
type Options struct {
	Starter *starter.Starter
	// Callers recognizes who is calling; one for the Starter's configuration when nil.
	Callers *identity.Authenticator
	// Limits are those that all entry points share; some of its own when nil.
	Limits *limit.Limits
	Log    *zap.Logger
}

// server is what the operations share.
type server struct {
	starter *starter.Starter
	limits  *limit.Limits
	streams *streams
	huma    huma.API
}

// New returns the API. Everything under /v1/ asks for a token; health, how to sign in, and the API's description don't.
func New(o Options) http.Handler {
	if o.Callers == nil {
		o.Callers = identity.New(o.Starter.Current().Config().OIDC)
	}
	if o.Limits == nil {
		o.Limits = limit.New(nil)
	}
	mux := http.NewServeMux()
	s := &server{
		starter: o.Starter,
		limits:  o.Limits,
		streams: newStreams(),
		huma:    humago.New(mux, description()),
	}
	s.huma.UseMiddleware(s.withinScope)
	s.requests()
	s.changes()
	s.decisions()
	s.events()
	s.directory()
	s.operate()
	s.killSwitch()
	s.departures()
	s.health()
	s.signIn()
	explain(s.huma.OpenAPI())
	explainPurpose(s.huma.OpenAPI())
	serveDescription(mux, s.huma.OpenAPI())
	return &gate{mux: mux, starter: o.Starter, callers: o.Callers, limits: o.Limits, log: o.Log}
}

// register adds an operation that answers within a time and whose problems become documents.
func register[I, O any](s *server, op huma.Operation, do func(context.Context, *call, *I) (*O, error)) {
	op.MaxBodyBytes = maxBody
	op.BodyReadTimeout = readWithin
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		within, cancel := context.WithTimeout(ctx, handleWithin)
		defer cancel()
		out, err := do(within, current(ctx), in)
		if err != nil {
			return nil, refusal(ctx, op, err)
		}
		return out, nil
	})
}
