package scim_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/scim"
)

func TestMain(m *testing.M) { scim.Main(m) }

func TestWorldsAreSeparate(t *testing.T) {
	t.Parallel()
	one, other := scim.NewWorld(t, false), scim.NewWorld(t, true)
	id := one.AddUser(t, "ada")
	group := one.AddGroup(t, "Operators", id)
	require.Equal(t, id, one.UserID(t, "ada"))
	require.Empty(t, other.UserID(t, "ada"))
	require.Equal(t, []string{id}, one.Members(t, group))
	require.Equal(t, "[]", other.Groups(t, ""))
	require.NotEqual(t, one.Groups(t, ""), one.Groups(t, id))
}

func TestTheTokenCounts(t *testing.T) {
	t.Parallel()
	world := scim.NewWorld(t, false)
	require.Equal(t, http.StatusOK, ask(t, world, scim.Token))
	require.Equal(t, http.StatusUnauthorized, ask(t, world, "another"))
}

func ask(t *testing.T, world *scim.World, token string) (status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, world.URL()+"/Groups", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}
