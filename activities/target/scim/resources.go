package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// user is what matters of a user.
type user struct {
	ID       string `json:"id"`
	UserName string `json:"userName"`
}

// group is what matters of a group. Services leave members out when there are none, and some always do.
type group struct {
	ID          string    `json:"id"`
	DisplayName string    `json:"displayName"`
	Members     *[]member `json:"members"`
	Meta        struct {
		Version string `json:"version"`
	} `json:"meta"`
}

type member struct {
	Value   string `json:"value"`
	Display string `json:"display,omitempty"`
}

// list is a ListResponse. The total is a pointer, because what has none is no list.
type list[T any] struct {
	Total     *int `json:"totalResults"`
	Resources []T  `json:"Resources"`
}

// versionPattern is an entity tag as RFC 9110 has it, of bounded length.
var versionPattern = regexp.MustCompile(`^(W/)?"[\x21\x23-\x7e]{0,256}"$`)

// versionOf is the version of the resource that an answer holds; empty where the service offers none.
func versionOf(answer answer, found group) string {
	for _, offered := range []string{answer.Header.Get("ETag"), found.Meta.Version} {
		if versionPattern.MatchString(offered) {
			return offered
		}
	}
	return ""
}

// where is a filter that compares attributes with texts, each exactly.
func where(pairs ...string) url.Values {
	terms := make([]string, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		terms = append(terms, pairs[i]+" eq "+quoted(pairs[i+1]))
	}
	return url.Values{"filter": {strings.Join(terms, " and ")}, "count": {"2"}}
}

// quoted is a text as filters write it: a JSON string, in which only what must be escaped is, since not every service
// reads all that JSON allows.
func quoted(text string) string {
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a text can always be written
	return strings.TrimSuffix(written.String(), "\n")
}

// only finds the one resource that fits a filter; nil when there is none.
func only[T any](ctx context.Context, a *api, resources string, filter url.Values) (*T, error) {
	found, err := search[T](ctx, a, resources, filter)
	switch {
	case err != nil:
		return nil, err
	case *found.Total > 1 || len(found.Resources) > 1:
		return nil, contract.Denied("%s finds several %s for %s, where there must be one", a, resources, filter.Get("filter")).
			Advise("see whether the service honours filters, and whether the name is used twice")
	case *found.Total != len(found.Resources):
		return nil, a.Strange("it counts %d %s and lists %d", *found.Total, resources, len(found.Resources))
	case *found.Total == 0:
		return nil, nil
	}
	return &found.Resources[0], nil
}

// userNamed finds the user with a userName; nil when there is none. Services ignore its case.
func (a *api) userNamed(ctx context.Context, name string) (*user, error) {
	found, err := only[user](ctx, a, "Users", where("userName", name))
	switch {
	case err != nil || found == nil:
		return nil, err
	case !strings.EqualFold(found.UserName, name):
		return nil, a.Strange("asked for the user %s it found %s", name, outbound.Clip(found.UserName))
	case !isID(found.ID):
		return nil, a.Strange("the id of the user %s is %q", name, outbound.Clip(found.ID))
	}
	return found, nil
}

// userWith finds the user with an id; nil when there is none.
func (a *api) userWith(ctx context.Context, id string) (*user, error) {
	found := &user{}
	there, _, err := a.read(ctx, found, "Users", id)
	switch {
	case err != nil || !there:
		return nil, err
	case found.ID != id:
		return nil, a.Strange("asked for the user %s it answered with %q", id, outbound.Clip(found.ID))
	}
	return found, nil
}

// group reads a group; nil when there is none.
func (a *api) group(ctx context.Context, id string) (*group, string, error) {
	found := &group{}
	there, answer, err := a.read(ctx, found, "Groups", id)
	switch {
	case err != nil || !there:
		return nil, "", err
	case found.ID != id:
		return nil, "", a.Strange("asked for the group %s it answered with %q", id, outbound.Clip(found.ID))
	}
	for _, one := range found.members() {
		if one.Value == "" {
			return nil, "", a.Strange("a member of the group %s has no value", id)
		}
	}
	return found, versionOf(answer, *found), nil
}

// read gets a resource by its id. That it is not there counts only when the list of such resources is: an address that
// leads elsewhere finds nothing either.
func (a *api) read(ctx context.Context, into any, resources, id string) (there bool, _ answer, _ error) {
	answer, err := a.do(ctx, call{method: http.MethodGet, path: []string{resources, id}})
	switch {
	case err != nil:
		return false, answer, err
	case answer.isNotFound():
		return false, answer, a.lists(ctx, resources)
	case !answer.OK():
		return false, answer, a.refusal(answer)
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return false, answer, a.Strange("no resource of %s", resources)
	}
	return true, answer, nil
}

// lists sees whether the service lists such resources.
func (a *api) lists(ctx context.Context, resources string) error {
	_, err := some[json.RawMessage](ctx, a, resources, 1)
	return err
}

// showsMembers looks at some groups, whichever come first, for one whose members are shown.
func (a *api) showsMembers(ctx context.Context) (bool, error) {
	groups, err := some[group](ctx, a, "Groups", 10)
	return slices.ContainsFunc(groups, func(one group) bool { return len(one.members()) > 0 }), err
}

// some lists a few resources.
func some[T any](ctx context.Context, a *api, resources string, few int) ([]T, error) {
	found, err := search[T](ctx, a, resources, url.Values{"count": {strconv.Itoa(few)}})
	return found.Resources, err
}

// search asks for a list. What is no list must not look like an empty one, for that would mean that access is gone.
func search[T any](ctx context.Context, a *api, resources string, query url.Values) (found list[T], err error) {
	answer, err := a.do(ctx, call{method: http.MethodGet, path: []string{resources}, query: query})
	if err != nil {
		return list[T]{}, err
	}
	if !answer.OK() {
		return list[T]{}, a.refusal(answer)
	}
	if err := json.Unmarshal(answer.Body, &found); err != nil || found.Total == nil {
		return list[T]{}, a.Strange("no list of %s", resources)
	}
	return found, nil
}
