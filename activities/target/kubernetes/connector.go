package kubernetes

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"curfew/activities/target"
	"curfew/internal/keepalive"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// connector speaks to one cluster.
type connector struct{ api *cluster }

// Ping implements target.Pinger. The API server tells its version to everybody, or refuses to, which is an answer too.
func (c *connector) Ping(ctx context.Context) error {
	return keepalive.Ping(ctx, func(ctx context.Context) error {
		_, err := c.api.do(ctx, call{method: http.MethodGet, path: []string{"version"}})
		return err
	})
}

// Grant implements target.Connector. The cluster enforces no end of a binding: to move the end changes a note on it.
func (c *connector) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	b, err := bindingOf(access)
	if err != nil {
		return "", err
	}
	if err := c.vet(ctx, b); err != nil {
		return "", err
	}
	// What other hands have changed about our binding is put right, so there is nothing to be lost by force.
	answer, err := c.api.do(ctx, call{
		method: http.MethodPatch, path: b.path(), query: url.Values{"fieldManager": {manager}, "force": {"true"}},
		content: b.object(access.Until, access.Reference), contentType: string(types.ApplyYAMLPatchType),
	})
	if err != nil {
		return "", err
	}
	if !answer.ok() {
		return "", c.notApplied(answer, b)
	}
	if err := c.awaitOpen(ctx, b); err != nil {
		return "", err
	}
	if answer.Status == http.StatusCreated {
		return target.AccessGranted, nil
	}
	return target.AlreadyThere, nil
}

// notApplied says why there is no binding, or why it is not as it should be.
func (c *connector) notApplied(answer answer, b binding) error {
	switch {
	case answer.misses(b.namespace):
		return contract.NotFound("the cluster has no namespace %q", b.namespace).
			At("namespace").
			Advise("create it, or correct its name")
	case answer.Status == http.StatusForbidden && strings.Contains(answer.message(), "attempting to grant RBAC permissions"):
		return c.api.refusal(answer, b.rightsOnRole())
	case answer.Status == http.StatusUnprocessableEntity:
		problem := c.api.refusal(answer, "")
		problem.Fix = "let an administrator delete " + b.name() + ", if somebody else has made or changed it"
		return problem
	default:
		return c.api.refusal(answer, "create and patch "+b.resource())
	}
}

// Revoke implements target.Connector. It deletes the binding whether it is seen or not, and returns after the cluster
// has stopped to act on it, as far as that can be asked.
func (c *connector) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	b, err := bindingOf(access)
	if err != nil {
		return "", err
	}
	object, there, err := c.find(ctx, b)
	if err != nil {
		return "", err
	}
	if !there {
		object.Name, object.Namespace, object.UID = b.name(), b.namespace, types.UID(access.Identity.ID)
	}
	revoked, err := c.remove(ctx, object)
	if err != nil {
		return "", err
	}
	return revoked, c.awaitClosed(ctx, b)
}

// Inspect implements target.Connector.
func (c *connector) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	b, err := bindingOf(access)
	if err != nil {
		return target.State{}, err
	}
	state := target.State{}
	if state.Identity.Target, err = c.clusterID(ctx); err != nil {
		return target.State{}, err
	}
	object, there, err := c.find(ctx, b)
	if err != nil {
		return target.State{}, err
	}
	if there {
		state.Held, state.Identity.ID = b.heldBy(object), string(object.UID)
		return state, nil
	}
	if !b.verify.asked() {
		return state, nil
	}
	status, err := c.review(ctx, b)
	state.Held = b.opens(status)
	return state, err
}

// find reads the binding, if there is one.
func (c *connector) find(ctx context.Context, b binding) (object rbacv1.RoleBinding, there bool, err error) {
	answer, err := c.api.do(ctx, call{method: http.MethodGet, path: b.path()})
	switch {
	case err != nil:
		return object, false, err
	case answer.misses(b.name()):
		return object, false, nil
	case !answer.ok():
		return object, false, c.api.refusal(answer, "get "+b.resource())
	}
	err = c.api.decode(answer, b.kind(), &object)
	return object, true, err
}

// remove takes one binding away, but not another that has its name by now, as far as its UID is known.
func (c *connector) remove(ctx context.Context, object rbacv1.RoleBinding) (target.Revoked, error) {
	options := metav1.DeleteOptions{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "DeleteOptions"}}
	if object.UID != "" {
		options.Preconditions = metav1.NewUIDPreconditions(string(object.UID))
	}
	answer, err := c.api.do(ctx, call{
		method:      http.MethodDelete,
		path:        bindingPath(object.Namespace, object.Name),
		contentType: "application/json",
		content:     options,
	})
	switch {
	case err != nil:
		return "", err
	case answer.misses(object.Name):
		return target.AlreadyAbsent, nil
	case !answer.ok():
		return "", c.api.refusal(answer, "delete "+resourceIn(object.Namespace))
	}
	if len(object.Finalizers) > 0 {
		return "", contract.Unavailable("%s %s was deleted, but lives on until its finalizers are gone: %s", resourceIn(object.Namespace), object.Name, outbound.Clip(strings.Join(object.Finalizers, ", "))).
			Advise("let an administrator take the finalizers off the binding, or start what handles them")
	}
	return target.AccessRevoked, nil
}
