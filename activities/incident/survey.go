package incident

import "context"

// Surveyor is a System that can be asked, before anybody needs it, for what a configuration names there. What it can't
// tell is no fault.
type Surveyor interface {
	System
	// CheckAccount refuses a person's account that is not there.
	CheckAccount(ctx context.Context, account string) error
	// CheckService refuses a service that is not there. It is false for what has not the form of a service of the
	// system.
	CheckService(ctx context.Context, service string) (ours bool, err error)
	// ServiceIDs says where people find the id of a service, like "at PagerDuty it stands in the address of its page".
	ServiceIDs() string
}
