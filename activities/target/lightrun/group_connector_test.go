package lightrun_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
	"curfew/workflows/contract"
)

func TestAMemberGetsNoMoreThanTheGroupsOwnRights(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	granted, err := connectGroups(t, c.url, companyToken).Grant(t.Context(), membership(t, ann))
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
	require.True(t, c.Can(ann, pool))
	require.Equal(t, []sandboxlightrun.Member{
		{Email: bob, ElevatedRoles: []string{"STANDARD", "PRIVILEGED"}},
		{Email: ann, ElevatedRoles: []string{}},
	}, c.Groups()[0].Members)
}

func TestAccountsAreComparedWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	connector, shouted := connectGroups(t, c.url, companyToken), membership(t, "ANN@Example.com")
	c.join(t, ann)
	state, err := connector.Inspect(t.Context(), shouted)
	require.NoError(t, err)
	require.True(t, state.Held)
	granted, err := connector.Grant(t.Context(), shouted)
	require.NoError(t, err)
	require.Equal(t, target.AlreadyThere, granted)
	_, err = connector.Revoke(t.Context(), shouted)
	require.NoError(t, err)
	require.Equal(t, []string{bob}, c.crew())
}

func TestAnAccountThatOnlyLooksAlikeIsAnother(t *testing.T) {
	t.Parallel()
	const kim, kelvin = "kim@example.com", "\u212aim@example.com"
	c := openGroups(t, func(options *sandboxlightrun.Options) {
		options.Users = append(options.Users, sandboxlightrun.User{Email: kelvin})
	})
	c.join(t, kelvin)
	revoked, err := connectGroups(t, c.url, companyToken).Revoke(t.Context(), membership(t, kim))
	require.NoError(t, err)
	require.Equal(t, target.AlreadyAbsent, revoked)
	require.Equal(t, []string{bob, kelvin}, c.crew())
}

// The roster was read before the other attempt landed, so that only the failure in the answer tells of it.
func TestAnAttemptThatLandsMeanwhileIsAdopted(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	connector, access := connectGroups(t, c.url, companyToken), membership(t, ann)
	var late target.Granted
	finish := c.hold(func() (err error) {
		late, err = connector.Grant(t.Context(), access)
		return err
	})
	granted, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
	require.NoError(t, finish())
	require.Equal(t, target.AlreadyThere, late)
	require.Equal(t, []string{bob, ann}, c.crew())
}

// A 200 carries the failure: somebody else has removed them meanwhile.
func TestRevokingFromSomebodyWhoHasLeftMeanwhileSucceeds(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	finish := c.hold(revoking(t, connectGroups(t, c.url, companyToken), bob))
	c.leave(t, bob)
	require.NoError(t, finish())
	require.Empty(t, c.crew())
}

func TestAGroupThatWasDeletedHasTakenItsMembershipsAlong(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	connector := connectGroups(t, c.url, companyToken)
	_, err := connector.Grant(t.Context(), membership(t, ann))
	require.NoError(t, err)
	c.byHand(t, companyToken, http.MethodDelete, crewPath, "")
	state, err := connector.Inspect(t.Context(), membership(t, ann))
	require.NoError(t, err)
	require.False(t, state.Held)
	require.Zero(t, state.Until)
	revoked, err := connector.Revoke(t.Context(), membership(t, ann))
	require.NoError(t, err)
	require.Equal(t, target.AlreadyAbsent, revoked)
	_, err = connector.Grant(t.Context(), membership(t, ann))
	requireProblem(t, err, contract.KindDenied, "has no group "+crew)
}

func TestAGroupThatIsDeletedMeanwhileIsNoMembership(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	finish := c.hold(granting(t, connectGroups(t, c.url, companyToken), ann))
	c.byHand(t, companyToken, http.MethodDelete, crewPath, "")
	requireProblem(t, finish(), contract.KindDenied, "has no group "+crew)

	c = openGroups(t, nil)
	finish = c.hold(revoking(t, connectGroups(t, c.url, companyToken), bob))
	c.byHand(t, companyToken, http.MethodDelete, crewPath, "")
	require.NoError(t, finish())
}

func TestOnlyTheGroupAndTheUserAreAskedFor(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	connector := connectGroups(t, c.url, companyToken)
	_, err := connector.Grant(t.Context(), membership(t, ann))
	require.NoError(t, err)
	_, err = connector.Revoke(t.Context(), membership(t, ann))
	require.NoError(t, err)
	read := "GET " + crewPath
	require.Equal(t, []string{
		read, "GET /api/v1/users/" + ann, "POST " + membersPath, read,
		read, "DELETE " + membersPath, read,
	}, c.requests())
}

func TestP3AGroupThatShowsNobodyAndCountsNobodyIsFoundBeforeAnybodyAsks(t *testing.T) {
	t.Parallel()
	c := openGroups(t, nil)
	check := func() error {
		return connectGroups(t, c.url, companyToken).(target.ProofChecker).CheckProof(
			t.Context(),
			groupNormalized(t, crew),
		)
	}
	require.NoError(t, check())
	c.blind.Store(true)
	requireProblem(t, check(), contract.KindDenied, "could not be seen to end", "readBack: none")
}
