package lightrun

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"curfew/workflows/contract"
)

// member is a user in a group, in the vendor's words.
type member struct {
	Email         string   `json:"email"`
	GroupAdmin    bool     `json:"groupAdmin"`
	ElevatedRoles []string `json:"elevatedRoles"`
}

func (m member) equals(other member) bool {
	return m.Email == other.Email && m.GroupAdmin == other.GroupAdmin &&
		slices.Equal(slices.Sorted(slices.Values(m.ElevatedRoles)), slices.Sorted(slices.Values(other.ElevatedRoles)))
}

// roster is everybody in a group.
type roster []member

func (r roster) find(account string) (member, bool) {
	at := slices.IndexFunc(r, func(one member) bool { return sameAccount(one.Email, account) })
	if at < 0 {
		return member{}, false
	}
	return r[at], true
}

// hasLookalike is true when somebody has an address that only looks like an account's.
func (r roster) hasLookalike(account string) bool {
	return slices.ContainsFunc(r, func(one member) bool { return strings.EqualFold(one.Email, account) })
}

// differing names those who are in one roster only, or otherwise than in the other.
func (r roster) differing(other roster) []string {
	left := make(map[string]member, len(other))
	for _, one := range other {
		left[one.Email] = one
	}
	var emails []string
	for _, one := range r {
		if twin, there := left[one.Email]; !there || !one.equals(twin) {
			emails = append(emails, one.Email)
		}
		delete(left, one.Email)
	}
	return slices.Sorted(slices.Values(append(emails, slices.Collect(maps.Keys(left))...)))
}

// members reads who is in a group. It returns false when there is no such group.
func (a *api) members(ctx context.Context, group string) (roster, bool, error) {
	found, known, err := a.roster(ctx, group)
	return found.members, known, err
}

// counted is a roster, and whether Lightrun said how many there are in it.
type counted struct {
	members roster
	counted bool
}

func (a *api) roster(ctx context.Context, group string) (counted, bool, error) {
	answer, err := a.call(ctx, http.MethodGet, groups.path+"/"+group, url.Values{"includeMembers": {"true"}}, nil)
	switch {
	case err != nil:
		return counted{}, false, err
	case answer.Status == http.StatusNotFound:
		return counted{}, false, a.confirmNoGroup(ctx, group)
	case answer.Status != http.StatusOK:
		return counted{}, false, a.refusal(answer)
	}
	var content struct {
		Members     roster `json:"members"`
		MemberCount *int   `json:"memberCount"`
	}
	err = json.Unmarshal(answer.Body, &content)
	switch {
	case err != nil || content.Members == nil && content.MemberCount == nil:
		return counted{}, false, a.Strange("no group")
	case content.MemberCount != nil && len(content.Members) < *content.MemberCount:
		return counted{}, false, a.Strange(
			"it shows %d of the %d members of the group %s",
			len(content.Members),
			*content.MemberCount,
			group,
		)
	}
	return counted{content.Members, content.MemberCount != nil}, true, nil
}

// confirmNoGroup wants Lightrun to list its groups without this one. Anything may answer 404 in Lightrun's place, and
// that must not mean that the access is gone.
func (a *api) confirmNoGroup(ctx context.Context, group string) error {
	type entry struct {
		ID string `json:"id"`
	}
	all, err := list[entry](ctx, a, groups)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all.entries, func(one entry) bool { return strings.EqualFold(one.ID, group) }) {
		return a.Strange("it lists the group %s, but does not show it", group)
	}
	return nil
}

// failure is why a change of members was not made; the zero value when none was told.
type failure struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// addMember puts a user into a group with no more than the group's own rights.
func (a *api) addMember(ctx context.Context, group, account string) (failure, error) {
	return a.change(ctx, http.MethodPost, group, []member{{Email: account, ElevatedRoles: []string{}}})
}

func (a *api) removeMember(ctx context.Context, group, account string) (failure, error) {
	return a.change(ctx, http.MethodDelete, group, []string{account})
}

// change asks for a change of one member. It tells a failure, not a success: that is for the group itself to show.
func (a *api) change(ctx context.Context, method, group string, content any) (failure, error) {
	answer, err := a.call(ctx, method, groups.path+"/"+group+"/members", nil, content)
	switch {
	case err != nil:
		return failure{}, err
	case answer.Status == http.StatusNotFound: // of the group, or of the user
		return failure{Status: answer.Status, Message: answer.message()}, nil
	case answer.Status < 200 || answer.Status > 299:
		return failure{}, a.refusal(answer)
	}
	var result struct {
		Failures []failure `json:"failures"`
	}
	if json.Unmarshal(answer.Body, &result) != nil || len(result.Failures) == 0 {
		return failure{}, nil
	}
	return result.Failures[0], nil
}

// unchanged says that the group does not show a change that was asked for.
func (a *api) unchanged(failed failure, change string) error {
	problem := contract.Unavailable("%s did not %s", a, change).
		Advise("look at the group in Lightrun if this persists").
		AsRefusal()
	if failed != (failure{}) {
		problem.Fault += ": " + spell(failed.Status, failed.Message)
	}
	if final(failed.Status) {
		problem.Kind = contract.KindDenied
	}
	return problem
}
