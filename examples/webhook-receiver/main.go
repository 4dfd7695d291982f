// Command webhook-receiver is a small receiver for Curfew's target kind "webhook". It keeps in memory who holds what;
// replace its map with your own system.
//
//	RECEIVER_SECRET=whsec_... RECEIVER_ACCOUNTS=ada,grace go run ./examples/webhook-receiver
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const maxBody = 64 << 10 // in bytes

func main() {
	webhook, err := standardwebhooks.NewWebhook(os.Getenv("RECEIVER_SECRET"))
	if err == nil && os.Getenv("RECEIVER_SECRET") == "" {
		err = errors.New("RECEIVER_SECRET is not set")
	}
	if err == nil {
		handler := newReceiver(webhook, strings.Split(os.Getenv("RECEIVER_ACCOUNTS"), ","))
		server := http.Server{Addr: "127.0.0.1:8080", Handler: handler, ReadTimeout: 10 * time.Second}
		err = server.ListenAndServe()
	}
	fmt.Fprintln(os.Stderr, "webhook-receiver:", err)
	os.Exit(1)
}

type receiver struct {
	webhook  *standardwebhooks.Webhook
	accounts []string // that the receiver knows

	mu   sync.Mutex
	held map[string]bool // by account and entitlement
}

func newReceiver(webhook *standardwebhooks.Webhook, accounts []string) *receiver {
	return &receiver{webhook: webhook, accounts: accounts, held: map[string]bool{}}
}

// ServeHTTP checks the signature over the body as it came, before it reads anything in it.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxBody))
	if err != nil || r.webhook.Verify(body, request.Header) != nil {
		answer(
			w,
			http.StatusUnauthorized,
			"application/problem+json",
			map[string]any{"title": "the signature is wrong"},
		)
		return
	}
	var asked struct {
		Type, Account string
		Entitlement   json.RawMessage // canonical: the same text for the same thing
	}
	if json.Unmarshal(body, &asked) != nil {
		answer(w, http.StatusBadRequest, "application/problem+json", map[string]any{"title": "the body is no message"})
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	what := asked.Account + "\x00" + string(asked.Entitlement)
	held := r.held[what]
	switch asked.Type {
	case "access.grant":
		if !slices.Contains(r.accounts, asked.Account) {
			answer(w, http.StatusNotFound, "application/problem+json", map[string]any{"title": "no such account"})
			return
		}
		r.held[what] = true
		answer(w, http.StatusOK, "application/json", map[string]any{"result": either(held, "already there", "granted")})
	case "access.revoke":
		delete(r.held, what)
		answer(
			w,
			http.StatusOK,
			"application/json",
			map[string]any{"result": either(held, "revoked", "already absent")},
		)
	case "access.inspect":
		answer(w, http.StatusOK, "application/json", map[string]any{"held": held})
	case "access.check":
		answer(w, http.StatusOK, "application/json", map[string]any{"result": "ready"})
	default:
		answer(
			w,
			http.StatusBadRequest,
			"application/problem+json",
			map[string]any{"title": "the type is not known here"},
		)
	}
}

func either(yes bool, this, that string) string {
	if yes {
		return this
	}
	return that
}

func answer(w http.ResponseWriter, status int, media string, content map[string]any) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}
