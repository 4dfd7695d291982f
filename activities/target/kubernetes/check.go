package kubernetes

import (
	"context"
	"net/url"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"curfew/workflows/contract"
)

// Check implements target.Checker: Curfew's account can list its marks, ask what others may do, and change bindings in
// every namespace. Whether it may bind each role of the templates is seen when it does.
func (c *connector) Check(ctx context.Context) error {
	for _, sort := range sorts {
		if _, err := c.page(ctx, sort, url.Values{"limit": {"1"}}); err != nil {
			return err
		}
	}
	for _, needed := range []permission{
		{rbacv1.GroupName, "rolebindings", []string{"get", "create", "patch", "delete"}},
		{authorizationv1.GroupName, "subjectaccessreviews", []string{"create"}},
	} {
		for _, verb := range needed.verbs {
			if err := c.checkRight(
				ctx,
				authorizationv1.ResourceAttributes{Group: needed.group, Resource: needed.resource, Verb: verb},
			); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *connector) checkRight(ctx context.Context, right authorizationv1.ResourceAttributes) error {
	asked := authorizationv1.SelfSubjectAccessReview{
		TypeMeta: reviewType(
			"SelfSubjectAccessReview",
		),
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &right},
	}
	var said authorizationv1.SelfSubjectAccessReview
	if err := c.ask(ctx, "selfsubjectaccessreviews", asked.Kind, asked, &said); err != nil {
		return err
	}
	if !said.Status.Allowed {
		return contract.Denied("Curfew's account may not %s %s.%s in all namespaces", right.Verb, right.Resource, right.Group).
			Advise("let an administrator give it the ClusterRole of " + page)
	}
	return nil
}
