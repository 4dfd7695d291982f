package vendorcontract

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Wrap checks what goes into a handler and what comes out of it, and reports each violation. Requests and replies pass
// unchanged. The reporter is called from the handler's goroutines.
func (c *Contract) Wrap(report func(error), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := keepBody(r)
		if err != nil {
			next.ServeHTTP(w, r)
			return
		}
		seen := &reply{ResponseWriter: w, status: http.StatusOK}
		request, err := c.request(r, sent)
		next.ServeHTTP(seen, r)
		if err == nil {
			err = c.reply(r.Context(), request, seen)
		}
		if err != nil {
			report(fmt.Errorf("%s: %s %s answered %d: %w", c.name, r.Method, r.URL.Path, seen.status, err))
		}
	})
}

// request checks a copy of the request, because checking consumes the body.
func (c *Contract) request(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	route, path, err := c.router.FindRoute(r)
	if err != nil {
		return nil, fmt.Errorf("the document has no such operation: %w", err)
	}
	if err := knownQuery(r, route); err != nil {
		return nil, err
	}
	copied := r.Clone(r.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	input := &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: path, Route: route,
		Options: &openapi3filter.Options{
			RejectWhenRequestBodyNotSpecified: true,
			SkipSettingDefaults:               true,
			AuthenticationFunc:                openapi3filter.NoopAuthenticationFunc,
			SchemaValidationOptions:           c.formats(),
		},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		return nil, fmt.Errorf("the request: %w", err)
	}
	return input, nil
}

func (c *Contract) reply(ctx context.Context, request *openapi3filter.RequestValidationInput, seen *reply) error {
	err := openapi3filter.ValidateResponse(context.WithoutCancel(ctx), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request,
		Status:                 seen.status, Header: seen.Header(), Body: io.NopCloser(&seen.body),
		Options: c.options(request.Route, seen.status),
	})
	if err != nil {
		return fmt.Errorf("the reply: %w", err)
	}
	return nil
}

// knownQuery finds misspelt parameters: systems ignore what they don't know, so only the document can tell.
func knownQuery(r *http.Request, route *routers.Route) error {
	for name := range r.URL.Query() {
		if route.Operation.Parameters.GetByInAndName("query", name) == nil &&
			route.PathItem.Parameters.GetByInAndName("query", name) == nil {
			return fmt.Errorf("the document has no query parameter %q here", name)
		}
	}
	return nil
}

// keepBody reads the body and puts it back.
func keepBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	return body, nil
}

// reply passes a reply on and remembers it.
type reply struct {
	http.ResponseWriter
	status  int
	written bool
	body    bytes.Buffer
}

func (r *reply) WriteHeader(status int) {
	if !r.written {
		r.status, r.written = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *reply) Write(body []byte) (int, error) {
	r.written = true
	r.body.Write(body)
	return r.ResponseWriter.Write(body)
}
