package kubernetes_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/kubernetes"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

const (
	key         = "0123456789abcdef0123456789abcdef"
	bindingName = "curfew-" + key
	plain       = `{"clusterRole":"pod-debugger","namespace":"shop"}`
)

func access(entitlement string) target.Access {
	return target.Access{
		Key:         key,
		Entitlement: json.RawMessage(entitlement),
		Account:     "alice",
		Until:       time.Now().Add(time.Hour),
	}
}

// respond speaks as an API server does.
func respond(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}

func failure(reason, message, name string) map[string]any {
	return map[string]any{
		"kind":       "Status",
		"apiVersion": "v1",
		"status":     "Failure",
		"reason":     reason,
		"message":    message,
		"details":    map[string]any{"name": name},
	}
}

func missing(name string) map[string]any { return failure("NotFound", name+" not found", name) }

// stranger is a connector to a server that always says the same.
func stranger(t *testing.T, says http.HandlerFunc) target.Connector {
	t.Helper()
	server := httptest.NewServer(says)
	t.Cleanup(server.Close)
	connector, err := (&kubernetes.Settings{URL: server.URL, Token: config.SecretOf(token)}).Open()
	require.NoError(t, err)
	return connector
}

// everyCall makes each call that the connector offers.
func everyCall(t *testing.T, connector target.Connector) map[string]error {
	t.Helper()
	results := map[string]error{}
	_, results["Grant"] = connector.Grant(t.Context(), access(plain))
	_, results["Revoke"] = connector.Revoke(t.Context(), access(plain))
	_, results["Inspect"] = connector.Inspect(t.Context(), access(plain))
	_, results["List"] = connector.(target.Lister).List(t.Context())
	results["Remove"] = connector.(target.Lister).Remove(t.Context(), target.Marked{Key: key})
	results["Check"] = connector.(target.Checker).Check(t.Context())
	return results
}

func TestRefusalsSayWhetherTryingAgainHelps(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		kind   contract.Kind
		fix    string
	}{
		"wrong credentials":  {http.StatusUnauthorized, contract.KindUnavailable, "expired"},
		"no right":           {http.StatusForbidden, contract.KindDenied, "docs/targets/kubernetes.md"},
		"a wrong call":       {http.StatusBadRequest, contract.KindDenied, ""},
		"a wrong method":     {http.StatusMethodNotAllowed, contract.KindDenied, ""},
		"another's 404":      {http.StatusNotFound, contract.KindDenied, ""},
		"a wrong object":     {http.StatusUnprocessableEntity, contract.KindDenied, ""},
		"a conflict":         {http.StatusConflict, contract.KindUnavailable, ""},
		"an old page":        {http.StatusGone, contract.KindUnavailable, ""},
		"too many calls":     {http.StatusTooManyRequests, contract.KindUnavailable, ""},
		"a time-out":         {http.StatusGatewayTimeout, contract.KindUnavailable, ""},
		"its own fault":      {http.StatusInternalServerError, contract.KindUnavailable, ""},
		"not now":            {http.StatusServiceUnavailable, contract.KindUnavailable, ""},
		"a redirect":         {http.StatusFound, contract.KindUnavailable, "redirects are not followed"},
		"no content":         {http.StatusNoContent, contract.KindUnavailable, ""},
		"a permanent detour": {http.StatusPermanentRedirect, contract.KindUnavailable, "redirects are not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connector := stranger(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/elsewhere") {
					t.Error("the redirect was followed")
				}
				w.Header().Set("Location", "/elsewhere")
				w.Header().Set("Retry-After", "7")
				respond(w, tc.status, failure("Whatever", "the server\nsays no", "another"))
			})
			for call, err := range everyCall(t, connector) {
				problem := requireProblem(t, err, tc.kind)
				require.Contains(t, problem.Fix, tc.fix, call)
				require.NotContains(t, problem.Error(), "\n")
				require.NotContains(t, problem.Error(), token)
				if tc.status == http.StatusTooManyRequests {
					require.Equal(t, 7*time.Second, problem.RetryAfter.Duration)
				}
			}
		})
	}
}

func TestAnAnswerOfSomethingElseNeverMeansThatTheAccessIsGone(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]http.HandlerFunc{
		"an empty object": func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, map[string]any{}) },
		"another kind": func(w http.ResponseWriter, _ *http.Request) {
			respond(w, http.StatusOK, map[string]any{"kind": "Status", "status": "Success"})
		},
		"a list of something else": func(w http.ResponseWriter, _ *http.Request) {
			respond(w, http.StatusOK, map[string]any{"kind": "PodList", "apiVersion": "v1", "items": []any{}})
		},
		"a header without an end": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Flood", strings.Repeat("x", 128<<10))
			respond(w, http.StatusNotFound, missing(bindingName))
		},
		"a page":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>sign in</html>")) },
		"nothing":   func(http.ResponseWriter, *http.Request) {},
		"no page":   http.NotFound,
		"no object": func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusNotFound, map[string]any{}) },
		"another object's absence": func(w http.ResponseWriter, _ *http.Request) {
			respond(w, http.StatusNotFound, missing("another"))
		},
		"a flood": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(strings.Repeat(" ", 9<<20)))
			_ = json.NewEncoder(w).Encode(missing(bindingName))
		},
		"half an answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("{"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for call, err := range everyCall(t, stranger(t, says)) {
				require.Error(t, err, call)
				requireProblem(t, err, contract.KindUnavailable, contract.KindDenied)
			}
		})
	}
}

