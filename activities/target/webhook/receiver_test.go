package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"curfew/internal/sandbox"
)

// grantTo is one entitlement of one account.
type grantTo struct{ account, entitlement string }

// mark is what the receiver keeps of a grant.
type mark struct {
	key   string
	until time.Time
}

// receiver is an endpoint of somebody who has read docs/targets/webhook.md, and nothing of our code. It checks
// signatures by itself.
type receiver struct {
	t       *testing.T
	url     string
	secrets []string // that it accepts
	// able receivers keep apart what Curfew gave, enforce its end, list it and end sessions. Others have plain members.
	able bool
	// changeFaults hit messages that change something.
	changeFaults sandbox.Faults
	// blind receivers say that nobody has anything.
	blind atomic.Bool

	mu       sync.Mutex
	accounts map[string]bool
	given    map[grantTo]mark
	standing map[grantTo]bool
	sessions map[string][]*bool // whether each still works
	ids      map[string]bool
	requests []seen
}

// seen is a message that arrived.
type seen struct {
	header http.Header
	body   string
}

// asked is a message as the page describes it.
type asked struct {
	Type, Key, Account string
	Entitlement        json.RawMessage
	Until              time.Time
	Reference, After   string
}

func newReceiver(t *testing.T, able bool, secrets ...string) *receiver {
	t.Helper()
	r := &receiver{
		t: t, secrets: secrets, able: able, accounts: map[string]bool{}, given: map[grantTo]mark{},
		standing: map[grantTo]bool{}, sessions: map[string][]*bool{}, ids: map[string]bool{},
	}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL + "/curfew"
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, 64<<10))
	if err != nil {
		return // the caller went away
	}
	if request.Method != http.MethodPost || request.URL.Path != "/curfew" || !r.signed(request.Header, body) {
		refuse(w, http.StatusUnauthorized, "the signature is wrong")
		return
	}
	var message asked
	if err := json.Unmarshal(body, &message); err != nil {
		r.t.Errorf("no message: %s", body)
		return
	}
	if !r.note(request.Header, body) {
		r.t.Errorf("the id of a message was used twice: %s", body)
	}
	switch message.Type {
	case "access.grant", "access.revoke", "access.remove", "access.endSessions":
		r.changeFaults.Wrap(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			r.change(w, message, sandbox.Lies(request))
		})).ServeHTTP(w, request)
	default:
		r.read(w, message)
	}
}

// signed follows the specification's own words.
func (r *receiver) signed(header http.Header, body []byte) bool {
	id, at := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute || id == "" || strings.Contains(id, ".") {
		return false
	}
	for _, secret := range r.secrets {
		for _, signature := range strings.Split(header.Get("webhook-signature"), " ") {
			if hmac.Equal([]byte(signature), []byte(signatureOf(secret, id, at, string(body)))) {
				return true
			}
		}
	}
	return false
}

func signatureOf(secret, id, at, body string) string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// note keeps a message, and says whether its id is new.
func (r *receiver) note(header http.Header, body []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := header.Get("webhook-id")
	used := r.ids[id]
	r.ids[id] = true
	r.requests = append(r.requests, seen{header.Clone(), string(body)})
	return !used
}

// change carries a message out, or only says so.
func (r *receiver) change(w http.ResponseWriter, message asked, lies bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if lies {
		defer r.restore(maps.Clone(r.given), maps.Clone(r.standing))
	}
	what := grantTo{message.Account, string(message.Entitlement)}
	before, given := r.given[what]
	held := r.holds(what)
	switch message.Type {
	case "access.grant":
		switch wanted := (mark{message.Key, message.Until}); {
		case !r.accounts[message.Account]:
			refuse(w, http.StatusNotFound, "no such account")
		case held && (!r.able || before == wanted):
			reply(w, `{"result":"already there"}`)
		default:
			r.given[what] = wanted
			reply(w, `{"result":"granted","note":"what nobody reads"}`)
		}
	case "access.revoke":
		delete(r.given, what)
		if !r.able {
			delete(r.standing, what) // one membership, whoever gave it
		}
		reply(w, result(held, "revoked"))
	case "access.remove":
		for what, mark := range r.given {
			if mark.key == message.Key && what.account == message.Account {
				delete(r.given, what)
				given = true
			}
		}
		reply(w, result(given, "revoked"))
	case "access.endSessions":
		ended := len(r.sessions[message.Account])
		for _, works := range r.sessions[message.Account] {
			*works = false
		}
		delete(r.sessions, message.Account)
		reply(w, fmt.Sprintf(`{"ended":%d}`, ended))
	}
}

func (r *receiver) restore(given map[grantTo]mark, standing map[grantTo]bool) {
	r.given, r.standing = given, standing
}

func result(was bool, done string) string {
	if was {
		return `{"result":"` + done + `"}`
	}
	return `{"result":"already absent"}`
}

func (r *receiver) read(w http.ResponseWriter, message asked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch message.Type {
	case "access.inspect":
		if r.blind.Load() {
			reply(w, `{"held":false}`)
			return
		}
		what := grantTo{message.Account, string(message.Entitlement)}
		if mark, given := r.given[what]; r.able && given {
			reply(w, fmt.Sprintf(`{"held":true,"until":%q}`, mark.until.Format(time.RFC3339Nano)))
			return
		}
		reply(w, fmt.Sprintf(`{"held":%t}`, r.holds(what)))
	case "access.check":
		reply(w, `{"result":"ready"}`)
	case "access.list":
		reply(w, r.page(message.After))
	default:
		r.t.Errorf("a message of an unknown type: %s", message.Type)
	}
}

// page lists what comes after a key, two at a time.
func (r *receiver) page(after string) string {
	var entries []string
	for what, mark := range r.given {
		if mark.key > after {
			account, _ := json.Marshal(what.account)
			entries = append(
				entries,
				fmt.Sprintf(
					`{"key":%q,"account":%s,"until":%q}`,
					mark.key,
					account,
					mark.until.Format(time.RFC3339Nano),
				),
			)
		}
	}
	slices.Sort(entries)
	more := len(entries) > 2
	return fmt.Sprintf(`{"accesses":[%s],"more":%t}`, strings.Join(entries[:min(len(entries), 2)], ","), more)
}

// holds is asked with the lock held. Able receivers tell of what Curfew gave, the only route that a revoke closes.
func (r *receiver) holds(what grantTo) bool {
	_, given := r.given[what]
	return given || !r.able && r.standing[what]
}

func reply(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = io.WriteString(w, body)
}

func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}
