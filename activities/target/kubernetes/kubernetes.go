// Package kubernetes gives people roles in a Kubernetes cluster: a RoleBinding in one namespace, or a
// ClusterRoleBinding, for one subject.
//
// Each grant has a binding of its own, "curfew-<key>", beside whatever others have bound: a repeated attempt finds what
// an earlier one has made, and bindings with other names are never touched. What could be used to keep the access, or
// to give it away, is refused.
package kubernetes

import (
	"time"

	"curfew/activities/target"
)

const (
	// serverTimeout is kept by the API server, so that a call can't take effect later than that after it has arrived,
	// whatever became of us. It bounds settles.
	serverTimeout = 4 * time.Second
	settles       = 10 * time.Second
)

// Kind describes Kubernetes clusters: the kind "kubernetes".
func Kind() target.Kind {
	return target.Kind{
		Name:        "kubernetes",
		Use:         "use kubectl as {account}, on {target}",
		Settings:    func() target.Settings { return new(Settings) },
		Entitlement: entitlement{},
		Normalize:   normalize,
		Limits:      target.Limits{Settles: settles},
	}
}
