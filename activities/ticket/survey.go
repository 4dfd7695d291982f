package ticket

import "context"

// Surveyor is a System that can be asked, before anybody needs it, for what a configuration names there. What it can't
// tell is no fault.
type Surveyor interface {
	System
	// CheckAccount refuses a person's account that is not there.
	CheckAccount(ctx context.Context, account string) error
	// CheckProject refuses a project that is not there, in which Curfew may not do what it has to, or that has no such
	// types of tickets or statuses.
	CheckProject(ctx context.Context, want Project) error
}

// Project is what a configuration takes for granted of one.
type Project struct {
	Key      string
	Opens    bool     // tickets are opened in it
	Types    []string // of tickets, by name
	Statuses []string // in either language
}
