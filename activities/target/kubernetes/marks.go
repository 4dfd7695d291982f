package kubernetes

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	rbacv1 "k8s.io/api/rbac/v1"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

const (
	pageSize = 500
	// maxPages bounds how many bindings are listed: 50,000 of each sort.
	maxPages = 100
)

// sort is one of the two sorts of bindings.
type sort struct {
	resource string
	list     string // the kind of a list of them
}

var sorts = []sort{{"rolebindings", "RoleBindingList"}, {"clusterrolebindings", "ClusterRoleBindingList"}}

// List implements target.Lister.
func (c *connector) List(ctx context.Context) ([]target.Marked, error) {
	objects, err := c.marked(ctx, keyLabel)
	if err != nil {
		return nil, err
	}
	marked := make([]target.Marked, len(objects))
	for i, object := range objects {
		marked[i].Key = object.Labels[keyLabel]
		if len(object.Subjects) > 0 {
			marked[i].Account = accountOf(object.Subjects[0])
		}
	}
	slices.SortFunc(marked, func(a, b target.Marked) int { return cmp.Compare(a.Key, b.Key) })
	return marked, nil
}

// Remove implements target.Lister.
func (c *connector) Remove(ctx context.Context, found target.Marked) error {
	if !keyText.MatchString(found.Key) {
		return contract.Invalid("%q is not the key of a grant", contract.Shorten(found.Key, 64))
	}
	objects, err := c.marked(ctx, keyLabel+"="+found.Key)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if _, err := c.remove(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// marked lists the bindings of both sorts that carry Curfew's mark and fit a selector. One that carries only the labels
// was copied from another, and is not ours.
func (c *connector) marked(ctx context.Context, selector string) ([]rbacv1.RoleBinding, error) {
	var all []rbacv1.RoleBinding
	for _, sort := range sorts {
		listed, err := c.list(ctx, sort, managerLabel+"="+manager+","+selector)
		if err != nil {
			return nil, err
		}
		all = append(all, listed...)
	}
	return slices.DeleteFunc(all, func(object rbacv1.RoleBinding) bool {
		key := object.Labels[keyLabel]
		return !keyText.MatchString(key) || object.Name != namePrefix+key
	}), nil
}

// list reads all pages of a list, in all namespaces.
func (c *connector) list(ctx context.Context, sort sort, selector string) ([]rbacv1.RoleBinding, error) {
	var all []rbacv1.RoleBinding
	next := ""
	for range maxPages {
		listed, err := c.page(
			ctx,
			sort,
			url.Values{"labelSelector": {selector}, "limit": {strconv.Itoa(pageSize)}, "continue": {next}},
		)
		if err != nil {
			return nil, err
		}
		all = append(all, listed.Items...)
		if next = listed.Continue; next == "" {
			return all, nil
		}
	}
	return nil, contract.Unavailable("%s has more than %d %s of Curfew", c.api, maxPages*pageSize, sort.resource).
		Advise("let an administrator delete those that are left over")
}

// page reads one page. Those of ClusterRoleBindings look the same.
func (c *connector) page(ctx context.Context, sort sort, query url.Values) (listed rbacv1.RoleBindingList, err error) {
	answer, err := c.api.do(ctx, call{method: http.MethodGet, path: append(rbacPath(""), sort.resource), query: query})
	switch {
	case err != nil:
		return listed, err
	case !answer.ok():
		return listed, c.api.refusal(answer, "list "+sort.resource)
	}
	err = c.api.decode(answer, sort.list, &listed)
	return listed, err
}
