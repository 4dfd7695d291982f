package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/starter"
	"curfew/starter/answer"
	"curfew/starter/limit"
	"curfew/workflows/contract"
)

// gate is what every call passes: it finds out who calls, keeps a panic from being more than one failed call, and logs
// one line that holds neither bodies nor tokens.
type gate struct {
	mux     *http.ServeMux
	starter *starter.Starter
	callers *identity.Authenticator
	limits  *limit.Limits
	log     *zap.Logger
}

// call is what is known about one call while it is handled.
type call struct {
	identity.Caller // nobody below other paths than /v1/
	// starter goes by the configuration of the moment when the call came, by which its caller is recognized too.
	starter *starter.Snapshot
	// again is nil while the caller would still be let in as the same one.
	again  func(context.Context) error
	cause  error // why it failed, for the log
	untold bool  // one of very many that are not logged
}

type callKey struct{}

// current is the call that a context belongs to.
func current(ctx context.Context) *call {
	known, _ := ctx.Value(callKey{}).(*call)
	if known == nil {
		return &call{}
	}
	return known
}

// ServeHTTP lets a call through to its operation.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began, known, reply := time.Now(), &call{}, &reply{ResponseWriter: w}
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, known))
	defer func() { g.record(r, reply, known, time.Since(began)) }()
	defer survive(reply, known)

	harden(reply.Header())
	known.starter = g.starter.Current()
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		caller, err := g.callers.Authenticate(r.Context(), directoryOf(known.starter), bearer(r))
		if err == nil {
			err = g.limits.Call(caller.Person, bearer(r))
		}
		if err != nil {
			g.refuse(reply, r, known, err)
			return
		}
		known.Caller, known.again = caller, g.sameAgain(caller, bearer(r))
	}
	if err := known.starter.RecordSignIn(r.Context(), known.Caller); err != nil {
		g.log.Warn("a sign-in can't be remembered", zap.String("person", known.Person), zap.Error(err))
	}
	if _, route := g.mux.Handler(r); route == "" {
		g.unrouted(reply, r)
		return
	}
	g.mux.ServeHTTP(reply, r)
}

// sameAgain looks whether a token still stands for a caller who may do as much.
func (g *gate) sameAgain(caller identity.Caller, token string) func(context.Context) error {
	return func(ctx context.Context) error {
		now, err := g.callers.Authenticate(ctx, directoryOf(g.starter.Current()), token)
		if err == nil && (now.Person != caller.Person || !slices.Equal(now.Scopes, caller.Scopes)) {
			err = contract.Forbidden("the token is not good for the same any more").Advise("call again")
		}
		return err
	}
}

// directoryOf says who people are.
func directoryOf(current *starter.Snapshot) *people.Directory { return &current.Config().Directory }

// bearer is the token that a call came with, if it is one.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// refuse answers a call that does not show who is calling, or whose caller may not come in.
func (g *gate) refuse(w http.ResponseWriter, r *http.Request, known *call, err error) {
	var unproven *identity.Unproven
	if errors.As(err, &unproven) {
		if tooMany := g.limits.Stranger(r); tooMany != nil {
			unproven, err, known.untold = nil, tooMany, true
		}
	}
	if unproven == nil {
		document, header := documentFor(known, err, "")
		maps.Copy(w.Header(), header)
		write(w, document)
		return
	}
	realm := `Bearer realm="curfew"`
	if r.Header.Get("Authorization") != "" {
		realm += `, error="invalid_token"`
	}
	w.Header().Set("WWW-Authenticate", realm)
	write(w, documentOf(http.StatusUnauthorized, unproven.Problem, ""))
}

// unrouted answers what no operation does, with the status and the Allow header that the mux would send.
func (g *gate) unrouted(w http.ResponseWriter, r *http.Request) {
	standard := &bodiless{ResponseWriter: w, status: http.StatusNotFound}
	g.mux.ServeHTTP(standard, r)
	problem := contract.NotFound("there is nothing at this path").Advise("/openapi.yaml describes what there is")
	if standard.status == http.StatusMethodNotAllowed {
		problem = contract.Invalid("%s can't be done here", r.Method).Advise("use " + w.Header().Get("Allow"))
	}
	write(w, documentOf(standard.status, problem, ""))
}

// harden sets what protects a browser that somebody lures here.
func harden(header http.Header) {
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
}

// survive turns a panic into an answer; when a part of one is on its way already, the connection is cut instead, so
// that nobody takes it for the whole.
func survive(w *reply, known *call) {
	fault := recover()
	if fault == nil {
		return
	}
	known.cause = fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	write(w, documentOf(http.StatusInternalServerError, answer.Internal(), ""))
}

func (g *gate) record(r *http.Request, w *reply, known *call, took time.Duration) {
	fields := []zap.Field{
		zap.String("method", r.Method), zap.String("route", r.Pattern), zap.Int("status", w.status),
		zap.Duration("took", took), zap.String("person", known.Person),
	}
	if known.untold {
		return
	}
	if known.cause == nil {
		g.log.Info("call", fields...)
		return
	}
	g.log.Error("call", append(fields, zap.Error(known.cause))...)
}

// reply remembers the status that was sent; 0 while none was.
type reply struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the status.
func (w *reply) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body, after 200 when no status was sent.
func (w *reply) Write(data []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *reply) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// bodiless keeps the headers of an answer and drops the rest.
type bodiless struct {
	http.ResponseWriter
	status int
}

// WriteHeader keeps the status.
func (w *bodiless) WriteHeader(status int) { w.status = status }

// Write drops the body.
func (w *bodiless) Write(data []byte) (int, error) { return len(data), nil }
