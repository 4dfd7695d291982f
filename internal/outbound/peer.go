package outbound

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"curfew/workflows/contract"
)

// Peer is a system that is called over HTTP, for what is said of it when it does not answer as it should.
type Peer struct {
	Name string // like "Jira"
	Host string // where it is
	// Leads is what to see to when somebody else answers in its place, like "tickets.jira.url leads to Jira itself".
	Leads string
}

// String is the peer in a sentence.
func (p Peer) String() string { return p.Name + " at " + p.Host }

// Unreachable is about a call that got no answer, half of one, or one without an end.
func (p Peer) Unreachable(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("ask %s: %w", p, ctx.Err()) // whoever asked has gone away
	case ctx.Err() != nil:
		err = errors.New("it has not answered in time")
	case errors.Is(err, ErrTooLarge):
		return p.Strange("more than can be read")
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // the rest repeats the address
	}
	return contract.Unavailable("%s can't be reached: %s", p, Clip(err.Error())).
		Advise("see that " + p.Name + " is up and can be reached from here")
}

// Strange is about an answer that the peer itself would not give: more likely a proxy or a sign-in page did.
func (p Peer) Strange(what string, args ...any) *contract.Problem {
	return contract.Unavailable("%s gave a strange answer: %s", p, fmt.Sprintf(what, args...)).
		Advise("see that " + p.Leads)
}

// IsJSON is true for an answer that says it is JSON.
func IsJSON(header http.Header) bool {
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}