func TestTheServerIsToldWhenToGiveUp(t *testing.T) {
	t.Parallel()
	connector := stranger(t, func(w http.ResponseWriter, r *http.Request) {
		limit, err := time.ParseDuration(r.URL.Query().Get("timeout"))
		if err != nil || limit <= 0 || limit >= kubernetes.Kind().Limits.Settles {
			t.Errorf("%s: a call could land after the kind says that it has settled", r.URL)
		}
		respond(w, http.StatusNotFound, missing(bindingName))
	})
	for call, err := range everyCall(t, connector) {
		if call == "Revoke" || call == "Inspect" {
			require.NoError(t, err)
		}
	}
}

func TestANameStaysWithinItsPlaceInThePath(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	connector := stranger(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		respond(w, http.StatusForbidden, failure("Forbidden", "no", ""))
	})
	_, err := connector.Grant(t.Context(), access(`{"clusterRole":"reader?of=all#nodes &;:v1","namespace":"shop"}`))
	requireProblem(t, err, contract.KindDenied)
	require.Equal(t, "/apis/rbac.authorization.k8s.io/v1/clusterroles/reader?of=all#nodes &;:v1", <-asked)
}

func TestListsEnd(t *testing.T) {
	t.Parallel()
	pages := 0
	connector := stranger(t, func(w http.ResponseWriter, _ *http.Request) {
		pages++
		respond(
			w,
			http.StatusOK,
			map[string]any{"kind": "RoleBindingList", "metadata": map[string]string{"continue": "more"}},
		)
	})
	_, err := connector.(target.Lister).List(t.Context())
	requireProblem(t, err, contract.KindUnavailable)
	require.Equal(t, 100, pages)
}

func TestWhatComesFromOutsideIsCheckedBeforeACallIsMade(t *testing.T) {
	t.Parallel()
	connector := stranger(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was called", r.URL) })
	for name, change := range map[string]func(*target.Access){
		"no account":                  func(a *target.Access) { a.Account = "" },
		"a user of the cluster":       func(a *target.Access) { a.Account = "system:admin" },
		"a group of the cluster":      func(a *target.Access) { a.Account = "system:masters" },
		"half a service account":      func(a *target.Access) { a.Account = "system:serviceaccount:shop" },
		"a service account with more": func(a *target.Access) { a.Account = "system:serviceaccount:shop:a:b" },
		"a service account's path":    func(a *target.Access) { a.Account = "system:serviceaccount:shop:../x" },
		"a control character":         func(a *target.Access) { a.Account = "a\nb" },
		"broken text":                 func(a *target.Access) { a.Account = "a\xff" },
		"a long account":              func(a *target.Access) { a.Account = strings.Repeat("a", 513) },
		"a path for a key":            func(a *target.Access) { a.Key = "../" + key[3:] },
		"no key":                      func(a *target.Access) { a.Key = "" },
		"no entitlement":              func(a *target.Access) { a.Entitlement = json.RawMessage(`[]`) },
		"everything":                  func(a *target.Access) { a.Entitlement = json.RawMessage(`{"clusterRole":"cluster-admin"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wanted := access(plain)
			change(&wanted)
			_, err := connector.Grant(t.Context(), wanted)
			requireProblem(t, err, contract.KindInvalid, contract.KindDenied)
			_, err = connector.Revoke(t.Context(), wanted)
			requireProblem(t, err, contract.KindInvalid, contract.KindDenied)
			_, err = connector.Inspect(t.Context(), wanted)
			requireProblem(t, err, contract.KindInvalid, contract.KindDenied)
		})
	}
	requireProblem(t, connector.(target.Lister).Remove(t.Context(), target.Marked{Key: "a,b"}), contract.KindInvalid)
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	connector := stranger(t, func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err := connector.Inspect(ctx, access(plain))
	require.ErrorIs(t, err, context.Canceled)
}

// A server that shows nothing may have the binding all the same.
func TestARemovalIsSentWhateverIsShown(t *testing.T) {
	t.Parallel()
	var deleted []string
	connector := stranger(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			var options struct{ Preconditions struct{ UID string } }
			_ = json.NewDecoder(r.Body).Decode(&options)
			deleted = append(deleted, options.Preconditions.UID)
			respond(w, http.StatusOK, map[string]any{"kind": "Status", "status": "Success"})
			return
		}
		respond(w, http.StatusNotFound, missing(bindingName))
	})
	wanted := access(plain)
	revoked, err := connector.Revoke(t.Context(), wanted)
	require.NoError(t, err)
	require.Equal(t, target.AccessRevoked, revoked)
	wanted.Identity.ID = "5c2a9d0e"
	_, err = connector.Revoke(t.Context(), wanted)
	require.NoError(t, err)
	require.Equal(t, []string{"", "5c2a9d0e"}, deleted, "no other binding that has its name by now")
}
