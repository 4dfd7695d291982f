// Package ldap gives access by groups of an LDAP directory, in two ways: the kind "ldap" makes the subject a member of
// a group that is there; the kind "ldap-entry" makes a group of its own for each grant, which the directory itself
// removes in time.
//
// Every call is one or two requests that can be repeated. What is read back is asked by Compare or by the entry's name:
// a filter that Curfew may not search by matches nothing, and would look like access that is gone.
package ldap

import (
	"time"

	"curfew/activities/target"
)

const (
	// callTimeout bounds one call of the port, with everything that it asks the directory.
	callTimeout = target.CallTimeout
	// settles is how long a request can take effect after it was cut off. Then the connection is reset, so that nothing
	// is sent any more, and the directory gives up what it has not begun; the rest is for what it had begun.
	settles = 30 * time.Second
	// longestTTL is the longest life that RFC 2589 allows an entry: a year and a few hours.
	longestTTL = 31557600 * time.Second
	// slack is how much later than asked the directory removes an entry: it is the second lock and must not close
	// first.
	slack = time.Minute
)

// Kind describes membership of groups that are there: the kind "ldap".
func Kind() target.Kind {
	return target.Kind{
		Name:        "ldap",
		Use:         "sign in as {account} where the groups of {target} count",
		Settings:    func() target.Settings { return new(Settings) },
		Entitlement: membership{},
		Normalize:   normalizeMembership,
		Limits:      target.Limits{Settles: settles, FewConnections: true},

		KnowsHolders: true,
	}
}

// EntryKind describes groups that are made for one grant and expire by themselves: the kind "ldap-entry".
func EntryKind() target.Kind {
	return target.Kind{
		Name:        "ldap-entry",
		Use:         "sign in as {account} where the entries of {target} count",
		Settings:    func() target.Settings { return new(EntrySettings) },
		Entitlement: place{},
		Normalize:   normalizePlace,
		Limits: target.Limits{
			MaxDuration:    longestTTL - slack,
			EnforcesExpiry: true,
			Settles:        settles,
			FewConnections: true,
		},
	}
}
