package kubernetes

import (
	"context"
	"net/http"
	"strings"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const (
	// reviewPatience is how long the cluster may take to act on a change: each of its API servers keeps a copy of the
	// bindings, which is usually a millisecond old.
	reviewPatience = 3 * time.Second
	firstPause     = 2 * time.Millisecond
	longestPause   = 100 * time.Millisecond
)

var reviewPath = []string{"apis", "authorization.k8s.io", "v1"}

// review asks the cluster what the subject of a binding may do.
func (c *connector) review(ctx context.Context, b binding) (authorizationv1.SubjectAccessReviewStatus, error) {
	asked := authorizationv1.SubjectAccessReview{
		TypeMeta: reviewType("SubjectAccessReview"),
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User:               accountOf(b.subject),
			ResourceAttributes: b.verify.attributes(),
		},
	}
	var said authorizationv1.SubjectAccessReview
	err := c.ask(ctx, "subjectaccessreviews", asked.Kind, asked, &said)
	return said.Status, err
}

func (c *connector) ask(ctx context.Context, resource, kind string, asked, said any) error {
	answer, err := c.api.do(ctx, call{
		method: http.MethodPost, path: append(reviewPath[:len(reviewPath):len(reviewPath)], resource),
		content: asked, contentType: "application/json",
	})
	switch {
	case err != nil:
		return err
	case !answer.ok():
		return c.api.refusal(answer, "create "+resource)
	default:
		return c.api.decode(answer, kind, said)
	}
}

func reviewType(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: authorizationv1.SchemeGroupVersion.String(), Kind: kind}
}

func (q question) attributes() *authorizationv1.ResourceAttributes {
	resource, subresource, _ := strings.Cut(q.Resource, "/")
	return &authorizationv1.ResourceAttributes{
		Namespace: q.Namespace, Verb: q.Verb, Group: q.Group, Resource: resource, Subresource: subresource,
	}
}

// opens is true when it is this binding that lets the subject in. The cluster names one binding, even if there are
// several.
func (b binding) opens(status authorizationv1.SubjectAccessReviewStatus) bool {
	return status.Allowed && strings.Contains(status.Reason, b.name())
}

// awaitOpen returns when the cluster acts on a grant.
func (c *connector) awaitOpen(ctx context.Context, b binding) error {
	status, err := c.await(
		ctx,
		b,
		func(status authorizationv1.SubjectAccessReviewStatus) bool { return status.Allowed },
	)
	if err == nil && !status.Allowed {
		return contract.Unavailable("the binding %s is there, but the cluster does not let %q %s: %s", b.name(), b.account, b.verify, outbound.Clip(status.Reason+status.EvaluationError)).
			Advise("see what else decides about access in the cluster")
	}
	return err
}

// awaitClosed returns when the cluster acts on a revoke. The subject may be let in by another's binding still.
func (c *connector) awaitClosed(ctx context.Context, b binding) error {
	status, err := c.await(
		ctx,
		b,
		func(status authorizationv1.SubjectAccessReviewStatus) bool { return !b.opens(status) },
	)
	if err == nil && b.opens(status) {
		return contract.Unavailable("the binding %s is gone, but the cluster still lets %q in by it", b.name(), b.account).
			Advise("see that the API servers still hear from etcd")
	}
	return err
}

// await asks until the cluster's answer is as wanted, and returns the last answer. Without a question there is nothing
// to wait for.
func (c *connector) await(
	ctx context.Context, b binding, wanted func(authorizationv1.SubjectAccessReviewStatus) bool,
) (status authorizationv1.SubjectAccessReviewStatus, err error) {
	if !b.verify.asked() {
		return authorizationv1.SubjectAccessReviewStatus{Allowed: true}, nil
	}
	deadline := time.Now().Add(reviewPatience)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if status, err = c.review(ctx, b); err != nil || wanted(status) || time.Now().After(deadline) {
			return status, err
		}
		select {
		case <-ctx.Done():
			return status, c.api.Unreachable(ctx, ctx.Err())
		case <-time.After(pause):
		}
	}
}
