package ticket

import (
	"context"
	"time"
)

// Historian is a System that also reads a ticket's type, and who has moved the ticket.
type Historian interface {
	System
	// History reads a ticket with its past; a missing one is a NotFound problem that names the field "ticket".
	History(ctx context.Context, key string) (History, error)
}

// History is a ticket with its past.
type History struct {
	Ticket
	Type        string // in the tracker's words
	RequestType string // of the portal that it came through; empty when it came another way
	CreatedAt   time.Time
	Own         bool     // Curfew itself has opened it
	Moves       []Move   // the newest ones at least, in no order
	FormerKeys  []string // that it had in other projects, as far back as the moves
}

// Keys are the ticket's keys, the present one first.
func (h History) Keys() []string { return append([]string{h.Key}, h.FormerKeys...) }

// Move is a change of a ticket's status.
type Move struct {
	ID string // of the entry in the tracker's history
	By string // the account
	To string // the status, by its name at the time
	// ToID identifies the status; empty where the tracker does not tell.
	ToID string
	At   time.Time
}

// Into is true for a move to the status that a ticket has.
func (m Move) Into(t Ticket) bool {
	if m.ToID != "" && t.StatusID != "" {
		return m.ToID == t.StatusID
	}
	return t.In(m.To)
}
