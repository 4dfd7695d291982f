package identity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/identity"
	"curfew/internal/people"
)

// withServiceToken is a directory in which ci acts as the robot, until a time.
func withServiceToken(t *testing.T, until time.Time) (*people.Directory, string) {
	t.Helper()
	token, hash := identity.NewServiceToken()
	digest, err := hex.DecodeString(hash[len(people.HashPrefix):])
	require.NoError(t, err)
	return &people.Directory{
		People: map[string]people.Person{"robot": {}},
		ServiceTokens: map[string]people.ServiceToken{"ci": {
			Person: "robot", Scopes: []string{people.ScopeAsk}, Until: until, Digest: [sha256.Size]byte(digest),
		}},
	}, token.Reveal()
}

func TestAServiceTokenActsAsItsPersonWithinItsScopes(t *testing.T) {
	t.Parallel()
	directory, token := withServiceToken(t, time.Now().Add(time.Hour))

	caller, err := identity.New(nil).Authenticate(t.Context(), directory, token)

	require.NoError(t, err)
	require.Equal(
		t,
		identity.Caller{Person: "robot", Scopes: []string{people.ScopeAsk}, Means: identity.MeansServiceToken},
		caller,
	)
	require.True(t, caller.May(people.ScopeAsk))
	require.False(t, caller.May(people.ScopeReview))
	require.False(t, caller.May(""))
}

func TestServiceTokensThatAreNotOrNoLongerThereAreRefused(t *testing.T) {
	t.Parallel()
	directory, token := withServiceToken(t, time.Now())
	_, err := identity.New(nil).Authenticate(t.Context(), directory, token)
	unproven(t, err, "expired")

	another, hash := identity.NewServiceToken()
	for name, wrong := range map[string]string{
		"another one": another.Reveal(), "cut": token[:len(token)-1], "its hash": hash, "only what all begin with": "curfew_",
	} {
		_, err := identity.New(nil).Authenticate(t.Context(), directory, wrong)
		unproven(t, err, "")
		require.NotContains(t, err.Error(), wrong, name)
	}
}

func TestNoTwoServiceTokensAreTheSame(t *testing.T) {
	t.Parallel()
	one, hash := identity.NewServiceToken()
	two, other := identity.NewServiceToken()
	require.NotEqual(t, one.Reveal(), two.Reveal())
	require.NotEqual(t, hash, other)
	digest := sha256.Sum256([]byte(one.Reveal()))
	require.Equal(t, "sha256:"+hex.EncodeToString(digest[:]), hash)
}
