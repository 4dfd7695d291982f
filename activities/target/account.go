package target

import "context"

// AccountChecker finds out whether an account could be given access, before anybody asks for it.
type AccountChecker interface {
	// CheckAccount refuses, as Grant would, an account that is not there, or that access could not be taken from. It
	// changes nothing.
	CheckAccount(ctx context.Context, account string) error
}
