package ticket

import "context"

// References resolve what a request names in place of a ticket, like a test cycle in a test management. Errors
// are *contract.Problem; any other error counts as unavailable and is tried again.
type References interface {
	// Resolve finds the key of the one ticket that a reference is linked to. Where there is no such reference, or it is
	// linked to no ticket or to several, the problem names the field "zephyr".
	Resolve(ctx context.Context, reference string) (key string, err error)
	// Link adds a link from what the reference names to an address, once: it leaves an existing link as it is.
	Link(ctx context.Context, reference, address, description string) error
}
