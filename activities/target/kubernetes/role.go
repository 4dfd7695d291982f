package kubernetes

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// permission is a set of verbs on a resource.
type permission struct {
	group, resource string
	verbs           []string
}

// Whoever has one of these can keep the access after it was taken away, or give it to others.
var dangers = []permission{
	{rbacv1.GroupName, "rolebindings", changes},
	{rbacv1.GroupName, "clusterrolebindings", changes},
	{rbacv1.GroupName, "roles", changes},
	{rbacv1.GroupName, "clusterroles", changes},
	{"", "users", []string{"impersonate"}},
	{"", "groups", []string{"impersonate"}},
	{"", "serviceaccounts", []string{"impersonate"}},
	{"", "serviceaccounts/token", []string{"create"}},
	{"certificates.k8s.io", "certificatesigningrequests/approval", []string{"update", "patch"}},
}

var changes = []string{"create", "update", "patch", "bind", "escalate"}

// Vet implements target.Vetter: it reads a role of a template as a grant would.
func (c *connector) Vet(ctx context.Context, entitlement json.RawMessage) (string, error) {
	nobodys := target.Access{Key: strings.Repeat("0", 32), Entitlement: entitlement, Account: "nobody"}
	b, err := bindingOf(nobodys)
	if err != nil {
		return "", err
	}
	return "", c.vetRole(ctx, b)
}

// vet refuses what is not there, and what vetRole refuses.
func (c *connector) vet(ctx context.Context, b binding) error {
	if err := c.vetRole(ctx, b); err != nil {
		return err
	}
	if b.subject.Kind == rbacv1.ServiceAccountKind {
		return c.findServiceAccount(ctx, b)
	}
	return nil
}

// vetRole refuses a role that is not there, with which the access could be made to last, or that does not allow what is
// to be verified.
func (c *connector) vetRole(ctx context.Context, b binding) error {
	role, err := c.role(ctx, b)
	if err != nil {
		return err
	}
	if danger, found := dangerOf(role.Rules); found {
		return contract.Denied("whoever has %s %q may %s, so the access could not be taken away in time", b.role.Kind, b.role.Name, danger).
			At(b.roleField).
			Advise("name a role with just the permissions that are needed")
	}
	if b.verify.asked() && !slices.ContainsFunc(role.Rules, b.verify.allowedBy) {
		return contract.Denied("%s %q does not allow to %s", b.role.Kind, b.role.Name, b.verify).
			At("verify").
			Advise("write something that the role allows, by its verb, resource and group")
	}
	return nil
}

// role reads the role. The rules of a Role and of a ClusterRole are in the same place.
func (c *connector) role(ctx context.Context, b binding) (role rbacv1.ClusterRole, err error) {
	answer, err := c.api.do(ctx, call{method: http.MethodGet, path: b.rolePath()})
	switch {
	case err != nil:
		return role, err
	case answer.misses(b.role.Name):
		return role, contract.NotFound("the cluster has no %s %q", b.role.Kind, b.role.Name).
			At(b.roleField).
			Advise("create it, or correct its name")
	case !answer.ok():
		return role, c.api.refusal(answer, b.rightsOnRole())
	}
	err = c.api.decode(answer, b.role.Kind, &role)
	return role, err
}

func (b binding) rightsOnRole() string {
	return "get and bind " + strings.ToLower(b.role.Kind) + "s named " + b.role.Name
}

// findServiceAccount looks that the subject is there. The cluster knows no list of its users, only of these.
func (c *connector) findServiceAccount(ctx context.Context, b binding) error {
	path := []string{"api", "v1", "namespaces", b.subject.Namespace, "serviceaccounts", b.subject.Name}
	answer, err := c.api.do(ctx, call{method: http.MethodGet, path: path})
	switch {
	case err != nil:
		return err
	case answer.misses(b.subject.Name):
		return contract.NotFound("the cluster has no service account %q", b.account).
			At("account").
			Advise("create it, or correct its name")
	case !answer.ok():
		return c.api.refusal(answer, "get serviceaccounts")
	default:
		return nil
	}
}

// dangerOf names something in the rules with which the access could be made to last.
func dangerOf(rules []rbacv1.PolicyRule) (string, bool) {
	for _, rule := range rules {
		for _, danger := range dangers {
			for _, verb := range danger.verbs {
				if allows(rule, danger.group, danger.resource, verb) {
					return verb + " " + danger.resource, true
				}
			}
		}
	}
	return "", false
}

// allowedBy is true when a rule allows it for objects of all names.
func (q question) allowedBy(rule rbacv1.PolicyRule) bool {
	return len(rule.ResourceNames) == 0 && allows(rule, q.Group, q.Resource, q.Verb)
}

// allows reads a rule as the API server does: * stands for all, and */log for the subresource log of all.
func allows(rule rbacv1.PolicyRule, group, resource, verb string) bool {
	_, subresource, _ := strings.Cut(resource, "/")
	return has(rule.APIGroups, group) && has(rule.Verbs, verb) &&
		(has(rule.Resources, resource) || subresource != "" && slices.Contains(rule.Resources, "*/"+subresource))
}

func has(listed []string, wanted string) bool {
	return slices.Contains(listed, wanted) || slices.Contains(listed, "*")
}
