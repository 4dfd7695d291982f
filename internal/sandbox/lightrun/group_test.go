package lightrun_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/lightrun"
)

const groups = "/api/v1/groups"

// groupID returns the id of the group that every company starts with.
func (c *company) groupID(t *testing.T) string {
	t.Helper()
	_, answer := c.call(t, "company", http.MethodGet, groups, "")
	var page struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &page))
	require.Len(t, page.Items, 1, answer)
	return page.Items[0].ID
}

func TestMembersOfAGroupCanWorkWithItsPools(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	members := groups + "/" + c.groupID(t) + "/members"
	status, answer := c.call(t, "company", http.MethodPost, members, `[{"email":"ann@example.com"}]`)
	require.Equal(t, http.StatusOK, status, answer)
	require.Contains(t, answer, `"effectiveRoles":["STANDARD"]`)
	require.True(t, c.Can(ann, pool))
	require.False(t, c.Can(ann, edge))
	status, _ = c.call(t, "company", http.MethodDelete, members, `["ann@example.com"]`)
	require.Equal(t, http.StatusOK, status)
	require.False(t, c.Can(ann, pool))
}

func TestAddingMembersCanFailInPart(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	members := groups + "/" + c.groupID(t) + "/members"
	status, answer := c.call(
		t,
		"company",
		http.MethodPost,
		members,
		`[{"email":"eve@example.com"},{"email":"ann@example.com"},{"email":"ann@example.com"},{"email":"bob@example.com","elevatedRoles":["STANDARD","PRIVILEGED"]}]`,
	)
	require.Equal(t, http.StatusMultiStatus, status)
	var result struct {
		Successes []struct{ Email string }
		Failures  []struct {
			Status  int
			Payload struct{ Email string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &result))
	require.Len(t, result.Successes, 2)
	require.Len(t, result.Failures, 2)
	require.Equal(t, http.StatusNotFound, result.Failures[0].Status)
	require.Equal(t, http.StatusConflict, result.Failures[1].Status)
	require.True(t, c.Can(ann, pool))
	require.True(t, c.Can(bob, pool))
}

func TestRemovingMembersAnswersOKWithFailures(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	members := groups + "/" + c.groupID(t) + "/members"
	c.call(t, "company", http.MethodPost, members, `[{"email":"ann@example.com"}]`)
	status, answer := c.call(t, "company", http.MethodDelete, members, `["bob@example.com","ann@example.com"]`)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"successes":["ann@example.com"],
		"failures":[{"message":"User is not a member of the group.","payload":"bob@example.com","status":404}]}`, answer)
}

func TestTheGroupsOfAManagedUserCantBeChanged(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	members := groups + "/" + c.groupID(t) + "/members"
	for method, body := range map[string]string{
		http.MethodPost: `[{"email":"cleo@example.com"}]`, http.MethodDelete: `["cleo@example.com","max@example.com"]`,
	} {
		_, answer := c.call(t, "company", method, members, body)
		require.Contains(t, answer, `"successes":[]`, method)
		require.Contains(t, answer, "identity provider", method)
	}
	require.Equal(t, []lightrun.Member{{Email: "max@example.com", ElevatedRoles: []string{}}}, c.Groups()[0].Members)
}

func TestAMembersRolesChange(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	members := groups + "/" + c.groupID(t) + "/members"
	status, _ := c.call(t, "company", http.MethodPut, members+"/"+ann, `{"elevatedRoles":["PRIVILEGED"]}`)
	require.Equal(t, http.StatusNotFound, status)
	c.call(t, "company", http.MethodPost, members, `[{"email":"ann@example.com"}]`)
	status, answer := c.call(
		t,
		"company",
		http.MethodPut,
		members+"/"+ann,
		`{"elevatedRoles":["PRIVILEGED"],"groupAdmin":true}`,
	)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(
		t,
		`{"email":"ann@example.com","groupAdmin":true,"elevatedRoles":["PRIVILEGED"],"effectiveRoles":["PRIVILEGED","STANDARD"]}`,
		answer,
	)
}

func TestGroupsAreMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	status, answer := c.call(t, "company", http.MethodPost, groups, `{"name":"Edge","agentPoolIds":["`+edge+`"]}`)
	require.Equal(t, http.StatusCreated, status, answer)
	var made struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(answer), &made))
	path := groups + "/" + made.ID

	_, answer = c.call(t, "company", http.MethodGet, groups+"?agentPoolIds="+edge+",none&includeMembers=true", "")
	require.Contains(t, answer, `"total":1`)
	status, _ = c.call(
		t,
		"company",
		http.MethodPut,
		path,
		`{"name":"Both","agentPoolIds":["`+edge+`","`+pool+`"],"roles":["PRIVILEGED"]}`,
	)
	require.Equal(t, http.StatusOK, status)
	c.call(t, "company", http.MethodPost, path+"/members", `[{"email":"bob@example.com"}]`)
	require.True(t, c.Can(bob, pool))
	_, answer = c.call(t, "company", http.MethodGet, path+"?includeMembers=true", "")
	require.Contains(t, answer, bob)
	_, answer = c.call(t, "company", http.MethodGet, path, "")
	require.NotContains(t, answer, bob)
	require.Contains(t, answer, `"memberCount":1`)

	status, _ = c.call(t, "company", http.MethodDelete, path, "")
	require.Equal(t, http.StatusNoContent, status)
	require.False(t, c.Can(bob, pool))
	status, _ = c.call(t, "company", http.MethodGet, path, "")
	require.Equal(t, http.StatusNotFound, status)
}

func TestGroupsThatTheVendorRefuses(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	for name, body := range map[string]string{
		"taken name": `{"name":"Payments"}`, "unknown pool": `{"name":"x","agentPoolIds":["p9"]}`, "no name": `{"name":""}`,
	} {
		status, _ := c.call(t, "company", http.MethodPost, groups, body)
		require.Equal(t, http.StatusBadRequest, status, name)
	}
}

func TestUsersAreReadWithWhatGroupsGiveThem(t *testing.T) {
	t.Parallel()
	c := open(t, 0)
	id := c.groupID(t)
	c.call(t, "company", http.MethodPost, groups+"/"+id+"/members", `[{"email":"ann@example.com","groupAdmin":true}]`)
	_, answer := c.call(t, "company", http.MethodGet, "/api/v1/users/"+ann+"?includeAccessAndPermissions=true", "")
	require.Contains(t, answer, `"groupMemberships":[{"email":"ann@example.com","groupId":"`+id+`","groupAdmin":true}]`)
	require.Contains(t, answer, `"agentPoolPermissions":[{"agentPoolId":"`+pool+`","permissions":["STANDARD"]}]`)
	_, answer = c.call(t, "company", http.MethodGet, "/api/v1/users?role=DEVELOPER", "")
	require.Contains(t, answer, ann)
	require.NotContains(t, answer, bob)
	_, answer = c.call(t, "company", http.MethodGet, "/api/v1/users?search=birch", "")
	require.Contains(t, answer, bob)
	require.NotContains(t, answer, ann)
	status, _ := c.call(t, "company", http.MethodGet, "/api/v1/users/eve@example.com", "")
	require.Equal(t, http.StatusNotFound, status)
}
