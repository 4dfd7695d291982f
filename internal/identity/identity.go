// Package identity authenticates callers: by a token of the configuration, by a service token of Curfew's own, or by
// a token of an OpenID Connect provider. The directory that a call goes by alone decides which person a name at the
// provider is.
package identity

import (
	"slices"
	"time"

	"curfew/workflows/contract"
)

// Caller is who acts, and what this call or session may be used for.
type Caller struct {
	Person string // the id in the directory
	// Groups are those that the provider's token named, at the time of the sign-in. They are the provider's names, and
	// none of the configuration's.
	Groups []string
	// At is when the provider said so; zero when it said nothing.
	At     time.Time
	Scopes []string // some of people.Scopes
	Means  Means
}

// Means is how a caller was recognized.
type Means string

// The means there are.
const (
	MeansToken        Means = "token"         // the person's token in the configuration
	MeansServiceToken Means = "service-token" // a service token that acts as the person
	MeansOIDC         Means = "oidc"          // a token of the provider
)

// May is true when the call may be used for a scope. What the person may do is another question.
func (c Caller) May(scope string) bool { return slices.Contains(c.Scopes, scope) }

// Unproven refuses a token that proves nothing: another one could. Every other error of this package is about a caller
// who may not come in, or about a provider that can't be asked.
type Unproven struct{ *contract.Problem }

// Unwrap is the problem.
func (u *Unproven) Unwrap() error { return u.Problem }

func unproven(problem *contract.Problem) error { return &Unproven{problem} }
