//go:build kubernetes

package kubernetes_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
)

// line leads to the server and shows one world only, as if nobody else used the cluster. It can lose the answer to a
// change, let the server only try changes and say that they are made, and let something happen just before a deletion.
type line struct {
	url          string
	losing       atomic.Bool
	failing      atomic.Bool // as a gateway that has not heard the answer
	lying        atomic.Bool
	blind        atomic.Bool // no binding is there, and nobody may do anything
	beforeDelete atomic.Pointer[func()]
}

var errLost = errors.New("the answer is lost")

func newLine(t *testing.T, w *world) *line {
	t.Helper()
	server, err := url.Parse(w.server.URL())
	require.NoError(t, err)
	l := &line{}
	proxy := &httputil.ReverseProxy{
		Transport: w.server.Transport(),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(server)
			r.Out.Header.Del("Accept-Encoding")
			if l.lying.Load() && isChange(r.In) {
				onlyTry(r.Out)
			}
			if r.In.Method == http.MethodDelete {
				if hook := l.beforeDelete.Swap(nil); hook != nil {
					(*hook)()
				}
			}
		},
		ModifyResponse: func(response *http.Response) error {
			if isChange(response.Request) && l.losing.CompareAndSwap(true, false) {
				return errLost
			}
			if isChange(response.Request) && l.failing.CompareAndSwap(true, false) {
				response.StatusCode = http.StatusBadGateway
				return nil
			}
			return w.hideOthers(response)
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at := strings.LastIndex(r.URL.Path, "bindings/"); l.blind.Load() && r.Method == http.MethodGet && at >= 0 {
			respond(w, http.StatusNotFound, missing(r.URL.Path[at+len("bindings/"):]))
			return
		}
		if l.blind.Load() && strings.HasSuffix(r.URL.Path, "/subjectaccessreviews") {
			respond(
				w,
				http.StatusCreated,
				map[string]any{"kind": "SubjectAccessReview", "status": map[string]any{"allowed": false}},
			)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	l.url = front.URL
	return l
}

func isChange(r *http.Request) bool {
	return r.Method == http.MethodPatch || r.Method == http.MethodDelete
}

// lie has the server answer changes without making them, until the line is honest again.
func (l *line) lie() (honest func()) {
	l.lying.Store(true)
	return func() { l.lying.Store(false) }
}

// onlyTry makes a dry run of a change. The options of a deletion are in its body.
func onlyTry(r *http.Request) {
	if r.Method == http.MethodDelete {
		options := map[string]any{}
		_ = json.NewDecoder(r.Body).Decode(&options)
		options["dryRun"] = []string{"All"}
		text, _ := json.Marshal(options)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		return
	}
	query := r.URL.Query()
	query.Set("dryRun", "All")
	r.URL.RawQuery = query.Encode()
}

// hideOthers takes what does not bind this world's role out of a list of bindings.
func (w *world) hideOthers(response *http.Response) error {
	list := response.Request.Method == http.MethodGet && strings.HasSuffix(response.Request.URL.Path, "bindings")
	if !list || response.StatusCode != http.StatusOK {
		return nil
	}
	var read rbacv1.RoleBindingList
	err := json.NewDecoder(response.Body).Decode(&read)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	read.Items = slices.DeleteFunc(
		read.Items,
		func(binding rbacv1.RoleBinding) bool { return binding.RoleRef.Name != w.role },
	)
	text, err := json.Marshal(read)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	response.Header.Del("Content-Length")
	return err
}
