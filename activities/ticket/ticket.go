// Package ticket is the port to trackers: it finds and opens tickets, and writes a request's events to them.
package ticket

import (
	"context"
	"regexp"
	"strings"

	"curfew/activities/story"
)

// System is one tracker. Errors are *contract.Problem; any other error counts as unavailable and is tried again.
type System interface {
	// Name is what people's accounts on the tracker are called in the directory, like "jira".
	Name() string
	// Recognizes is true for what has the form of a ticket's key here.
	Recognizes(key string) bool
	// Find reads a ticket; a missing one is a NotFound problem that names the field "ticket".
	Find(ctx context.Context, key string) (Ticket, error)
	// Comment adds an entry once: when our own account has already written one with this marker, nothing is added.
	Comment(ctx context.Context, key string, entry story.Entry) error
	// Link shows the request's present state on the ticket, in the place of what it showed before.
	Link(ctx context.Context, key string, link Link) error
	// Open opens a ticket once for each request, and returns its key: when our own account has already opened one for
	// the request, that is it.
	Open(ctx context.Context, opening Opening) (key string, err error)
	// Check tries the credentials and privileges without changing anything.
	Check(ctx context.Context) error
}

// Ticket is what Curfew needs to know of a ticket.
type Ticket struct {
	Key     string // its present one: it may have been found by one that it had before
	Summary string
	// Status is its status, by the name that does not depend on anybody's language where the tracker tells it, and
	// StatusID identifies it. ShownStatus is what Curfew's own account reads there.
	Status, StatusID, ShownStatus string
	Done                          bool // its status is in the tracker's "done" category
	// Assignee and Reporter are accounts at the tracker; empty for nobody.
	Assignee string
	Reporter string
}

// In is true for a name of the ticket's status, in either language.
func (t Ticket) In(status string) bool {
	return status != "" && (strings.EqualFold(status, t.Status) || strings.EqualFold(status, t.ShownStatus))
}

// Link is a live pointer from the ticket to the request.
type Link struct {
	ID       string // the same for the whole life of a request
	URL      string
	Title    string
	Summary  string
	Resolved bool
}

// Opening is a ticket that is to be opened for a request.
type Opening struct {
	Request string // its id
	Project string // the key of the project
	Type    string // of the ticket, by its name at the tracker
	Summary string
	Text    string // untrusted
}

// keyPattern fits the keys of all trackers, and nothing that could do harm in a path.
var keyPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_#-]{0,63}$`)

// ValidKey is true for text that can be a ticket's key at some tracker. Which form it has at one, that one recognizes.
func ValidKey(key string) bool { return keyPattern.MatchString(key) }
